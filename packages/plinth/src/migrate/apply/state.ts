/** Owns what the database remembers of its schema: the fingerprint, and what Plinth made. */

import { createHash } from 'node:crypto'
import { type Clock, instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { databaseErrorOf } from '../../database/errors.ts'
import { sql, statement, typed, value } from '../../sql/fragment.ts'
import type { Schema } from '../schema.ts'
import type { InternalSchema } from './internal.ts'

/** Equal fingerprints mean that nothing has to be compared. */
export function fingerprintOf(desired: Schema, internal: InternalSchema): string {
  const hash = createHash('sha256').update('plinth 1\n').update(internal.checksum)
  return hash.update(JSON.stringify(desired)).digest('hex')
}

/** The fingerprint of the schema that is there; undefined on a new or a drifted database. */
export async function readFingerprint(session: Session): Promise<string | undefined> {
  try {
    const { rows } = await session.query(
      statement(sql`select fingerprint from plinth.schema_state where not drifted`),
    )
    return rows[0]?.[0] ?? undefined
  } catch (error) {
    if (missing.has(databaseErrorOf(error)?.sqlState ?? '')) return undefined
    throw error
  }
}

/** Undefined table, undefined schema. */
const missing: ReadonlySet<string> = new Set(['42P01', '3F000'])

/** Identities of what Plinth made here. */
export async function readOwned(session: Session): Promise<ReadonlySet<string>> {
  try {
    const { rows } = await session.query(statement(sql`select owned from plinth.schema_state`))
    return new Set(JSON.parse(rows[0]?.[0] ?? '[]') as string[])
  } catch (error) {
    if (missing.has(databaseErrorOf(error)?.sqlState ?? '')) return new Set()
    throw error
  }
}

/** What to remember. */
export interface Remembered {
  /** Null while the schema is on its way. */
  readonly fingerprint: string | null
  readonly owned: Iterable<string>
  readonly clock: Clock
}

/** Remembers the state. A null fingerprint makes the next start compare everything. */
export async function remember(session: Session, state: Remembered): Promise<void> {
  const owned = typed(JSON.stringify([...new Set(state.owned)].sort()), 'jsonb')
  const at = typed(instantText(state.clock.now()), 'timestamptz')
  await session.query(
    statement(
      sql`insert into plinth.schema_state (fingerprint, owned, changed_at)
        values (${value(state.fingerprint)}, ${owned}, ${at})
        on conflict (one) do update set fingerprint = excluded.fingerprint, owned = excluded.owned,
          changed_at = excluded.changed_at, drifted = false`,
    ),
  )
}

/** Notes that the database no longer is as it was left, so that the next start looks closely. */
export async function markDrifted(session: Session): Promise<void> {
  await session.query(
    statement(sql`update plinth.schema_state set drifted = true where not drifted`),
  )
}
