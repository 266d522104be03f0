/** Owns the question which transactions a read sees that begins now. */

import type { Session } from '../../../database/database.ts'

const text = 'select pg_catalog.pg_current_snapshot()::text'

/** `xmin:xmax:xip,…`: equal texts see the same. */
export async function snapshotText(session: Session): Promise<string> {
  const { rows } = await session.query({
    name: 'plinth_snapshot',
    text,
    values: [],
    repeatable: true,
  })
  return rows[0]?.[0] ?? ''
}

/** True where a snapshot sees all of these transactions, by the low 32 bits of their numbers. */
export function seesAll(snapshot: string, transactions: readonly number[]): boolean {
  const [, end = '', open = ''] = snapshot.split(':')
  const next = lowBits(end)
  const running = new Set(open === '' ? [] : open.split(',').map(lowBits))
  // Numbers go round: the difference says which one is later.
  return transactions.every((one) => ((one - next) | 0) < 0 && !running.has(one))
}

function lowBits(digits: string): number {
  return Number(BigInt.asUintN(32, BigInt(digits === '' ? 0 : digits)))
}
