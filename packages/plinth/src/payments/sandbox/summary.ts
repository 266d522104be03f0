/** Owns what the sandbox tells about money: what moved, by key and by reference, and in all. */

import type { Book } from './book.ts'

/** What moved under one key, or for one reference. */
export interface Moved {
  readonly captures: number
  readonly captured: number
  readonly refunds: number
  readonly refunded: number
}

/** `GET /charges`: facts, for whoever wants to count. Amounts in minor units. */
export interface ChargesSummary {
  readonly byKey: Readonly<Record<string, Moved>>
  readonly byReference: Readonly<Record<string, Moved>>
  /** By currency. */
  readonly captured: Readonly<Record<string, number>>
  readonly refunded: Readonly<Record<string, number>>
}

const counted = `
  count(*) filter (where m.type = 'capture') as captures,
  coalesce(sum(m.amount) filter (where m.type = 'capture'), 0) as captured,
  count(*) filter (where m.type = 'refund') as refunds,
  coalesce(sum(m.amount) filter (where m.type = 'refund'), 0) as refunded
  from movement m join payment p on p.id = m.payment where m.type in ('capture', 'refund')`

/** Counts everything that moved. */
export function summarise(book: Book): ChargesSummary {
  const byCurrency = grouped(book, 'p.currency')
  const amounts = (name: 'captured' | 'refunded') =>
    Object.fromEntries(Object.entries(byCurrency).map(([key, moved]) => [key, moved[name]]))
  return {
    byKey: grouped(book, 'm.key'),
    byReference: grouped(book, 'p.reference'),
    captured: amounts('captured'),
    refunded: amounts('refunded'),
  }
}

function grouped(book: Book, by: 'm.key' | 'p.reference' | 'p.currency'): Record<string, Moved> {
  const rows = book.rows(`select ${by} as name, ${counted} group by ${by} order by ${by}`)
  return Object.fromEntries(
    rows.map(({ name, captures, captured, refunds, refunded }) => [
      String(name),
      {
        captures: Number(captures),
        captured: Number(captured),
        refunds: Number(refunds),
        refunded: Number(refunded),
      },
    ]),
  )
}
