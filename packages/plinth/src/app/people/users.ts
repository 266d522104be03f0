/** Owns the accounts of an app as its operator works with them: make, list, change, suspend. */

import { Failure, invalidInput } from '../../base/failure.ts'
import { base64url, randomBytes } from '../../base/ids.ts'
import { type Clock, instantText } from '../../base/time.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { suggestion } from '../../catalog/mistakes.ts'
import type { RecordAccess } from '../../engine/runtime.ts'
import type { Passwords } from '../../identity/passwords/passwords.ts'
import { shutOut } from './shut-out.ts'

/** What an account is made of. */
export interface NewUser {
  readonly email: string
  readonly name?: string
  readonly roles?: readonly string[]
  /** As long as the app asks, and hard to guess. Default: a random one, which is returned. */
  readonly password?: string
  /**
   * True: whoever makes the account vouches for its address, as if a mail had been answered.
   * Default false.
   */
  readonly verified?: boolean
}

/** An account that was made. */
export interface MadeUser {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  readonly password: string
}

/** An account as it is listed. */
export interface UserRecord {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly roles: readonly string[]
  readonly suspended: boolean
  readonly erasedAt: string | null
  readonly createdAt: string
}

/** What the work with accounts stands on. */
export interface UserParts {
  readonly catalog: Catalog
  readonly records: RecordAccess
  readonly passwords: Passwords
  readonly clock: Clock
}

/** Makes an account. Failures: `invalid_input`, `conflict` where the address is taken. */
export async function createUser(parts: UserParts, user: NewUser): Promise<MadeUser> {
  const { email, name = null, roles = [], password = base64url(randomBytes(15)) } = user
  checkRoles(parts.catalog, roles)
  await parts.passwords.demand(password, '/password', { email, name })
  const passwordHash = await parts.passwords.hash(password)
  const emailVerifiedAt = user.verified ? instantText(parts.clock.now()) : null
  const made = await parts.records
    .create('user', { email, name, roles, passwordHash, emailVerifiedAt })
    .catch((error: unknown) => {
      if (!(error instanceof Failure) || error.code !== 'conflict') throw error
      throw new Failure('conflict', { detail: `There is a user ${email} already.`, cause: error })
    })
  return { id: String(made.id), email: String(made.email), roles, password }
}

/** All accounts by e-mail, page after page: neither guests nor what is left of deleted ones. */
export async function* listUsers({ records }: UserParts): AsyncGenerator<UserRecord> {
  const accounts = { guest: false, erasedAt: null }
  let filter: object = accounts
  for (;;) {
    const page = await records.find('user', { filter, sort: ['email'], limit: 200 })
    yield* page as unknown as readonly UserRecord[]
    const last = page.at(-1)
    if (!last || page.length < 200) return
    filter = { ...accounts, email: { gt: last.email } }
  }
}

/** The account of an e-mail address or id. Fails with `not_found`. */
export async function findUser({ records }: UserParts, who: string): Promise<UserRecord> {
  const id = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(who)
  const filter = id ? { id: who } : { email: who }
  const [found] = await records.find('user', { filter, limit: 1 })
  if (found) return found as unknown as UserRecord
  throw new Failure('not_found', {
    detail: `There is no user ${who}. See all of them with: plinth user list`,
  })
}

/** Gives a user exactly these roles. They hold from the next call on. */
export async function setRoles(
  parts: UserParts,
  who: string,
  roles: readonly string[],
): Promise<UserRecord> {
  checkRoles(parts.catalog, roles)
  const { id } = await findUser(parts, who)
  return (await parts.records.update('user', id, { roles })) as unknown as UserRecord
}

/**
 * Shuts a user out, or lets them in again. Their sessions and the sign-ins that wait for a second
 * factor are gone, so that none comes back with them. Fails with `conflict` for a deleted user.
 */
export async function setSuspended(
  parts: UserParts,
  who: string,
  suspended: boolean,
): Promise<UserRecord> {
  const { id, erasedAt } = await findUser(parts, who)
  if (erasedAt) {
    throw new Failure('conflict', { detail: 'The account was deleted: nobody comes back to it.' })
  }
  const user = await parts.records.update('user', id, { suspended })
  if (suspended) await shutOut(parts.catalog, parts.records, id)
  return user as unknown as UserRecord
}

function checkRoles({ roles: known }: Catalog, roles: readonly string[]): void {
  if (!known) return
  const problems = roles.flatMap((role, index) => {
    if (known.has(role)) return []
    const near = suggestion(role, known) || `. The roles are ${[...known].join(', ')}.`
    const detail = `There is no role "${role}"${near}`
    return [{ pointer: `/roles/${index}`, code: 'unknown_role', detail }]
  })
  if (problems.length > 0) throw invalidInput(problems)
}
