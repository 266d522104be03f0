/** Owns telling the owner of an account that something about it was changed. */

import type { IdentityParts } from '../flows/operation.ts'
import type { IdentityScope } from '../sight.ts'

/** Mails what was changed, where mail leaves, in the transaction of the change. */
export async function tellOfChange(
  { sendsMail, title, address, mailing }: IdentityParts,
  scope: IdentityScope,
  { to, what }: { readonly to: string | null; readonly what: string },
): Promise<void> {
  if (!sendsMail || to === null) return
  const link = address('/account/forgot-password')
  await scope.send(mailing.mails.accountChanged, {
    to,
    input: { title, link, when: scope.now, what },
  })
}
