/** Owns the using up of what came by mail: tokens and codes, each good for one thing, once. */

import type { MailProofPurpose } from '../models/proofs.ts'
import type { IdentityScope } from '../sight.ts'
import { wrongCredentials } from './begin.ts'
import type { IdentityParts } from './operation.ts'

/** What a proof says, once it was used up. */
export interface UsedProof {
  readonly userId: string
  /** Where the mail went. */
  readonly email: string
}

/** A token, or a code beside what its asker has kept. */
export type Shown =
  | { readonly token: string; readonly purpose: MailProofPurpose }
  | { readonly attempt: string; readonly code: string }

/**
 * Uses a proof up. Fails with `invalid_credentials` where it is wrong, was used, is too old, or
 * was sent before the password or the address changed: one answer for all of them.
 */
export async function useProof(
  { tokens }: Pick<IdentityParts, 'tokens'>,
  { data, now }: IdentityScope,
  shown: Shown,
): Promise<UsedProof> {
  const { mailProof, user } = data.unrestricted
  const { data: found } = await mailProof.find({
    filter: { ...keptForm(tokens, shown), expiresAt: { gt: now } },
    limit: 1,
  })
  const [proof] = found
  if (!proof || !(await mailProof.consumeOnce(proof.id, 'usedAt'))) throw usedUp()
  const owner = await user.get(proof.userId)
  const stale = proof.passwordHash !== null && proof.passwordHash !== owner.passwordHash
  // Whoever reads the mails of an address that the account has left is nobody to it any more.
  const left = proof.purpose !== 'change-email' && proof.email !== owner.email
  if (owner.suspended || stale || left) throw usedUp()
  // Whoever reads the mails of the address has come: from now on the account is somebody's.
  if (owner.unclaimed) await user.update(owner.id, { unclaimed: false })
  return { userId: proof.userId, email: proof.email }
}

function keptForm(tokens: IdentityParts['tokens'], shown: Shown) {
  if ('token' in shown) return { tokenHash: tokens.hash(shown.token), purpose: shown.purpose }
  const attemptHash = tokens.hash(shown.attempt)
  const codeHash = tokens.hash(`${attemptHash} ${shown.code}`)
  return { attemptHash, codeHash, purpose: 'sign-in' as const }
}

/** The one answer to what was mailed, where it is not good (any more). */
export function usedUp() {
  const what = 'The link or the code is wrong, was used, or is too old'
  return wrongCredentials(`${what}: ask for another.`)
}
