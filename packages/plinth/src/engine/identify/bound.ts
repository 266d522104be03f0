/** Owns what a credential of one organisation makes of its caller: at work there alone. */

import type { UserCaller } from '../../access/caller.ts'
import type { Via } from '../../access/scopes/via.ts'

type Cell = string | null | undefined

/**
 * By what a caller comes, and where they work: in the organisation that the credential was bound
 * to, in their role of this moment; one that was bound to none works in none.
 */
export function boundIn(
  via: Via,
  [id, role]: readonly Cell[],
): Pick<UserCaller, 'via' | 'organisation'> {
  if (!id) return { via }
  // Without a membership it is bound all the same: then it reaches nothing.
  return {
    via: { ...via, organisation: id },
    ...(role ? { organisation: { id, role } } : {}),
  }
}
