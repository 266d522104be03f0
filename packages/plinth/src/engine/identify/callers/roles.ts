/** Owns the roles of callers as look-ups find them. */

import { readArray } from '../../../kinds/kinds.ts'

const knownMax = 1_000
const known = new Map<string, ReadonlySet<string>>()

/**
 * The roles in a column's text. Few lists of roles stand for all users: equal ones are one set,
 * made once, and whatever depends on roles alone can be kept with it.
 */
export function rolesOf(columnText: string | null | undefined): ReadonlySet<string> {
  const text = columnText ?? '{}'
  const found = known.get(text)
  if (found) return found
  const roles = new Set(readArray(text).filter((role) => role !== null))
  if (known.size >= knownMax) known.clear()
  known.set(text, roles)
  return roles
}
