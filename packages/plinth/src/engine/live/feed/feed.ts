/** Owns the following of changes: by the server's log where it can be read, by the clock else. */

import { hex, randomBytes, randomFraction } from '../../../base/ids.ts'
import { limits } from '../../../base/limits.ts'
import { sleep } from '../../../base/time.ts'
import type { Catalog } from '../../../catalog/catalog.ts'
import type { Database } from '../../../database/database.ts'
import { databaseErrorOf } from '../../../database/errors.ts'
import type { Commit, Feed } from '../../../database/feed/change.ts'
import { publish } from '../../../database/feed/publication.ts'
import type { Log } from '../../runtime.ts'
import { seesAll, snapshotText } from './snapshot.ts'

/** The publication that all nodes follow. */
export const publicationName = 'plinth_live'

/** What changes are followed with, and who is told. */
export interface FeedParts {
  readonly catalog: Catalog
  readonly database: Database
  readonly log: Log
  /** Told of commits that every read that begins from now on sees. */
  readonly onCommits: (commits: readonly Commit[]) => void
  /** Anything may have changed since it was last told. */
  readonly onAny: () => void
}

/**
 * Follows what is committed, from `start` until `stop`. The server's log is followed where the
 * server allows it, with a new connection whenever one is lost; until there is one, whoever listens
 * is told once a second, where anything was committed at all, that anything may have changed.
 */
export class ChangeFeed {
  readonly #parts: FeedParts
  #feed: Feed | undefined
  #abort = new AbortController()
  /** Settles when nothing is under way that could become a feed. */
  #opening: Promise<unknown> = Promise.resolve()
  #generation = 0
  #running = false
  #queue: Commit[] = []
  #handing = false
  #warned = ''

  constructor(parts: FeedParts) {
    this.#parts = parts
  }

  /** True while the server's log is followed. */
  get isFollowing(): boolean {
    return this.#feed !== undefined
  }

  /** Number of the server's process that feeds it; undefined: none does. */
  get processId(): number | undefined {
    return this.#feed?.processId
  }

  /** Begins, unless it has begun. */
  start(): void {
    if (this.#running) return
    this.#running = true
    this.#abort = new AbortController()
    const generation = ++this.#generation
    void this.#follow(generation)
    void this.#poll(generation)
  }

  /** Ends; the slot is gone with the connection. */
  async stop(): Promise<void> {
    this.#running = false
    this.#generation += 1
    const feed = this.#feed
    this.#feed = undefined
    this.#queue = []
    this.#abort.abort()
    await Promise.all([feed?.close(), this.#opening])
  }

  #isOver(generation: number): boolean {
    return generation !== this.#generation
  }

  async #follow(generation: number): Promise<void> {
    let failures = 0
    while (!this.#isOver(generation)) {
      const lost = await this.#open(generation)
      if (lost === undefined) return
      failures = lost === 'after a while' ? 0 : failures + 1
      const most = Math.min(limits.feedRetryMsMax, limits.feedRetryMs * 2 ** failures)
      await sleep(most * (0.5 + randomFraction() / 2))
    }
  }

  /** Follows until it is lost; undefined: it is wanted no more. */
  async #open(generation: number): Promise<'at once' | 'after a while' | undefined> {
    const { onAny, log } = this.#parts
    try {
      const opening = this.#connect(generation)
      this.#opening = opening.catch(() => undefined)
      const feed = await opening
      if (this.#isOver(generation)) return undefined
      // What was committed before it stood.
      onAny()
      const cause = await feed.lost
      if (this.#isOver(generation)) return undefined
      this.#feed = undefined
      log({ level: 'warning', message: 'The change feed was lost; it is opened anew.', cause })
      return 'after a while'
    } catch (cause) {
      if (this.#isOver(generation)) return undefined
      this.#warn(cause)
      return 'at once'
    }
  }

  async #connect(generation: number): Promise<Feed> {
    const { catalog, database } = this.#parts
    await publish(database, publicationName, publishedTables(catalog))
    const feed = await database.follow({
      publication: publicationName,
      slot: `plinth_live_${hex(randomBytes(8))}`,
      signal: this.#abort.signal,
      onCommit: (commit) => this.#take(commit, generation),
    })
    if (this.#isOver(generation)) await feed.close()
    else {
      this.#feed = feed
      this.#warned = ''
    }
    return feed
  }

  /** Once for each reason: it is tried again for as long as somebody follows something. */
  #warn(cause: unknown): void {
    const state = databaseErrorOf(cause)?.sqlState ?? ''
    if (this.#warned === `${state} `) return
    this.#warned = `${state} `
    const { log } = this.#parts
    const cure = cures[state] ?? 'Live queries ask again every second until it can be.'
    const message = `The change feed cannot be followed. ${cure}`
    log({ level: 'warning', message, cause })
  }

  #take(commit: Commit, generation: number): void {
    if (this.#isOver(generation)) return
    this.#queue.push(commit)
    if (this.#handing) return
    this.#handing = true
    // All that came in one turn of the event loop is handed on together.
    setImmediate(() => void this.#hand(generation))
  }

  /**
   * The log tells of a commit a moment before others see it. Whoever asked again too early would
   * get the answer of before, and nobody would wake them a second time.
   */
  async #hand(generation: number): Promise<void> {
    const { database, onCommits, onAny } = this.#parts
    try {
      while (this.#queue.length > 0 && !this.#isOver(generation)) {
        const commits = this.#queue
        this.#queue = []
        const numbers = commits.map(({ transaction }) => transaction)
        while (!seesAll(await snapshotText(database), numbers)) await sleep(1)
        if (!this.#isOver(generation)) onCommits(commits)
      }
    } catch (cause) {
      const { log } = this.#parts
      log({ level: 'warning', message: 'Changes could not be told one by one.', cause })
      if (!this.#isOver(generation)) setTimeout(onAny, limits.feedRetryMs).unref()
    } finally {
      this.#handing = false
    }
  }

  /** While the log cannot be followed: whoever listens looks again after every commit. */
  async #poll(generation: number): Promise<void> {
    const { database, onAny } = this.#parts
    let seen = ''
    while (!this.#isOver(generation)) {
      await sleep(limits.feedPollMs)
      if (this.#isOver(generation) || this.#feed !== undefined) continue
      const snapshot = await snapshotText(database).catch(() => undefined)
      if (snapshot === undefined || snapshot === seen || this.#isOver(generation)) continue
      seen = snapshot
      onAny()
    }
  }
}

const later = 'Until then live queries ask again every second.'
const cures: Readonly<Record<string, string>> = {
  '55000': `Set wal_level = logical, and restart PostgreSQL. ${later}`,
  '42501': `Give the user of the database REPLICATION, and let it own the tables. ${later}`,
  '53400': `Raise max_replication_slots and max_wal_senders. ${later}`,
  '53300': `Raise max_wal_senders. ${later}`,
}

/** All models, and the end of the log of events. */
function publishedTables(catalog: Catalog) {
  const models = [...catalog.models.values()].map(({ schema, table }) => ({ schema, table }))
  return [...models, { schema: 'plinth', table: 'event_head' }]
}
