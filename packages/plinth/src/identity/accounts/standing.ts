/** Owns what `me` answers beside the user: that it is a guest, or that staff acts as them. */

import type { ActionScope, RecordAccess } from '../../engine/runtime.ts'

/** Beside the user: `guest: true`, or `impersonator` with the name of who acts; else nothing. */
export async function standingOf(
  caller: Extract<ActionScope['caller'], { is: 'user' }>,
  unrestricted: RecordAccess,
): Promise<object> {
  if (caller.guest === true) return { guest: true }
  if (caller.impersonator === undefined) return {}
  const filter = { id: caller.impersonator }
  const [staff] = await unrestricted.find('user', { filter, fields: ['name', 'email'], limit: 1 })
  return { impersonator: staff ?? { id: caller.impersonator } }
}
