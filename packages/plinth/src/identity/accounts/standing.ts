/** Owns what `me` answers: the user, and that it is a guest, or that staff acts as them. */

import type { ActionScope, RecordAccess } from '../../engine/runtime.ts'

type User = Extract<ActionScope['caller'], { is: 'user' }>

/** The user; beside them `guest: true`, or `impersonator` with the name of who acts. */
interface Standing {
  readonly user: object | null
  readonly guest?: true
  readonly impersonator?: object
}

/** What the look-up of their session has brought along; undefined where they came by a key. */
export function introduced({ id, profile, guest, impersonator }: User): Standing | undefined {
  if (profile === undefined) return undefined
  const { impersonator: staff, ...whose } = profile
  const user = { id, ...whose }
  if (guest === true) return { user, guest }
  return staff ? { user, impersonator: { id: impersonator, ...staff } } : { user }
}

/** The same, looked up. */
export async function lookedUp(caller: User, unrestricted: RecordAccess): Promise<Standing> {
  const [user = null] = await unrestricted.find('user', {
    filter: { id: caller.id },
    fields: ['email', 'name', 'roles'],
    limit: 1,
  })
  if (caller.guest === true) return { user, guest: true }
  if (caller.impersonator === undefined) return { user }
  const filter = { id: caller.impersonator }
  const [staff] = await unrestricted.find('user', { filter, fields: ['name', 'email'], limit: 1 })
  return { user, impersonator: staff ?? { id: caller.impersonator } }
}
