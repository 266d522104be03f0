/** Owns the connection of the feed: a slot of its own, PostgreSQL's log as commits, its end. */

import { Client } from 'pg'
import { Failure } from '../../base/failure.ts'
import { quoteName } from '../../sql/fragment.ts'
import type { DatabaseAddress } from '../database.ts'
import { clientConfiguration } from '../wire/connect.ts'
import type { Feed, Following } from './change.ts'
import { Decoder, type DecoderLimits } from './pgoutput.ts'

/** Caps of a feed. */
export interface FeedLimits extends DecoderLimits {
  readonly connectTimeoutMs: number
  readonly feedSlotWaitMs: number
  readonly feedConfirmMs: number
  readonly feedCloseWaitMs: number
}

/**
 * Opens a feed: all commits after the moment at which the promise resolves are told. The slot is
 * temporary, so that what nobody reads any more is not kept; a feed that was lost is opened anew,
 * and whoever followed it looks at everything again.
 *
 * Fails with `unavailable`, the cause a PostgreSQL error: where decoding is not allowed
 * (`wal_level`, role, no slot left), and where a transaction held the slot's beginning up for
 * longer than `feedSlotWaitMs`.
 */
export async function openFeed(
  address: DatabaseAddress,
  limits: FeedLimits,
  following: Following,
): Promise<Feed> {
  const configuration = await clientConfiguration(address, limits)
  // A part of the protocol that the types of pg leave out.
  const client = new Client({ ...configuration, ...{ replication: 'database' } })
  const opened = new OpenFeed(client, limits, following)
  try {
    await opened.open()
    return opened
  } catch (cause) {
    void opened.close()
    throw unfed(cause)
  }
}

// PostgreSQL's Terminate. Not `end` of pg: that waits for a command which never ends.
const terminate = Buffer.from([0x58, 0, 0, 0, 4])
const replyBytes = 1 + 8 + 8 + 8 + 8 + 1

class OpenFeed implements Feed {
  readonly lost: Promise<Failure>
  readonly #client: Client
  readonly #limits: FeedLimits
  readonly #following: Following
  readonly #decoder: Decoder
  readonly #tellLost: (failure: Failure) => void
  #confirm: NodeJS.Timeout | undefined
  #seen = 0n
  #closed = false

  constructor(client: Client, limits: FeedLimits, following: Following) {
    const { promise, resolve } = Promise.withResolvers<Failure>()
    this.lost = promise
    this.#tellLost = resolve
    this.#client = client
    this.#limits = limits
    this.#following = following
    this.#decoder = new Decoder(limits)
  }

  get processId(): number {
    const { processID } = this.#client as Client & { readonly processID?: number }
    return processID ?? 0
  }

  async open(): Promise<void> {
    const client = this.#client
    client.on('error', (cause) => this.#end(cause))
    client.connection.on('end', () => this.#end(new Error('The connection of the feed ended.')))
    await client.connect()
    const { publication, slot, signal } = this.#following
    const giveUp = (): void => void client.connection.stream.destroy()
    const timer = setTimeout(giveUp, this.#limits.feedSlotWaitMs)
    if (signal?.aborted) giveUp()
    signal?.addEventListener('abort', giveUp)
    try {
      await client.query(
        `CREATE_REPLICATION_SLOT ${quoteName(slot)} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`,
      )
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    }
    const options = `proto_version '1', publication_names '${quoteName(publication)}'`
    await this.#start(`START_REPLICATION SLOT ${quoteName(slot)} LOGICAL 0/0 (${options})`)
    this.#confirm = setInterval(() => this.#reply(), this.#limits.feedConfirmMs).unref()
  }

  /** The command ends with the feed, so what says that it has begun is the server's first word. */
  async #start(command: string): Promise<void> {
    const client = this.#client
    const begun = new Promise<void>((resolve) => {
      client.connection.once('replicationStart', resolve)
    })
    client.connection.on('copyData', ({ chunk }: { readonly chunk: Buffer }) => this.#take(chunk))
    const run = client.query(command)
    run.catch((cause: unknown) => this.#end(cause))
    await Promise.race([begun, run])
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return
    const start = chunk.readBigUInt64BE(1)
    if (chunk[0] === 0x6b) {
      // k: the server is alive, and may ask whether we are.
      if (start > this.#seen) this.#seen = start
      if (chunk[17] === 1) this.#reply()
      return
    }
    if (chunk[0] !== 0x77) return
    try {
      const commit = this.#decoder.take(chunk.subarray(25))
      if (commit === undefined) return
      if (commit.lsn > this.#seen) this.#seen = commit.lsn
      if (commit.tables.size > 0) this.#following.onCommit(commit)
    } catch (cause) {
      // A message that is not understood: what follows could mean anything.
      this.#end(cause)
    }
  }

  /** Tells the server how far we are, so that it keeps no more of its log than it must. */
  #reply(): void {
    const { stream } = this.#client.connection
    if (this.#closed || !stream.writable) return
    const bytes = Buffer.alloc(5 + replyBytes)
    bytes.writeUInt8(0x64, 0)
    bytes.writeInt32BE(4 + replyBytes, 1)
    bytes.writeUInt8(0x72, 5)
    for (const at of [6, 14, 22]) bytes.writeBigUInt64BE(this.#seen, at)
    stream.write(bytes)
  }

  #end(cause: unknown): void {
    if (this.#closed) return
    void this.close()
    this.#tellLost(unfed(cause))
  }

  close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#confirm)
    const { stream } = this.#client.connection
    return new Promise((resolve) => {
      if (stream.destroyed) return resolve()
      // The server ends the connection when the slot is gone; one that does not answer is left.
      const timer = setTimeout(() => stream.destroy(), this.#limits.feedCloseWaitMs)
      stream.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      stream.end(terminate)
    })
  }
}

function unfed(cause: unknown): Failure {
  const state = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : ''
  const message = cause instanceof Error ? cause.message : String(cause)
  return new Failure('unavailable', {
    detail: 'The change feed of the database cannot be followed.',
    cause: { sqlState: typeof state === 'string' ? state : '', message },
  })
}
