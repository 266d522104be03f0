/** Owns the tables of what was mailed: one for each purpose, of one form. */

import { type MailProofPurpose, mailedModels } from '../models/proofs.ts'
import type { IdentityScope } from '../sight.ts'

/** What was mailed for one purpose: a table of its own, of the form that all of them have. */
export function mailedFor({ data }: Pick<IdentityScope, 'data'>, purpose: MailProofPurpose) {
  return data.unrestricted[mailedModels[purpose]] as typeof data.unrestricted.passwordReset
}

/** Ends whatever was mailed for an account and is not used up. */
export async function endMailed(scope: IdentityScope, userId: string): Promise<void> {
  for (const purpose of Object.keys(mailedModels) as MailProofPurpose[]) {
    const mailed = mailedFor(scope, purpose)
    const { data: sent } = await mailed.find({ filter: { userId }, limit: 200 })
    for (const { id, usedAt } of sent) if (usedAt === null) await mailed.delete(id)
  }
}
