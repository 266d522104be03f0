/** Owns what follows where somebody else than its owner changes an account. */

import type { IdentityParts } from '../flows/operation.ts'
import { endSessions, endTrust } from '../flows/sessions.ts'
import { endMailed } from '../mail/mailed.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { IdentityScope } from '../sight.ts'

/** What others can change of an account. */
export interface AccountState {
  readonly email: string | null
  readonly suspended: boolean
}

/** An account that was changed, in the transaction of the change. */
export interface ChangedAccount {
  readonly userId: string
  readonly before: AccountState
  /** The session of whoever changes their own account: it goes on. */
  readonly keep: string | undefined
}

/**
 * A suspension ends all sessions, for good. An address that others have set is one that nobody has
 * confirmed: what was shown by the old one counts no more, its sessions, trusted devices and mails
 * end, and both addresses are told. Whoever vouches for a new address sets `emailVerifiedAt`, too.
 */
export async function accountChanged(
  parts: IdentityParts,
  inside: IdentityScope,
  { userId, before, keep }: ChangedAccount,
): Promise<void> {
  const { user } = inside.data.unrestricted
  const { email, suspended } = await user.get(userId)
  if (suspended && !before.suspended) await endSessions(inside, userId)
  if (email === before.email) return
  await user.update(userId, { emailVerifiedAt: null })
  await endSessions(inside, userId, keep)
  await endTrust(inside, userId)
  await endMailed(inside, userId)
  const by = 'by the people who look after the accounts. All its sessions were ended'
  for (const to of [before.email, email]) {
    const what = `The address of the account was changed to ${email ?? 'none'}, ${by}.`
    await tellOfChange(parts, inside, { to, what })
  }
  if (email === null || !parts.sendsMail) return
  await parts.mailing.ask(inside, { email, purpose: 'verify-email' })
}
