/** Owns who a user is beside what rules ask: looked up with their session, for whoever asks. */

import type { Profile } from '../../../access/caller.ts'
import { readArray } from '../../../kinds/kinds.ts'
import { sql } from '../../../sql/fragment.ts'

/** Beside the user `u` of a session, and the member of staff `w` who acts in it. */
export const profileColumns = sql`u.email, u.name, w.email, w.name`

/** Beside the user `u` of a credential without a session: nobody acts as them by it. */
export const ownProfileColumns = sql`, u.email, u.name`

/** The profile of the owner of such a credential; undefined where it was not asked for. */
export function ownProfile(
  roles: string | null | undefined,
  [email, name]: readonly (string | null | undefined)[],
): { readonly profile?: Profile } {
  if (email === undefined) return {}
  return { profile: { email, name: name ?? null, roles: namesOf(roles) } }
}

function namesOf(roles: string | null | undefined): readonly string[] {
  return readArray(roles ?? '{}').filter((role) => role !== null)
}

// Behind all that the look-up of a session asks for anyway.
const emailAt = 13
const rolesAt = 3
const impersonatorAt = 8

/** The profile in a row of the look-up; undefined where it was not asked for. */
export function profileOf(row: readonly (string | null | undefined)[]): Profile | undefined {
  if (row.length <= emailAt) return undefined
  const [email = null, name = null, staffEmail = null, staffName = null] = row.slice(emailAt)
  const whose = { email, name, roles: namesOf(row[rolesAt]) }
  if (!row[impersonatorAt]) return whose
  return { ...whose, impersonator: { email: staffEmail, name: staffName } }
}
