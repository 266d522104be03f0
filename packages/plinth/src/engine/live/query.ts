/** Owns one followed read: its answer as it was last seen, who follows it, and what they missed. */

import { assert, present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { base64url, randomBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { monotonicMs } from '../../base/time.ts'
import type { ChangedTable } from '../../database/feed/change.ts'
import { deltaOf } from './answer/delta.ts'
import type { LiveRows } from './answer/rows.ts'
import { Window } from './answer/window.ts'
import type { Readers } from './interest/readers.ts'
import { endMessage, type LiveMessage } from './message.ts'
import type { LiveRead } from './read/read.ts'

/** Who follows a read. */
export interface Follower {
  deliver(message: LiveMessage): void
  /** Nothing more comes: the read is refused from now on. */
  end(message: LiveMessage): void
}

/** What a followed read works with. */
export interface QueryParts {
  readonly read: LiveRead
  /** Asks the read, on the path of every call. */
  readonly ask: () => Promise<LiveRows>
  /** Waits for a place among the reads that may run at once. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>
  /** Called when the last follower has left. */
  readonly left: (query: LiveQuery) => void
  /** Those that are being asked at this moment: each has to hear of every changed row. */
  readonly asking: Set<LiveQuery>
  /** Who depends on the table of its own rows. */
  readonly readers: Readers<LiveQuery>
}

/** A followed read, shared by all to whom it answers the same. */
export class LiveQuery {
  readonly read: LiveRead
  readonly #parts: QueryParts
  readonly #followers = new Set<Follower>()
  readonly #window = new Window(base64url(randomBytes(9)))
  /** By id; undefined until it was answered for the first time. */
  #answer: LiveRows | undefined
  #ids: ReadonlySet<string> = new Set()
  #result: LiveMessage | undefined
  /** The run under way, and the one that has to follow it. */
  #running: Promise<void> | undefined
  #next: PromiseWithResolvers<void> | undefined
  /** Rows of its own table that changed while it ran; undefined: too many. */
  #during: Set<string> | undefined
  #stale = false
  #again = false
  /** How often its table had changed when it was last asked. */
  #changesSeen = 0
  #failures = 0
  #restUntilMs = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(parts: QueryParts) {
    this.#parts = parts
    this.read = parts.read
  }

  get isFollowed(): boolean {
    return this.#followers.size > 0
  }

  get isClosed(): boolean {
    return this.#closed
  }

  get isAnswered(): boolean {
    return this.#answer !== undefined
  }

  /** How much memory its answer takes, about. */
  get bytes(): number {
    let bytes = 0
    for (const { text } of this.#answer?.rows ?? []) bytes += text.length
    return bytes
  }

  /**
   * Looks at what a commit changed in a table that it depends on. What certainly does not matter is
   * passed over; nobody following it, it only remembers that it is not up to date.
   */
  changed(name: string, table: ChangedTable): void {
    if (this.#stale && !this.isFollowed) return
    if (this.#matters(name, table)) this.wake()
  }

  #matters(name: string, table: ChangedTable): boolean {
    const { concerns } = this.read
    if (name !== this.read.table || concerns === undefined) return true
    if (table.rows === undefined || this.#answer === undefined) return true
    let matters = false
    for (const { key, values } of table.rows) {
      if (this.#running !== undefined) this.#note(key)
      matters ||= this.#ids.has(key) || (values !== undefined && concerns(table, values))
    }
    return matters
  }

  /** What it is answered just now may hold an older form of such a row. */
  #note(key: string): void {
    if (this.#during === undefined) return
    if (this.#during.size < limits.feedRowsPerCommitMax) this.#during.add(key)
    else this.#during = undefined
  }

  /** Asks again, because its answer may have changed; as soon as it has rested. */
  wake(): void {
    this.#stale = true
    if (this.#followers.size === 0 || this.#timer !== undefined) return
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    const restMs = this.#restUntilMs - monotonicMs()
    if (restMs > 0) this.#later(restMs)
    else this.refresh().catch(() => undefined)
  }

  #later(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.wake()
    }, waitMs).unref()
  }

  /**
   * Asks again what changes with time alone; and a list that is longer than its limit, where its
   * table has changed: rows beyond the limit may be gone, of which nobody is told.
   */
  tick(): void {
    const isLonger = this.#answer?.more === true
    const isBehind = isLonger && this.#parts.readers.changes !== this.#changesSeen
    if (this.read.timed || isBehind) this.wake()
  }

  /** Resolves when it was answered by a run that began after this call. */
  refresh(): Promise<void> {
    if (this.#running === undefined) return this.#run()
    this.#next ??= Promise.withResolvers()
    return this.#next.promise
  }

  #run(): Promise<void> {
    const running = this.#parts.turn(() => this.#ask())
    this.#running = running
    const done = (): void => {
      this.#running = undefined
      const next = this.#next
      this.#next = undefined
      const again = this.#again
      this.#again = false
      if (next) this.#run().then(next.resolve, next.reject)
      else if (again) this.wake()
    }
    running.then(done, done)
    return running
  }

  async #ask(): Promise<void> {
    this.#stale = false
    this.#again = false
    this.#during = new Set()
    this.#changesSeen = this.#parts.readers.changes
    this.#parts.asking.add(this)
    const startedMs = monotonicMs()
    try {
      const answer = await this.#parts.ask()
      this.#failures = 0
      this.#take(answer)
    } catch (cause) {
      this.#stale = true
      this.#failed(cause)
      throw cause
    } finally {
      this.#parts.asking.delete(this)
      // A read that takes long rests as long: half of a connection is the most that it takes.
      const tookMs = monotonicMs() - startedMs
      this.#restUntilMs = monotonicMs() + (tookMs < shortMs ? 0 : tookMs)
    }
  }

  #take(answer: LiveRows): void {
    const before = this.#answer
    const during = this.#during
    this.#during = undefined
    if (before !== undefined) {
      const members = deltaOf(before, answer)
      if (members !== undefined) this.#tell(answer, members)
    } else this.#become(answer)
    const older = during === undefined || [...during].some((key) => this.#ids.has(key))
    if (older) this.wake()
  }

  #become(answer: LiveRows): void {
    this.#answer = answer
    const before = this.#ids
    this.#ids = new Set(answer.rows.map(({ id }) => id))
    if (!this.#closed) this.#parts.readers.holds(this, before, this.#ids)
    this.#result = undefined
    this.#window.stand(answer)
  }

  #tell(answer: LiveRows, members: string): void {
    this.#become(answer)
    const message = this.#window.add(members)
    for (const follower of this.#followers) follower.deliver(message)
  }

  /** What will be refused again ends it; what may work later is tried again. */
  #failed(cause: unknown): void {
    const passing = cause instanceof Failure && cause.retryable
    if (passing) {
      const waitMs = Math.min(limits.liveRetryMsMax, firstRetryMs * 2 ** this.#failures++)
      this.#later(waitMs)
      return
    }
    const failure = cause instanceof Failure ? cause : new Failure('internal', { cause })
    const message = endMessage(failure)
    for (const follower of [...this.#followers]) follower.end(message)
  }

  /** The whole answer as it is. It must have been answered. */
  result(): LiveMessage {
    const { rows, more, count } = present(this.#answer, 'the answer of a followed read')
    this.#result ??= {
      type: 'result',
      cursor: this.#window.cursor,
      members:
        `"rows":[${rows.map(({ text }) => text).join(',')}],"more":${more}` +
        (count === '' ? '' : `,${count}`),
    }
    return this.#result
  }

  /** What came after a cursor; undefined where that cannot be told. */
  since(cursor: string): readonly LiveMessage[] | undefined {
    return this.#window.since(cursor)
  }

  /** Takes in a follower, who is told of everything from now on. */
  join(follower: Follower): void {
    assert(this.#answer, 'a read was answered before it is followed')
    this.#followers.add(follower)
    if (this.#stale) this.wake()
  }

  leave(follower: Follower): void {
    if (!this.#followers.delete(follower) || this.#followers.size > 0) return
    this.#parts.left(this)
  }

  /** Ends it; the rows of its answer, for whoever keeps them. */
  close(): ReadonlySet<string> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#followers.clear()
    return this.#ids
  }
}

const firstRetryMs = 100
const shortMs = 20
