/** Owns what is followed on a node: reads by what they answer, and who is told of their changes. */

import { type Caller, principalOf } from '../../access/caller.ts'
import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import type { Commit } from '../../database/feed/change.ts'
import type { Call } from '../call.ts'
import { invoke, welcomed } from '../invoke.ts'
import type { Runtime } from '../runtime.ts'
import { type LiveRows, listRows, noRows, oneRow } from './answer/rows.ts'
import { Callers } from './callers.ts'
import { LiveChannels } from './channels/channels.ts'
import type { Enter, Entered, Entrant } from './entry.ts'
import { LiveEvents } from './events/events.ts'
import { ChangeFeed } from './feed/feed.ts'
import { Readers } from './interest/readers.ts'
import { endMessage, type LiveListener } from './message.ts'
import { LiveQuery } from './query.ts'
import { describeRead, type LiveRead } from './read/read.ts'
import { Subscription } from './subscription.ts'
import { Turns } from './turns.ts'

/** How a read is followed. */
export interface FollowOptions {
  readonly listener: LiveListener
  /** The cursor that was seen last; absent: nothing was seen. */
  readonly after?: string | undefined
}

/** Live queries of one node. Nothing of it costs anything until somebody follows a read. */
export class Live {
  /** Events that are followed. */
  readonly events: LiveEvents
  /** Rooms in which people are. */
  readonly channels: LiveChannels
  readonly #runtime: Runtime
  readonly #feed: ChangeFeed
  readonly #callers: Callers
  readonly #turns = new Turns(limits.liveReadsAtOnce)
  readonly #queries = new Map<string, LiveQuery>()
  /** Who depends on a table, by its name. */
  readonly #readers = new Map<string, Readers<LiveQuery>>()
  readonly #asking = new Set<LiveQuery>()
  readonly #subscriptions = new Set<Subscription>()
  /** Who follows what is no read. */
  readonly #entrants = new Set<Entrant>()
  readonly #counts = new Map<string, number>()
  /** Reads that nobody follows any more, with the moment at which they are forgotten. */
  readonly #lingering = new Map<LiveQuery, number>()
  readonly #perCaller: number
  #sweeper: NodeJS.Timeout | undefined
  #sweeps = 0
  #idleMs = 0
  #closed = false

  constructor(runtime: Runtime, perCaller: number = limits.liveSubscriptionsPerCaller) {
    this.#runtime = runtime
    this.#perCaller = perCaller
    this.#callers = new Callers(runtime.identify)
    const enter: Enter = (call, entrant) => this.#enter(call, entrant)
    this.events = new LiveEvents(runtime, enter)
    this.channels = new LiveChannels(runtime, enter)
    const { catalog, database, log } = runtime
    this.#feed = new ChangeFeed({
      ...{ catalog, database, log },
      onCommits: (commits) => this.#committed(commits),
      onAny: () => this.#lookAgain(),
    })
  }

  /** How many subscriptions there are, and how many different reads they share. */
  get counts(): { readonly subscriptions: number; readonly queries: number } {
    return { subscriptions: this.#followers, queries: this.#queries.size }
  }

  get #followers(): number {
    return this.#subscriptions.size + this.#entrants.size
  }

  /** The state of the feed, for proofs and for operators. */
  get feed(): Pick<ChangeFeed, 'isFollowing' | 'processId'> {
    return this.#feed
  }

  /**
   * Follows a read: a list or a get of a model. The listener is told everything from the first
   * answer on. Fails as the read itself would; with `rate_limited` and `overloaded` where a caller,
   * or the node, follows as much as it may.
   */
  async follow(call: Call, { listener, after }: FollowOptions): Promise<Subscription> {
    const seen = this.#callers.changes
    const caller = await welcomed(this.#runtime, call)
    const countKey = principalOf(caller) ?? `network:${networkOf(call.remoteAddress)}`
    this.#count(countKey)
    const subscription = new Subscription({
      listener,
      ended: (one) => {
        this.#subscriptions.delete(one)
        this.#uncount(countKey)
        unwatch()
      },
    })
    let unwatch = nothing
    this.#subscriptions.add(subscription)
    this.#begin()
    try {
      const query = await this.#answered(caller, call)
      subscription.follow(query, after)
      unwatch = this.#watch(subscription, call, { caller, seen })
    } catch (cause) {
      subscription.close()
      throw cause
    }
    if (subscription.closed) unwatch()
    return subscription
  }

  /** Lets somebody in who follows what is no read. */
  async #enter(call: Call, entrant: Entrant): Promise<Entered> {
    const seen = this.#callers.changes
    const caller = await welcomed(this.#runtime, call)
    const countKey = principalOf(caller) ?? `network:${networkOf(call.remoteAddress)}`
    this.#count(countKey)
    this.#entrants.add(entrant)
    this.#begin()
    const unwatch = this.#callers.watch(call, caller, { seen, watched: entrant })
    const leave = (): void => {
      if (!this.#entrants.delete(entrant)) return
      this.#uncount(countKey)
      unwatch()
    }
    return { caller, leave }
  }

  /** Fails where the credential of a call is not good. Counts as a call. */
  async check(call: Call): Promise<void> {
    await welcomed(this.#runtime, call)
  }

  #watch(
    subscription: Subscription,
    call: Call,
    { caller, seen }: { readonly caller: Caller; readonly seen: number },
  ): () => void {
    // Nobody in particular stays that.
    if (caller.is === 'anonymous' || 'caller' in call.as) return nothing
    return this.#watchOver(subscription, call, { caller, seen })
  }

  #watchOver(
    subscription: Subscription,
    call: Call,
    { caller, seen }: { readonly caller: Caller; readonly seen: number },
  ): () => void {
    let key = describeRead(this.#runtime, caller, call).key
    const move = async (now: Caller): Promise<void> => {
      const read = describeRead(this.#runtime, now, call)
      if (read.key === key) return
      key = read.key
      const query = await this.#answered(now, call)
      if (key === read.key) subscription.change(query)
    }
    return this.#callers.watch(call, caller, {
      seen,
      watched: {
        moved: (now) => void move(now).catch((cause) => subscription.end(endOf(cause))),
        ended: (failure) => subscription.end(endMessage(failure)),
      },
    })
  }

  /** The read of a caller, answered by a statement that began after this call. */
  async #answered(caller: Caller, call: Call): Promise<LiveQuery> {
    const read = describeRead(this.#runtime, caller, call)
    const query = this.#queries.get(read.key) ?? this.#add(read, caller, call)
    this.#lingering.delete(query)
    try {
      await query.refresh()
      // Whoever else waited for it may have given it up.
      return query.isClosed ? await this.#answered(caller, call) : query
    } catch (cause) {
      if (!query.isFollowed) this.#linger(query)
      throw cause
    }
  }

  #add(read: LiveRead, caller: Caller, call: Call): LiveQuery {
    const query = new LiveQuery({
      read,
      ask: () => this.#ask(read, caller, call),
      turn: this.#turns.take,
      left: (one) => this.#linger(one),
      asking: this.#asking,
      readers: this.#readersOf(read.table),
    })
    this.#queries.set(read.key, query)
    for (const table of read.tables) {
      this.#readersOf(table).add(query, table === read.table ? read : {})
    }
    return query
  }

  #readersOf(table: string): Readers<LiveQuery> {
    const known = this.#readers.get(table)
    if (known) return known
    const made = new Readers<LiveQuery>(table)
    this.#readers.set(table, made)
    return made
  }

  /** Asks as anybody asks: on the path of every call. */
  async #ask({ only }: LiveRead, caller: Caller, call: Call): Promise<LiveRows> {
    const deadlineMs = this.#runtime.clock.now() + limits.requestTimeoutMs
    try {
      const { body } = await invoke(this.#runtime, { ...call, as: { caller }, deadlineMs })
      const text = present(body, 'the answer of a read')
      return only === 'get' ? oneRow(text) : listRows(text)
    } catch (cause) {
      const absent = only === 'get' && cause instanceof Failure && cause.code === 'not_found'
      if (absent) return noRows
      throw cause
    }
  }

  #committed(commits: readonly Commit[]): void {
    for (const { tables } of commits) {
      for (const [name, table] of tables) {
        this.#callers.changed(name, table)
        if (name === endOfLog) this.events.wake()
        this.#readers.get(name)?.tell(table, this.#asking)
      }
    }
  }

  #lookAgain(): void {
    this.events.wake()
    this.#callers.checkAll()
    for (const query of this.#queries.values()) query.wake()
  }

  /** For some time its window serves those who come back. */
  #linger(query: LiveQuery): void {
    const keeps = query.isAnswered && query.bytes <= limits.liveWindowBytes && !this.#closed
    if (keeps) this.#lingering.set(query, this.#runtime.clock.now() + limits.liveLingerMs)
    else this.#forget(query)
    if (this.#lingering.size <= limits.liveLingersMax) return
    const [oldest] = this.#lingering.keys()
    if (oldest) this.#forget(oldest)
  }

  #forget(query: LiveQuery): void {
    const held = query.close()
    this.#lingering.delete(query)
    this.#queries.delete(query.read.key)
    for (const table of query.read.tables) {
      const readers = this.#readers.get(table)
      readers?.remove(query, held)
      if (readers?.isEmpty) this.#readers.delete(table)
    }
  }

  #count(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#perCaller) {
      throw new Failure('rate_limited', {
        detail: `At most ${this.#perCaller} subscriptions at once: end some first.`,
      })
    }
    if (this.#followers >= limits.liveSubscriptionsMax || this.#closed) {
      const detail = 'This server follows as much as it can: try again later.'
      throw new Failure('overloaded', { detail, retryAfterSeconds: 5 })
    }
    this.#counts.set(key, count + 1)
  }

  #uncount(key: string): void {
    const count = this.#counts.get(key) ?? 1
    if (count > 1) this.#counts.set(key, count - 1)
    else this.#counts.delete(key)
  }

  #begin(): void {
    this.#idleMs = 0
    if (this.#sweeper !== undefined || this.#closed) return
    this.#feed.start()
    this.#sweeper = setInterval(() => this.#sweep(), limits.liveTimedMs).unref()
  }

  /** Looks after what time alone changes; ends everything when nobody has followed for a while. */
  #sweep(): void {
    this.#sweeps += 1
    const now = this.#runtime.clock.now()
    for (const query of this.#queries.values()) query.tick()
    for (const [query, untilMs] of this.#lingering) if (untilMs <= now) this.#forget(query)
    if (this.#sweeps % Math.ceil(limits.liveCheckMs / limits.liveTimedMs) === 0) {
      this.#callers.checkAll()
    }
    this.#idleMs = this.#followers > 0 ? 0 : this.#idleMs + limits.liveTimedMs
    if (this.#idleMs < limits.feedIdleMs) return
    void this.#rest()
  }

  #rest(): Promise<void> {
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
    // What they answer is not watched over any more.
    for (const query of [...this.#queries.values()]) this.#forget(query)
    return this.#feed.stop()
  }

  /** Ends everything at once; followers are told by their doors. */
  close(): Promise<void> {
    this.#closed = true
    for (const one of [...this.#subscriptions, ...this.#entrants]) one.close()
    return Promise.all([this.#rest(), this.channels.close()]).then(nothing)
  }
}

// Not a function of the moment, which would keep all that is known at that moment.
const nothing = (): void => undefined
/** The table that says how far the log of events reaches. */
const endOfLog = 'plinth.event_head'

function endOf(cause: unknown) {
  return endMessage(cause instanceof Failure ? cause : new Failure('internal', { cause }))
}
