/** Owns when a credential was used last: written down beside the call, seldom. */

import type { ViaSort } from '../../access/scopes/via.ts'
import { instantText } from '../../base/time.ts'
import { type Fragment, name, sql, statement, typed } from '../../sql/fragment.ts'
import type { IdentifyParts } from './sessions.ts'

// A credential is used again at most this often before the use is written down.
const touchAfterMs = 60_000

const instant = (ms: number): Fragment => typed(instantText(ms), 'timestamp with time zone')

/** True where the last use of the row of that alias is so long ago that it is written down. */
export function isStale(alias: string, nowMs: number): Fragment {
  const last = name(alias, 'last_used_at')
  return sql`${last} is null or ${last} < ${instant(nowMs - touchAfterMs)}`
}

/** A row that was used just now. */
export interface Used {
  readonly sort: ViaSort
  readonly table: Fragment
  readonly id: string
  readonly nowMs: number
}

/** Writes the use down beside the call, once a minute over all nodes; a failure is only told. */
export function touch(
  { database, log }: Pick<IdentifyParts, 'database' | 'log'>,
  { sort, table, id, nowMs }: Used,
): void {
  const used = sql`update ${table} k set last_used_at = ${instant(nowMs)}
    where k.id = ${typed(id, 'uuid')} and (${isStale('k', nowMs)})`
  const change = { name: `plinth_${sort}_touch`, ...statement(used) }
  database.query(change).catch((cause: unknown) => {
    log({ level: 'warning', message: 'the use of a key was not written down', cause })
  })
}
