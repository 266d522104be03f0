/** Owns one connection in a room: what it may do there, how much, and what it is told. */

import type { Caller } from '../../../access/caller.ts'
import { Failure, invalidInput, type Problem } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { monotonicMs } from '../../../base/time.ts'
import type { ChannelPlan } from '../../../catalog/catalog.ts'
import { checkObject, reporter } from '../../../kinds/kinds.ts'
import {
  allowedAmong,
  demandAllowedFor,
  demandOneScope,
  type NamedValues,
} from '../../operations/allowed.ts'
import type { Runtime } from '../../runtime.ts'
import { endMessage, type LiveListener, type LiveMessage } from '../message.ts'
import type { Room } from './room.ts'

/** What a member works with. */
export interface MemberParts {
  readonly runtime: Runtime
  readonly plan: ChannelPlan
  readonly params: NamedValues
  readonly listener: LiveListener
  /** Passes on what it says, as JSON text. */
  readonly say: (member: Member, data: string) => void
  /** Shows it as it says of itself, as JSON text. */
  readonly show: (member: Member, state: string) => void
  /** Called once, when it has ended for whatever reason. */
  readonly left: (member: Member) => void
}

/** A connection in a room. */
export class Member {
  readonly id: string
  readonly #parts: MemberParts
  #caller: Caller
  #room: Room | undefined
  #sees = false
  #behind = false
  #closed = false
  #said = 0
  #secondEndsMs = 0

  constructor(id: string, caller: Caller, parts: MemberParts) {
    this.id = id
    this.#caller = caller
    this.#parts = parts
  }

  /** Undefined until it has come in. */
  get room(): Room | undefined {
    return this.#room
  }

  /** Comes in. */
  come(room: Room): void {
    this.#room = room
    this.greet()
    room.add(this)
  }

  /** The id of the user; null: nobody in particular. */
  get who(): string | null {
    return this.#caller.is === 'user' ? this.#caller.id : null
  }

  get sees(): boolean {
    return this.#sees
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Asks whether it may be here, and what it may see. Fails as its rule says. */
  async admit(): Promise<void> {
    const { runtime, plan, params } = this.#parts
    const asking = { runtime, caller: this.#caller }
    demandOneScope(this.#caller, ['read', 'write', plan.name])
    await demandAllowedFor(asking, plan.join, params)
    const [sees = false] = await allowedAmong(asking, plan.see, [params])
    this.#sees = plan.presence !== undefined && sees
  }

  /** Says something to all who are here. Fails with what is wrong with it. */
  async publish(data: unknown): Promise<void> {
    this.#count()
    const { runtime, plan, params, say } = this.#parts
    const { message, publish } = plan
    if (!message || !publish) throw new Failure('forbidden', { detail: 'Nothing is said here.' })
    demandOneScope(this.#caller, ['write', plan.name])
    await demandAllowedFor({ runtime, caller: this.#caller }, publish, params)
    const text = checked(message, data, limits.channelMessageBytesMax)
    if (!this.#closed) say(this, text)
  }

  /** Says something else of itself. Fails with what is wrong with it. */
  async update(state: unknown): Promise<void> {
    this.#count()
    const { plan, show } = this.#parts
    if (!plan.presence) throw new Failure('forbidden', { detail: 'Nobody is shown here.' })
    const text = checked(plan.presence, state, limits.channelPresenceBytesMax)
    if (!this.#closed) show(this, text)
  }

  #count(): void {
    const now = monotonicMs()
    if (now >= this.#secondEndsMs) {
      this.#secondEndsMs = now + 1_000
      this.#said = 0
    }
    this.#said += 1
    if (this.#said <= limits.channelMessagesPerSecond) return
    const detail = `At most ${limits.channelMessagesPerSecond} messages a second.`
    throw new Failure('rate_limited', { detail, retryAfterSeconds: 1 })
  }

  /** Tells something, unless it reads too slowly: then it is told how things stand, later. */
  tell(message: LiveMessage): void {
    if (this.#behind || this.#closed) return
    if (!this.#parts.listener.take(message)) this.#behind = true
  }

  /** Tells that it is in, and who else is there. */
  greet(): void {
    const list = this.#sees ? `,${this.#room?.list}` : ''
    this.tell({ type: 'joined', members: `"member":"${this.id}"${list}` })
  }

  /** It has read what waited. What was said meanwhile is gone. */
  ready(): void {
    if (!this.#behind || this.#closed) return
    this.#behind = false
    this.tell({ type: 'gap', members: '"reason":"slow"' })
    this.greet()
  }

  /** Who it is has changed, or what they may do. */
  moved(caller: Caller): void {
    const saw = this.#sees
    this.#caller = caller
    this.admit().then(
      () => {
        if (saw !== this.#sees) this.greet()
      },
      (cause) => {
        // A rule that could not be asked is asked again by the next look at the caller.
        if (cause instanceof Failure && !cause.retryable) this.ended(cause)
      },
    )
  }

  /** Nothing more is told. */
  ended(failure: Failure): void {
    if (this.#closed) return
    this.close()
    this.#parts.listener.take(endMessage(failure))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#parts.left(this)
  }
}

type Members = NonNullable<ChannelPlan['message']>

/** The JSON text of checked values. Fails with `invalid_input` and `body_too_large`. */
export function checked(members: Members, given: unknown, bytesMax: number): string {
  const problems: Problem[] = []
  const values = checkObject(members, given ?? {}, reporter(problems, ''))
  if (values === undefined) throw invalidInput(problems)
  const text = JSON.stringify(values)
  if (Buffer.byteLength(text) <= bytesMax) return text
  const detail = `This has at most ${bytesMax} bytes: say less.`
  throw new Failure('body_too_large', { detail })
}
