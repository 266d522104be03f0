/** Owns one follower of events: what it has had, what it may have, and how fast it reads. */

import { askerOf, type Caller, factsOf } from '../../../access/caller.ts'
import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import type { ValueRule } from '../../../catalog/catalog.ts'
import { eventText, type LoggedEvent } from '../../../effects/events/event.ts'
import { allowedAmong, demandPossibleFor, type NamedValues } from '../../operations/allowed.ts'
import type { Runtime } from '../../runtime.ts'
import type { Watched } from '../callers.ts'
import { endMessage, type LiveListener, type LiveMessage } from '../message.ts'
import { certainlyNot } from './certain.ts'
import type { Tail, TailMember } from './tail.ts'

/** What a follower works with. */
export interface FollowerParts {
  readonly runtime: Runtime
  readonly rule: ValueRule
  readonly tail: Tail
  readonly listener: LiveListener
  /** Reads the log behind a position. */
  readonly read: (after: number) => Promise<readonly LoggedEvent[]>
  /** The last position that retention has dropped; 0: none. */
  readonly dropped: () => Promise<number>
  /** Called once, when it has ended for whatever reason. */
  readonly ended: () => void
}

/** Where a follower begins. */
export interface Beginning {
  readonly caller: Caller
  /** What it has had. */
  readonly position: number
  /** True where it asked for what nobody knows. */
  readonly unknown: boolean
}

const messages = new WeakMap<LoggedEvent, LiveMessage>()

/** A follower. The log is its buffer: what it does not read in time, it is told later. */
export class EventFollower implements TailMember, Watched {
  readonly #parts: FollowerParts
  #caller: Caller
  #position: number
  #state: 'away' | 'there' | 'behind' | 'closed' = 'away'
  #catching = false
  /** True until it was told where it stands. */
  #greeted = false

  constructor(parts: FollowerParts, { caller, position, unknown }: Beginning) {
    this.#parts = parts
    this.#caller = caller
    this.#position = position
    if (unknown) this.#send({ type: 'gap', members: '"reason":"window"' })
  }

  get closed(): boolean {
    return this.#state === 'closed'
  }

  /** Tells what it has missed, then what happens. */
  begin(): void {
    void this.#catchUp()
  }

  async #catchUp(): Promise<void> {
    if (this.#catching || this.#state !== 'away') return
    this.#catching = true
    try {
      await this.#tellMissed()
    } catch {
      // The database is away: nothing was told past what it has had.
      setTimeout(() => void this.#catchUp(), limits.feedRetryMs).unref()
    } finally {
      this.#catching = false
    }
  }

  async #tellMissed(): Promise<void> {
    const { read, tail } = this.#parts
    while (this.#state === 'away') {
      const events = await read(this.#position)
      // Asked after reading: what was dropped between the two is told then.
      await this.#tellDropped()
      await this.#tell(events)
      const isAll = events.length < limits.eventsPerFollow
      if (!isAll || this.#state !== 'away' || !tail.reaches(this.#position)) continue
      this.#state = 'there'
      if (!this.#greeted) this.#send({ type: 'resumed', cursor: this.#cursor, members: '' })
      this.#greeted = true
      if (this.#state === 'there') tail.join(this, this.#position)
    }
  }

  get #cursor(): string {
    return String(this.#position)
  }

  async #tellDropped(): Promise<void> {
    const upTo = await this.#parts.dropped()
    if (upTo <= this.#position) return
    const after = this.#position
    this.#position = upTo
    const members = `"reason":"retention","after":${after},"upTo":${upTo}`
    this.#send({ type: 'gap', cursor: this.#cursor, members })
  }

  /** Takes what is new. */
  async take(events: readonly LoggedEvent[]): Promise<void> {
    if (this.#state !== 'there') return
    try {
      await this.#tell(events)
    } catch {
      if (this.#state === 'there') this.#leave('away')
      void this.#catchUp()
    }
  }

  async #tell(events: readonly LoggedEvent[]): Promise<void> {
    const news = events.filter(({ position }) => position > this.#position)
    const state = this.#state
    const caller = this.#caller
    const allowed = await this.#allowed(caller, news)
    for (const [at, event] of news.entries()) {
      if (this.#state !== state) return
      // Who asks may have changed meanwhile: then it is asked again, for what was not told.
      if (caller !== this.#caller) return this.#tell(events)
      this.#position = event.position
      if (allowed[at]) this.#send(messageOf(event))
    }
  }

  async #allowed(caller: Caller, events: readonly LoggedEvent[]): Promise<readonly boolean[]> {
    const { runtime, rule } = this.#parts
    const look = { rule, facts: factsOf(caller, runtime.catalog), asker: askerOf(caller) }
    const values = events.map(({ data }) => JSON.parse(data) as NamedValues)
    const open = values.filter((one) => !certainlyNot({ ...look, values: one }))
    if (open.length === 0) return values.map(() => false)
    const allowed = await allowedAmong({ runtime, caller }, rule, open)
    const found = new Set(open.filter((_, at) => allowed[at]))
    return values.map((one) => found.has(one))
  }

  #send(message: LiveMessage): void {
    if (this.#parts.listener.take(message)) return
    if (this.#state !== 'closed') this.#leave('behind')
  }

  #leave(state: 'away' | 'behind' | 'closed'): void {
    this.#state = state
    this.#parts.tail.leave(this)
  }

  /** The listener has read what waited for it: the log tells what came meanwhile. */
  ready(): void {
    if (this.#state !== 'behind') return
    this.#state = 'away'
    // What is still under way sees that it has changed, and leaves the rest to this.
    setImmediate(() => void this.#catchUp())
  }

  /** Who follows is another one now, or may do other things. */
  moved(caller: Caller): void {
    this.#caller = caller
    try {
      demandPossibleFor({ runtime: this.#parts.runtime, caller }, this.#parts.rule)
    } catch (cause) {
      this.ended(cause instanceof Failure ? cause : new Failure('internal', { cause }))
    }
  }

  /** Nothing more is told. */
  ended(failure: Failure): void {
    if (this.#state === 'closed') return
    this.close()
    this.#parts.listener.take(endMessage(failure))
  }

  /** Ends it; nothing more is told. */
  close(): void {
    if (this.#state === 'closed') return
    this.#leave('closed')
    this.#parts.ended()
  }
}

/** An event as it is told: made once for all. */
function messageOf(event: LoggedEvent): LiveMessage {
  const known = messages.get(event)
  if (known) return known
  const members = `"event":${eventText(event)}`
  const made: LiveMessage = { type: 'event', cursor: String(event.position), members }
  messages.set(event, made)
  return made
}
