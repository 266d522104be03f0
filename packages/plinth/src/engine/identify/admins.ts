/** Owns what keeps an app from losing its last admin: their rows held, and looked at again. */

import { Failure } from '../../base/failure.ts'
import type { Session } from '../../database/database.ts'

// In one order, so that two who demote each other wait for each other and never for good.
const holdText = `select u.id = $1::uuid and 'admin' = any(u.roles) from identity."user" u
  where u.id = $1::uuid or 'admin' = any(u.roles)
  order by u.id for no key update`

const leftText = `select exists (select from identity."user" u
  where 'admin' = any(u.roles) and not u.suspended and u.erased_at is null
    and u.deletion_at is null)`

/**
 * Holds the rows of all admins, and of one user more, until the transaction ends. True where that
 * user is an admin.
 */
export async function holdAdmins(session: Session, userId: string): Promise<boolean> {
  const { rows } = await session.query({ text: holdText, values: [userId] })
  return rows.some(([is]) => is === 't')
}

/**
 * Fails with `conflict` where nobody is left who can do everything: not shut out, not gone, and
 * not about to go. Asked behind the lock, once something was changed.
 */
export async function demandAdmin(session: Session): Promise<void> {
  const { rows } = await session.query({ text: leftText, values: [] })
  if (rows[0]?.[0] === 't') return
  throw new Failure('conflict', {
    detail: 'It is the last admin: give the role to somebody else first.',
  })
}
