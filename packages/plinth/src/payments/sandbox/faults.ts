/** Owns how a sandbox misbehaves when it is told to: kept in its database, counted, used up. */

import { limits } from '../../base/limits.ts'
import type { Book } from './book.ts'
import type { Order } from './operations.ts'

/** The ways to misbehave. */
export const faultKinds = [
  'error_before',
  'error_after',
  'drop_before',
  'drop_after',
  'slow',
  'decline',
  'webhook_twice',
  'webhook_first',
  'webhook_late',
  'webhook_never',
  'forget_key',
] as const

/**
 * How a sandbox misbehaves.
 *
 * - `error_before`, `error_after`: answers 500, without or after doing what was asked
 * - `drop_before`, `drop_after`: ends the connection without an answer
 * - `slow`: does it, and answers after `delayMs`
 * - `decline`: refuses it, as a bank would
 * - `webhook_twice`, `webhook_first`: sends its message twice; before its answer
 * - `webhook_late`: sends its message after `delayMs`; `webhook_never`: does not send it
 * - `forget_key`: does not remember the key, so that a repetition charges twice: for tests of tests
 */
export type FaultKind = (typeof faultKinds)[number]

/** A misbehaviour that is ordered. */
export interface Fault {
  readonly kind: FaultKind
  /** Default: any. */
  readonly operation?: Order['operation']
  /** Only for payments of this reference. Default: any. */
  readonly reference?: string
  /** Default 1. */
  readonly times?: number
  /** For `slow` and `webhook_late`. Default 1,000. */
  readonly delayMs?: number
}

const operations = ['authorise', 'capture', 'refund', 'cancel', 'authenticate', 'withdraw']

/** Orders misbehaviour. Returns what is wrong with the orders, if anything. */
export function orderFaults(book: Book, faults: unknown): string | undefined {
  if (!Array.isArray(faults)) return 'Give a list of faults.'
  for (const fault of faults as Fault[]) {
    const { kind, operation = '*', reference = null, times = 1, delayMs = 1_000 } = fault
    if (!faultKinds.includes(kind)) return `There is no fault "${kind}".`
    if (operation !== '*' && !operations.includes(operation)) return `No operation ${operation}.`
    if (!Number.isInteger(times) || !Number.isInteger(delayMs)) return 'Give whole numbers.'
    const wait = Math.min(delayMs, limits.requestTimeoutMs)
    const sql = `insert into fault (operation, kind, reference, delay_ms, times)
      values (?, ?, ?, ?, ?)`
    book.run(sql, operation, kind, reference, wait, times)
  }
  return undefined
}

/** The misbehaviour that is due for an order, each kind once; it is used up by this. */
export function takeFaults(book: Book, order: Order, reference: string): Map<FaultKind, number> {
  const due = book.rows(
    `select id, kind, delay_ms from fault where hits < times and operation in ('*', ?)
       and (reference is null or reference = ?) order by id`,
    order.operation,
    reference,
  )
  const taken = new Map<FaultKind, number>()
  for (const { id, kind, delay_ms: delayMs } of due) {
    if (taken.has(kind as FaultKind)) continue
    taken.set(kind as FaultKind, Number(delayMs))
    book.run('update fault set hits = hits + 1 where id = ?', Number(id))
  }
  return taken
}
