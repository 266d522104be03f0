/** Owns one open connection: statements go out back to back, answers come back in their order. */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { atTurnEnd } from '../../base/loop/turn.ts'
import type { DatabaseError, Query } from '../database.ts'
import {
  behindFailed,
  brokenConnection,
  failureOf,
  forgottenStatement,
  staleStatement,
} from '../errors.ts'
import {
  type Answer,
  type Exchange,
  exchangeOf,
  isTooLong,
  renew,
  type SendOptions,
  settle,
  standInOf,
  tooLong,
} from './exchange.ts'
import { MessageReader, type ServerError } from './reader.ts'
import { PreparedStatements, type StatementLimits } from './statements.ts'
import { MessageWriter } from './writer.ts'

/** What a connection needs to know. */
export interface WireOptions {
  /** The prepared statements that it keeps. */
  readonly statements: StatementLimits
  /** How long the server may be silent while statements are under way; 0 means for ever. */
  readonly silenceMaxMs: number
  /** Called once, when the connection is gone for whatever reason. */
  readonly broken: (error: DatabaseError) => void
  readonly watcher?: Watcher
}

/** Who is told how the statements of a shared connection fare. */
export interface Watcher {
  /** Rows that are longer in all are told of while they still come. */
  readonly rowBytesTold: number
  /** Rows have become that long; and again when they are longer than their statement takes. */
  long(exchange: Exchange): void
  /** A statement was answered, well or not. */
  answered(exchange: Exchange): void
}

const none: SendOptions = Object.freeze({})
const script: SendOptions = Object.freeze({ stores: true })
const idleState = 0x49

/**
 * A connection after its start. Any number of statements may be under way; each is a transaction
 * of its own unless BEGIN was sent. Statements of one turn of the event loop leave in one write.
 */
export class Wire {
  readonly #stream: Duplex
  readonly #options: WireOptions
  readonly #writer = new MessageWriter()
  readonly #statements: PreparedStatements
  /** What was answered is let go at once: held until the cut, it would outlive its youth. */
  #exchanges: (Exchange | undefined)[] = []
  #answered = 0
  /** The one that the server works on: behind what was answered, where several are together. */
  #current = 0
  #answers = 0
  #flushing = false
  #state = idleState
  #gone: string | undefined
  #drained: (() => void) | undefined
  #notified: ((channel: string, payload: string) => void) | undefined

  constructor(stream: Duplex, options: WireOptions) {
    this.#stream = stream
    this.#options = options
    this.#statements = new PreparedStatements(options.statements, this.#writer)
    const reader = new MessageReader({
      wants: (byteCount) => this.#wants(byteCount),
      row: (row) => this.head?.rows.push(row),
      done: (tag) => this.#done(tag),
      error: (error) => this.#error(error),
      prepared: () => this.head?.preparing.shift(),
      copyIn: () => this.#refuseCopy(),
      notice: (message) => this.#notice(message),
      notification: (channel, payload) => this.#notified?.(channel, payload),
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

  /** Answers so far. */
  get answers(): number {
    return this.#answers
  }

  /** False once the connection is gone. */
  get isOpen(): boolean {
    return this.#gone === undefined
  }

  /** True where the last answer said that a transaction is open, failed or not. */
  get isInTransaction(): boolean {
    return this.#state !== idleState
  }

  /** Runs a statement. Rejects with a Failure whose cause is a DatabaseError. */
  query(query: Query, options: SendOptions = none): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(failureOf(brokenConnection(this.#gone, false)))
        return
      }
      const exchange = exchangeOf(query, options, { resolve, reject })
      this.#dispatch(exchange)
    })
  }

  /** Sends a statement of which nothing has come yet: that is new, or made so. */
  send(exchange: Exchange): void {
    if (this.#gone !== undefined) {
      exchange.reject(failureOf(brokenConnection(this.#gone, false)))
      return
    }
    this.#dispatch(exchange)
  }

  /** The statement that the server works on. */
  get head(): Exchange | undefined {
    return this.#exchanges[this.#current]
  }

  /**
   * Gives up the statements behind the first one, to be sent elsewhere: what the server answers
   * to them here is heard by nobody. Only for statements that may be run twice.
   */
  handOver(from: 'head' | 'followers'): readonly Exchange[] {
    const start = this.#answered + (from === 'head' ? 0 : 1)
    const handed = this.#underWay(start)
    for (const [index, exchange] of handed.entries()) {
      this.#exchanges[start + index] = standInOf(exchange)
    }
    return handed
  }

  /** Runs a script of several statements. */
  script(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(failureOf(brokenConnection(this.#gone, false)))
        return
      }
      this.#closeGroup()
      this.#writer.script(text)
      this.#expect(exchangeOf({ text, values: [] }, script, { resolve: () => resolve(), reject }))
    })
  }

  /** Says who is told of NOTIFY messages on channels that this connection listens to. */
  onNotification(notified: (channel: string, payload: string) => void): void {
    this.#notified = notified
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

  #dispatch(exchange: Exchange): void {
    const { query, preparing, options } = exchange
    if (options.joins !== true) this.#closeGroup()
    for (const before of options.before ?? []) this.#send(before, preparing)
    this.#send(query, preparing)
    if (exchange.isLast) this.#writer.sync()
    this.#expect(exchange)
  }

  /** Ends what is answered together; what is sent now is answered by itself. */
  #closeGroup(): void {
    const last = this.#exchanges.at(-1)
    if (last === undefined || last.isLast) return
    last.isLast = true
    this.#writer.sync()
  }

  #expect(exchange: Exchange): void {
    const told = this.#options.watcher?.rowBytesTold ?? Infinity
    exchange.tellBytes = Math.min(told, exchange.query.rowBytesMax ?? Infinity)
    this.#exchanges.push(exchange)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#flushing) return
    this.#flushing = true
    // After everything that arrived together was looked at: what all of it sends goes out in one
    // write. A write costs more than most statements do.
    atTurnEnd(this.#flushLater)
  }

  #send(query: Query, preparing: string[]): void {
    const name = this.#statements.prepare(query, preparing)
    this.#writer.run(name, query.values)
  }

  readonly #flushLater = (): void => this.#flush()

  #flush(): void {
    this.#flushing = false
    if (this.#gone !== undefined) return
    this.#closeGroup()
    if (this.#writer.isEmpty) return
    this.#stream.write(this.#writer.take())
  }

  #wants(byteCount: number): boolean {
    const exchange = this.head
    if (exchange === undefined) return false
    exchange.rowBytes += byteCount
    return exchange.rowBytes <= exchange.tellBytes || this.#long(exchange)
  }

  /** Rows beyond what their statement takes would only fill the memory: none of them is kept. */
  #long(exchange: Exchange): boolean {
    const { watcher } = this.#options
    if (!isTooLong(exchange)) {
      exchange.tellBytes = exchange.query.rowBytesMax ?? Infinity
      watcher?.long(exchange)
      return true
    }
    exchange.rows = []
    const isNews = exchange.tellBytes >= 0
    exchange.tellBytes = -1
    if (isNews) watcher?.long(exchange)
    return false
  }

  #done(tag: string): void {
    const exchange = this.head
    if (exchange === undefined) return
    exchange.tag = tag
    exchange.undone -= 1
    if (exchange.undone === 0 && !exchange.isLast) this.#current += 1
  }

  /** A remark during a commit, such as that no standby has it, is no word that it is stored. */
  #notice(message: string): void {
    const exchange = this.head
    const commits = exchange?.options.commits
    if (commits === 'itself' || (commits === 'after' && exchange?.tag !== '')) {
      if (exchange) exchange.doubt = message
    }
  }

  #error(error: ServerError): void {
    const exchange = this.head
    if (error.fatal) this.#end(error.error.message, error.error)
    else if (exchange) exchange.error ??= error
  }

  /** The statements behind it would be taken for data: the connection cannot be used further. */
  #refuseCopy(): void {
    const message = 'COPY FROM STDIN does not run on this connection'
    this.head?.reject(failureOf({ sqlState: '0A000', message }))
    this.destroy(message)
  }

  /** The server has answered all that belongs together; nothing behind what failed was run. */
  #ready(state: number): void {
    this.#state = state
    const failed = this.head?.error === undefined ? undefined : this.head
    for (let skipped = false; ; ) {
      const exchange = this.#exchanges[this.#answered]
      if (exchange === undefined) break
      this.#advance()
      if (skipped) exchange.error = { error: behindFailed, fatal: false }
      else skipped = exchange === failed
      if (!this.#isResent(exchange)) {
        settle(exchange)
        this.#options.watcher?.answered(exchange)
      }
      if (exchange.isLast) break
    }
    if (this.#drained && this.inFlight === 0) this.close()
  }

  #advance(): void {
    this.#exchanges[this.#answered] = undefined
    this.#answered += 1
    this.#answers += 1
    // Cut off in one go when all is answered, or when much is: cheaper than a shift per answer.
    if (this.#answered === this.#exchanges.length || this.#answered >= 1024) {
      this.#exchanges = this.#exchanges.slice(this.#answered)
      this.#answered = 0
    }
    this.#current = this.#answered
  }

  /** Mends what an error says of prepared statements. True: the statement was sent anew, once. */
  #isResent(exchange: Exchange): boolean {
    const sqlState = exchange.error?.error.sqlState
    if (sqlState === undefined) return false
    // What the server did not confirm is prepared again by the next statement of that name.
    for (const name of exchange.preparing) this.#statements.doubt(name)
    const stale = sqlState === staleStatement
    const forgotten = sqlState === forgottenStatement
    if (stale) this.#statements.doubt(exchange.query.name ?? '')
    // Where one is gone, all are.
    if (forgotten) this.#statements.doubtAll()
    // Nothing was run: a statement that is its own transaction is simply sent again.
    const alone = exchange.options.commits === 'after'
    if (!(stale || forgotten) || !alone || exchange.again) return false
    exchange.again = true
    renew(exchange)
    this.send(exchange)
    return true
  }

  #underWay(start: number): readonly Exchange[] {
    return this.#exchanges.slice(start).filter((exchange) => exchange !== undefined)
  }

  #end(reason: string, cause?: DatabaseError): void {
    if (this.#gone !== undefined) return
    this.#gone = reason
    this.#stream.end()
    const lost = this.#underWay(this.#answered)
    const worksOn = this.#current - this.#answered
    this.#exchanges = []
    this.#answered = 0
    this.#current = 0
    this.#options.broken(cause ?? brokenConnection(reason, false))
    this.#drained?.()
    lost.forEach((exchange, index) => {
      if (isTooLong(exchange)) {
        exchange.reject(tooLong(exchange.query))
        return
      }
      // Only the statement that the server was working on is answered by its last word.
      const unknown = exchange.options.stores === true && !/^\s*select\b/i.test(exchange.query.text)
      const answered = index === worksOn && cause !== undefined && !unknown
      exchange.reject(failureOf(answered ? cause : brokenConnection(reason, unknown)))
    })
  }
}
