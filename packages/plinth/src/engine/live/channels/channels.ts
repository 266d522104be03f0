/** Owns the channels of a node: rooms, those who are in them, and what other nodes say of them. */

import { Failure, invalidInput, type Problem } from '../../../base/failure.ts'
import { base64url, randomBytes } from '../../../base/ids.ts'
import { limits } from '../../../base/limits.ts'
import { monotonicMs } from '../../../base/time.ts'
import type { ChannelPlan } from '../../../catalog/catalog.ts'
import { suggestionOrStop } from '../../../catalog/mistakes.ts'
import { checkObject, reporter } from '../../../kinds/kinds.ts'
import type { Call } from '../../call.ts'
import type { NamedValues } from '../../operations/allowed.ts'
import type { Runtime } from '../../runtime.ts'
import type { Enter } from '../entry.ts'
import type { LiveListener } from '../message.ts'
import { Bus } from './bus.ts'
import { checked, Member } from './member.ts'
import { Room } from './room.ts'
import { inWords, type Presence, readWord, type Said, type Word, wordText } from './word.ts'

/** How somebody comes into a room. */
export interface JoinOptions {
  readonly params?: unknown
  /** What they say of themselves. */
  readonly state?: unknown
  readonly listener: LiveListener
}

/** The channels of one node. Nothing of it costs anything until somebody is in a room. */
export class LiveChannels {
  readonly #runtime: Runtime
  readonly #enter: Enter
  readonly #bus: Bus
  readonly #node = base64url(randomBytes(9))
  readonly #rooms = new Map<string, Room>()
  /** When each other node was heard last. */
  readonly #heardMs = new Map<string, number>()
  #beat: NodeJS.Timeout | undefined
  #words = 0

  constructor(runtime: Runtime, enter: Enter) {
    this.#runtime = runtime
    this.#enter = enter
    this.#bus = new Bus(runtime.database, {
      word: (text) => this.#hear(readWord(text)),
      standing: () => this.#askAll(),
    })
  }

  /** How many rooms somebody is in, on this node. */
  get rooms(): number {
    return this.#rooms.size
  }

  /**
   * Comes into a room of the channel that is the call's operation. Fails with `not_found`,
   * `invalid_input`, `sign_in_required`, `forbidden`, `insufficient_scope`, `rate_limited`,
   * `overloaded`.
   */
  async join(call: Call, { params: given, state, listener }: JoinOptions): Promise<Member> {
    const plan = this.#plan(call.operation)
    let member: Member | undefined
    let early: Failure | undefined
    const { caller, leave } = await this.#enter(call, {
      moved: (now) => member?.moved(now),
      ended: (failure) => {
        early = failure
        member?.ended(failure)
      },
      close: () => member?.close(),
    })
    try {
      const params = paramsOf(plan, given)
      const most = limits.channelPresenceBytesMax
      const text = plan.presence && checked(plan.presence, state, most)
      const room = `${plan.name} ${JSON.stringify(params)}`
      const made = new Member(base64url(randomBytes(9)), caller, {
        ...{ runtime: this.#runtime, plan, params, listener },
        say: (one, data) => this.#say(one, data),
        show: (one, now) => this.#show(one, now),
        left: (one) => {
          leave()
          this.#left(one)
        },
      })
      member = made
      await made.admit()
      if (early) throw early
      if ((this.#rooms.get(room)?.shown ?? 0) >= limits.channelMembersMax) {
        throw new Failure('overloaded', { detail: 'This room is full.', retryAfterSeconds: 30 })
      }
      this.#come(made, room, text)
      return made
    } catch (cause) {
      member?.close()
      leave()
      throw cause
    }
  }

  #plan(name: string): ChannelPlan {
    const { channels } = this.#runtime.catalog
    const plan = channels.get(name)
    if (plan) return plan
    const near = suggestionOrStop(name, channels.keys())
    throw new Failure('not_found', { detail: `There is no channel "${name}"${near}` })
  }

  #come(member: Member, name: string, state: string | undefined): void {
    if (member.closed) return
    const known = this.#rooms.get(name)
    const room = known ?? new Room(name)
    this.#rooms.set(name, room)
    this.#start()
    member.come(room)
    if (state !== undefined) this.#show(member, state)
    if (!known) this.#tellNodes({ is: 'ask', room: name })
  }

  #start(): void {
    if (this.#beat) return
    this.#bus.start()
    this.#beat = setInterval(() => this.#look(), limits.channelBeatMs).unref()
  }

  /** Says that this node is alive, and gives up those that are not heard any more. */
  #look(): void {
    const now = monotonicMs()
    for (const [node, heardMs] of this.#heardMs) {
      if (now - heardMs <= limits.channelLeaseMs) continue
      this.#heardMs.delete(node)
      for (const room of this.#rooms.values()) room.hideNode(node)
    }
    if (this.#rooms.size > 0) this.#tellNodes({ is: 'alive' })
    else void this.#rest()
  }

  async #rest(): Promise<void> {
    clearInterval(this.#beat)
    this.#beat = undefined
    this.#heardMs.clear()
    await this.#bus.stop()
  }

  #tellNodes(said: Said, data?: string): void {
    this.#words += 1
    this.#bus.say(wordText({ node: this.#node, at: this.#words, ...said }, data))
  }

  #say({ id, who, room }: Member, data: string): void {
    if (!room) return
    const from = { member: id, who }
    room.say(from, data)
    this.#tellNodes({ is: 'said', room: room.name, from }, data)
  }

  #show({ id, who, room }: Member, state: string): void {
    if (!room) return
    const one: Presence = { member: id, who, state }
    room.show(this.#node, one)
    this.#tellNodes({ is: 'here', room: room.name, present: [one] })
  }

  #left(member: Member): void {
    const { room } = member
    if (!room) return
    room.remove(member)
    room.hide(member.id)
    this.#tellNodes({ is: 'gone', room: room.name, member: member.id })
    if (room.size === 0) this.#rooms.delete(room.name)
  }

  /** Words may have been missed: who is where is asked anew. */
  #askAll(): void {
    for (const node of this.#heardMs.keys()) {
      for (const room of this.#rooms.values()) room.hideNode(node)
    }
    this.#heardMs.clear()
    for (const { name } of this.#rooms.values()) {
      this.#tellNodes({ is: 'ask', room: name })
      this.#tellPresent(name)
    }
  }

  #tellPresent(name: string): void {
    const mine = this.#rooms.get(name)?.presentAt(this.#node) ?? []
    for (const present of inWords(mine)) this.#tellNodes({ is: 'here', room: name, present })
  }

  #hear(word: Word | undefined): void {
    if (!word || word.node === this.#node) return
    this.#heed(word)
    const room = 'room' in word ? this.#rooms.get(word.room) : undefined
    switch (word.is) {
      case 'here':
        for (const one of word.present) room?.show(word.node, one)
        return
      case 'gone':
        room?.hide(word.member)
        return
      case 'said':
        room?.say(word.from, JSON.stringify(word.data))
        return
      case 'ask':
        this.#tellPresent(word.room)
        return
      case 'bye':
        for (const each of this.#rooms.values()) each.hideNode(word.node)
        return
      case 'alive':
    }
  }

  /** Notes that a node is alive. One that was given up, or is new, is asked who is with it. */
  #heed({ node, is }: Word): void {
    if (is === 'bye') {
      this.#heardMs.delete(node)
      return
    }
    const isNew = !this.#heardMs.has(node)
    this.#heardMs.set(node, monotonicMs())
    if (!isNew) return
    for (const name of this.#rooms.keys()) this.#tellNodes({ is: 'ask', room: name })
  }

  /** Ends everything; the other nodes are told. */
  async close(): Promise<void> {
    if (!this.#beat) return
    this.#tellNodes({ is: 'bye' })
    await this.#rest()
  }
}

function paramsOf({ params }: ChannelPlan, given: unknown): NamedValues {
  const problems: Problem[] = []
  const values = checkObject(params, given ?? {}, reporter(problems, '/params'))
  if (values === undefined) throw invalidInput(problems)
  const entries = [...params.keys()].map((name) => [name, values[name]] as const)
  const known = Object.fromEntries(entries)
  const text = JSON.stringify(known)
  if (Buffer.byteLength(text) <= 1_000) return known
  throw new Failure('body_too_large', { detail: 'The params of a room have at most 1,000 bytes.' })
}
