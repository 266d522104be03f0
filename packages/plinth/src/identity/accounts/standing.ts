/** Owns what `me` answers: the user, and that it is a guest, or that staff acts as them. */

import type { ActionScope, RecordAccess } from '../../engine/runtime.ts'

type User = Extract<ActionScope['caller'], { is: 'user' }>

/** The user; beside them `guest: true`, or `impersonator` with the name of who acts. */
interface Standing {
  readonly user: object | null
  readonly guest?: true
  readonly impersonator?: object
}

/** What the look-up of their credential has brought along; undefined: nothing. */
export function introduced(caller: User): Standing | undefined {
  const { id, profile, guest, impersonator } = caller
  if (profile === undefined) return undefined
  if (caller.via?.sort === 'oauth') return { user: { id, ...agreedTo(profile, caller.via.scopes) } }
  const { impersonator: staff, ...whose } = profile
  const user = { id, ...whose }
  if (guest === true) return { user, guest }
  return staff ? { user, impersonator: { id: impersonator, ...staff } } : { user }
}

/** What a program of others learns: of whom it acts for no more than they have agreed to. */
function agreedTo(
  { email, name }: Pick<NonNullable<User['profile']>, 'email' | 'name'>,
  scopes: ReadonlySet<string> | undefined,
): object {
  return {
    ...(scopes?.has('email') ? { email } : {}),
    ...(scopes?.has('profile') ? { name } : {}),
  }
}

/** The same, looked up. */
export async function lookedUp(caller: User, unrestricted: RecordAccess): Promise<Standing> {
  const [user = null] = await unrestricted.find('user', {
    filter: { id: caller.id },
    fields: ['email', 'name', 'roles'],
    limit: 1,
  })
  if (user !== null && caller.via?.sort === 'oauth') {
    const { email, name } = user as { readonly email: string | null; readonly name: string | null }
    return { user: { id: caller.id, ...agreedTo({ email, name }, caller.via.scopes) } }
  }
  if (caller.guest === true) return { user, guest: true }
  if (caller.impersonator === undefined) return { user }
  const filter = { id: caller.impersonator }
  const [staff] = await unrestricted.find('user', { filter, fields: ['name', 'email'], limit: 1 })
  return { user, impersonator: staff ?? { id: caller.impersonator } }
}
