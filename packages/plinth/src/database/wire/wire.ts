/** Owns one open connection: statements go out back to back, answers come back in their order. */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { assert } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import type { DatabaseError, Query, Rows } from '../database.ts'
import { brokenConnection, failureOf, staleStatement } from '../errors.ts'
import { MessageReader, type Row, type ServerError } from './reader.ts'
import { MessageWriter } from './writer.ts'

/** What a connection needs to know. */
export interface WireOptions {
  /** Prepared statements that it keeps; the oldest goes first. */
  readonly statementsMax: number
  /** How long the server may be silent while statements are under way; 0 means for ever. */
  readonly silenceMaxMs: number
  /** Called once, when the connection is gone for whatever reason. */
  readonly broken: () => void
}

/** An answer with the last statement's tag, such as `COMMIT`. */
export interface Answer extends Rows {
  readonly tag: string
}

/** How a statement is sent. */
export interface SendOptions {
  /** Sent before it without waiting; where it fails, the statement is not run. */
  readonly before?: Query
  /** True where losing the connection leaves open whether something was stored. */
  readonly stores?: boolean
}

interface Exchange {
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
  readonly stores: boolean
  readonly query: Query
  /** Names that this exchange prepares, in the order in which the server confirms them. */
  readonly preparing: string[]
  readonly again: boolean
  rows: Row[]
  rowBytes: number
  tag: string
  error: ServerError | undefined
}

const none: SendOptions = Object.freeze({})
const failedState = 0x45

/**
 * A connection after its start. Any number of statements may be under way; each is a transaction
 * of its own unless BEGIN was sent. Statements of one turn of the event loop leave in one write.
 */
export class Wire {
  readonly #stream: Duplex
  readonly #options: WireOptions
  readonly #writer = new MessageWriter()
  readonly #statements = new Map<string, string>()
  readonly #doubtful = new Set<string>()
  #exchanges: Exchange[] = []
  #answered = 0
  #flushing = false
  #failed = false
  #gone: string | undefined
  #drained: (() => void) | undefined

  constructor(stream: Duplex, options: WireOptions) {
    this.#stream = stream
    this.#options = options
    const reader = new MessageReader({
      wants: (byteCount) => this.#wants(byteCount),
      row: (row) => this.#current()?.rows.push(row),
      done: (tag) => this.#done(tag),
      error: (error) => this.#error(error),
      prepared: () => this.#current()?.preparing.shift(),
      copyIn: () => this.#refuseCopy(),
      ready: (state) => this.#ready(state),
    })
    if (stream instanceof Socket && options.silenceMaxMs > 0) this.#watch(stream)
    stream.on('data', (chunk: Buffer) => reader.push(chunk))
    stream.on('error', (error: Error) => this.#end(error.message))
    stream.on('close', () => this.#end('the connection was closed'))
  }

  /** Statements that wait for their answers. */
  get inFlight(): number {
    return this.#exchanges.length - this.#answered
  }

  /** False once the connection is gone. */
  get isOpen(): boolean {
    return this.#gone === undefined
  }

  /** True where the server rolled the open transaction back in its mind and waits for ROLLBACK. */
  get hasFailedTransaction(): boolean {
    return this.#failed
  }

  /** Runs a statement. Rejects with a Failure whose cause is a DatabaseError. */
  query(query: Query, options: SendOptions = none): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(failureOf(brokenConnection(this.#gone, false)))
        return
      }
      const preparing: string[] = []
      if (options.before) this.#send(options.before, preparing)
      this.#send(query, preparing)
      this.#writer.sync()
      this.#expect({ resolve, reject, query, preparing, stores: options.stores ?? false })
    })
  }

  /** Runs a script of several statements. */
  script(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(failureOf(brokenConnection(this.#gone, false)))
        return
      }
      this.#writer.script(text)
      const query = { text, values: [] }
      this.#expect({ resolve: () => resolve(), reject, query, preparing: [], stores: true })
    })
  }

  /** Says goodbye. Statements under way are lost. */
  close(): void {
    if (this.#gone !== undefined) return
    this.#writer.terminate()
    this.#flush()
    this.#end('the connection was closed')
  }

  /** Waits for the statements under way, then says goodbye. */
  finish(): Promise<void> {
    if (this.#gone !== undefined || this.inFlight === 0) {
      this.close()
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  /** Drops the connection at once. */
  destroy(reason: string): void {
    this.#end(reason)
    // The server may be busy with what was sent: it sees at once that nobody waits any more.
    this.#stream.destroy()
  }

  /** The server ends slow statements itself; where even that word is missing, the network is. */
  #watch(socket: Socket): void {
    socket.setTimeout(this.#options.silenceMaxMs, () => {
      if (this.inFlight > 0) this.destroy('the server fell silent')
    })
  }

  #expect(what: Pick<Exchange, 'resolve' | 'reject' | 'query' | 'preparing' | 'stores'>): void {
    this.#exchanges.push({
      ...what,
      again: false,
      rows: [],
      rowBytes: 0,
      tag: '',
      error: undefined,
    })
    this.#schedule()
  }

  #schedule(): void {
    if (this.#flushing) return
    this.#flushing = true
    // After everything that arrived together was looked at: what all of it sends goes out in one
    // write. A write costs more than most statements do.
    setImmediate(this.#flushLater)
  }

  #send(query: Query, preparing: string[]): void {
    const name = query.name ?? ''
    if (name === '') this.#writer.parse('', query.text)
    else this.#prepare(name, query.text, preparing)
    if (name === '') preparing.push('')
    this.#writer.run(name, query.values)
  }

  #prepare(name: string, text: string, preparing: string[]): void {
    const known = this.#statements.get(name)
    if (known !== undefined) {
      assert(known === text, `the statement name ${name} stands for one text only`)
      return
    }
    if (this.#statements.size >= this.#options.statementsMax) this.#forgetOldest()
    if (this.#doubtful.delete(name)) this.#writer.forget(name)
    this.#statements.set(name, text)
    this.#writer.parse(name, text)
    preparing.push(name)
  }

  #forgetOldest(): void {
    for (const name of this.#statements.keys()) {
      this.#statements.delete(name)
      this.#writer.forget(name)
      return
    }
  }

  readonly #flushLater = (): void => this.#flush()

  #flush(): void {
    this.#flushing = false
    if (this.#gone !== undefined || this.#writer.isEmpty) return
    this.#stream.write(this.#writer.take())
  }

  #current(): Exchange | undefined {
    return this.#exchanges[this.#answered]
  }

  /** Rows beyond what their statement takes would only fill the memory: none of them is kept. */
  #wants(byteCount: number): boolean {
    const exchange = this.#current()
    if (exchange === undefined) return false
    exchange.rowBytes += byteCount
    if (!isTooLong(exchange)) return true
    exchange.rows = []
    return false
  }

  #done(tag: string): void {
    const exchange = this.#current()
    if (exchange) exchange.tag = tag
  }

  #error(error: ServerError): void {
    const exchange = this.#current()
    if (error.fatal) this.#end(error.error.message, error.error)
    else if (exchange) exchange.error ??= error
  }

  /** The statements behind it would be taken for data: the connection cannot be used further. */
  #refuseCopy(): void {
    const message = 'COPY FROM STDIN does not run on this connection'
    this.#current()?.reject(failureOf({ sqlState: '0A000', message }))
    this.destroy(message)
  }

  #ready(state: number): void {
    this.#failed = state === failedState
    const exchange = this.#current()
    if (exchange === undefined) return
    this.#answered += 1
    // Cut off in one go when all is answered, or when much is: cheaper than a shift per answer.
    if (this.#answered === this.#exchanges.length || this.#answered >= 1024) {
      this.#exchanges = this.#exchanges.slice(this.#answered)
      this.#answered = 0
    }
    if (exchange.error) this.#reject(exchange, exchange.error.error)
    else if (isTooLong(exchange)) exchange.reject(tooLong(exchange.query))
    else {
      const { rows, tag } = exchange
      exchange.resolve({ rows, count: countOf(tag), tag })
    }
    if (this.#drained && this.inFlight === 0) this.close()
  }

  #reject(exchange: Exchange, error: DatabaseError): void {
    // What the server did not confirm is prepared again by the next statement of that name.
    for (const name of exchange.preparing) this.#doubt(name)
    const unprepared = error.sqlState === staleStatement || error.sqlState === '26000'
    if (unprepared) this.#doubt(exchange.query.name ?? '')
    // Nothing was run: a statement that is its own transaction is simply sent anew, once.
    if (unprepared && exchange.stores && !exchange.again) this.#resend(exchange)
    else exchange.reject(failureOf(error))
  }

  #resend(exchange: Exchange): void {
    const preparing: string[] = []
    this.#send(exchange.query, preparing)
    this.#writer.sync()
    const fresh = { rows: [], rowBytes: 0, tag: '', error: undefined, preparing, again: true }
    this.#exchanges.push({ ...exchange, ...fresh })
    this.#schedule()
  }

  #doubt(name: string): void {
    if (name !== '' && this.#statements.delete(name)) this.#doubtful.add(name)
  }

  #end(reason: string, cause?: DatabaseError): void {
    if (this.#gone !== undefined) return
    this.#gone = reason
    this.#stream.end()
    const lost = this.#exchanges.slice(this.#answered)
    this.#exchanges = []
    this.#answered = 0
    this.#options.broken()
    this.#drained?.()
    lost.forEach((exchange, index) => {
      // Only the statement that the server was working on is answered by its last word.
      const unknown = exchange.stores && !/^\s*select\b/i.test(exchange.query.text)
      const answered = index === 0 && cause !== undefined && !unknown
      exchange.reject(failureOf(answered ? cause : brokenConnection(reason, unknown)))
    })
  }
}

/** The number at the end of a tag: `INSERT 0 3` touched three rows. */
function countOf(tag: string): number {
  let place = tag.length
  while (place > 0 && isDigit(tag.charCodeAt(place - 1))) place -= 1
  return place === tag.length ? 0 : Number(tag.slice(place))
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isTooLong({ rowBytes, query }: Exchange): boolean {
  return query.rowBytesMax !== undefined && rowBytes > query.rowBytesMax
}

function tooLong({ rowBytesMax }: Query): Failure {
  return new Failure('query_too_costly', {
    detail:
      `The answer would be longer than ${rowBytesMax} bytes: ` +
      'ask for fewer records at once, or for fewer fields.',
  })
}
