/** Owns how far a sandbox's clock stands from the machine's: one row, shared by all its nodes. */

import type { Session } from '../database/database.ts'

/** The step that makes its table. */
export const clockTables = [
  {
    id: '0041_clock',
    sql: `create table plinth.clock (
      single boolean primary key default true check (single),
      shift_ms bigint not null
    );
    insert into plinth.clock (shift_ms) values (0)`,
  },
] as const

/** Milliseconds that the clock is ahead; negative: behind. */
export async function readClockShift(session: Session): Promise<number> {
  const text = 'select shift_ms from plinth.clock'
  const query = { name: 'plinth_clock_read', text, values: [], repeatable: true }
  const { rows } = await session.query(query)
  return Number(rows[0]?.[0] ?? 0)
}

/** Sets the shift for all nodes; each follows within a second. */
export async function storeClockShift(session: Session, shiftMs: number): Promise<void> {
  await session.query({ text: 'update plinth.clock set shift_ms = $1', values: [String(shiftMs)] })
}
