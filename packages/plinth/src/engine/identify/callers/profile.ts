/** Owns who a user is beside what rules ask: looked up with their session, for whoever asks. */

import type { Profile } from '../../../access/caller.ts'
import { readArray } from '../../../kinds/kinds.ts'
import { sql } from '../../../sql/fragment.ts'

/** Beside the user `u` of a session, and the member of staff `w` who acts in it. */
export const profileColumns = sql`u.email, u.name, w.email, w.name`

// Behind all that the look-up of a session asks for anyway.
const emailAt = 13
const rolesAt = 3
const impersonatorAt = 8

/** The profile in a row of the look-up; undefined where it was not asked for. */
export function profileOf(row: readonly (string | null | undefined)[]): Profile | undefined {
  if (row.length <= emailAt) return undefined
  const [email = null, name = null, staffEmail = null, staffName = null] = row.slice(emailAt)
  const roles = readArray(row[rolesAt] ?? '{}').filter((role) => role !== null)
  const whose = { email, name, roles }
  if (!row[impersonatorAt]) return whose
  return { ...whose, impersonator: { email: staffEmail, name: staffName } }
}
