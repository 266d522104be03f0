/** Owns one statement under way on a connection: what was asked, what has come, who waits. */

import { Failure } from '../../base/failure.ts'
import type { Query, Rows } from '../database.ts'
import { commitInDoubt, failureOf } from '../errors.ts'
import type { Row, ServerError } from './reader.ts'

/** An answer with the last statement's tag, such as `COMMIT`. */
export interface Answer extends Rows {
  readonly tag: string
}

/** How a statement is sent. */
export interface SendOptions {
  /** Sent before it without waiting; where one fails, the statement is not run. */
  readonly before?: readonly Query[]
  /** True where losing the connection leaves open whether something was stored. */
  readonly stores?: boolean
  /**
   * When PostgreSQL commits: by the statement `itself` (COMMIT), or `after` it, because it is its
   * own transaction. Whatever the server remarks while it commits puts the commit in doubt.
   */
  readonly commits?: 'itself' | 'after'
  /**
   * True: what follows in the same turn of the event loop may belong to it. All of it is answered
   * together, and where one statement fails, those behind it are not run. Only inside of one
   * transaction.
   */
  readonly joins?: boolean
}

/** A statement under way. */
export interface Exchange {
  readonly query: Query
  readonly options: SendOptions
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
  /** Names that it prepares, in the order in which the server confirms them. */
  preparing: string[]
  /** True where it was sent a second time. */
  again: boolean
  rows: Row[]
  rowBytes: number
  tag: string
  error: ServerError | undefined
  /** What the server remarked while it committed. */
  doubt: string | undefined
  /** Its statements, BEGIN and the like included, that the server has not done yet. */
  undone: number
  /** True where the answer ends behind it; false: what was sent behind it is answered with it. */
  isLast: boolean
  /** How long its rows are when whoever watches the connection is told of them. */
  tellBytes: number
  /** When it was sent, on the monotonic counter, where nothing was under way before it; else 0. */
  sentAtMs: number
  /** Since when it waits to be sent, on the monotonic counter. */
  waitsSinceMs: number
  /** How long it is expected to take; counted against what its connection carries. */
  paceMs: number
}

/** A statement before anything has come back. */
export function exchangeOf(
  query: Query,
  options: SendOptions,
  { resolve, reject }: Pick<Exchange, 'resolve' | 'reject'>,
): Exchange {
  return {
    query,
    options,
    resolve,
    reject,
    preparing: [],
    again: false,
    rows: [],
    rowBytes: 0,
    tag: '',
    error: undefined,
    doubt: undefined,
    undone: 1 + (options.before?.length ?? 0),
    isLast: options.joins !== true,
    tellBytes: 0,
    sentAtMs: 0,
    waitsSinceMs: 0,
    paceMs: 0,
  }
}

/** What stays on a connection in place of a statement that goes elsewhere: nobody hears of it. */
export function standInOf(exchange: Exchange): Exchange {
  const { query, options } = exchange
  const ignore = (): void => undefined
  const standIn = exchangeOf(query, options, { resolve: ignore, reject: ignore })
  standIn.preparing = exchange.preparing
  standIn.again = true
  return standIn
}

/** As it was before it was sent for the first time. */
export function renew(exchange: Exchange): void {
  exchange.preparing = []
  exchange.rows = []
  exchange.rowBytes = 0
  exchange.tag = ''
  exchange.error = undefined
  exchange.doubt = undefined
  exchange.undone = 1 + (exchange.options.before?.length ?? 0)
}

/** Tells whoever waits what the whole answer has come to. */
export function settle(exchange: Exchange): void {
  const { rows, tag, error, doubt, query } = exchange
  if (isTooLong(exchange)) exchange.reject(tooLong(query))
  else if (error) exchange.reject(failureOf(error.error))
  else if (doubt !== undefined) exchange.reject(failureOf(commitInDoubt(doubt)))
  else exchange.resolve({ rows, count: countOf(tag), tag })
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

/** True where more rows have come than their statement takes. */
export function isTooLong({ rowBytes, query }: Exchange): boolean {
  return query.rowBytesMax !== undefined && rowBytes > query.rowBytesMax
}

/** The failure of a statement whose rows are too long. */
export function tooLong({ rowBytesMax }: Query): Failure {
  return new Failure('query_too_costly', {
    detail:
      `The answer would be longer than ${rowBytesMax} bytes: ` +
      'ask for fewer records at once, or for fewer fields.',
  })
}
