/** Owns the using up of what came by mail: tokens and codes, each good for one thing, once. */

import { mailedFor } from '../mail/mailed.ts'
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
  | { readonly token: string; readonly purpose: Exclude<MailProofPurpose, 'upgrade'> }
  | { readonly attempt: string; readonly code: string }

/**
 * Uses a proof up. Fails with `invalid_credentials` where it is wrong, was used, is too old, or
 * was sent before the password or the address changed: one answer for all of them.
 */
export async function useProof(
  { tokens }: Pick<IdentityParts, 'tokens'>,
  scope: IdentityScope,
  shown: Shown,
): Promise<UsedProof> {
  const { data, now } = scope
  const { user } = data.unrestricted
  const purpose = 'token' in shown ? shown.purpose : 'sign-in'
  const mailed = mailedFor(scope, purpose)
  const kept = await keptForm(tokens, scope, shown)
  const filter = { ...kept, expiresAt: { gt: now } }
  const { data: found } = await mailed.find({ filter, limit: 1 })
  const [proof] = found
  if (!proof || !(await mailed.consumeOnce(proof.id, 'usedAt'))) throw usedUp()
  const owner = await user.get(proof.userId)
  const stale = proof.passwordHash !== null && proof.passwordHash !== owner.passwordHash
  // Whoever reads the mails of an address that the account has left is nobody to it any more.
  const left = purpose !== 'change-email' && proof.email !== owner.email
  if (owner.suspended || stale || left) throw usedUp()
  // Whoever reads the mails of the address has come: from now on the account is somebody's.
  if (owner.unclaimed) await user.update(owner.id, { unclaimed: false })
  return { userId: proof.userId, email: proof.email }
}

async function keptForm(tokens: IdentityParts['tokens'], { data }: IdentityScope, shown: Shown) {
  if ('token' in shown) return { tokenHash: tokens.hash(shown.token) }
  const tokenHash = tokens.hash(shown.attempt)
  const codeHash = tokens.hash(`${tokenHash} ${shown.code}`)
  const filter = { tokenHash, codeHash }
  const { data: found } = await data.unrestricted.signInAttempt.find({ filter, limit: 1 })
  const [attempt] = found
  if (!attempt) throw usedUp()
  return { id: attempt.linkId }
}

/** The one answer to what was mailed, where it is not good (any more). */
export function usedUp() {
  const what = 'The link or the code is wrong, was used, or is too old'
  return wrongCredentials(`${what}: ask for another.`)
}
