/** Owns telling the owner of an account that something about it was changed. */

import type { IdentityParts } from '../flows/operation.ts'
import { leftWays } from '../keys/left.ts'
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

/** Mails that the password is another one, what has ended by it, and what has not. */
export async function tellOfPassword(
  { sendsMail, title, address, mailing }: IdentityParts,
  scope: IdentityScope,
  { to, userId, endedKeys }: Told,
): Promise<void> {
  if (!sendsMail || to === null) return
  const { keys, ways } = await leftWays(scope, userId)
  const keysToo = endedKeys ? 'all keys, ' : ''
  const ended = `${keysToo}what agents were lent and what programs were let into`
  const input = {
    ...{ title, when: scope.now, link: address('/account/forgot-password') },
    what: `The password was changed. Other sessions, ${ended} have ended.`,
    ...{ keys: linesOf(keys), keysLink: address('/account/keys') },
    ...{ ways: linesOf(ways), waysLink: address('/account') },
  }
  await scope.send(mailing.mails.passwordChanged, { to, input })
}

interface Told {
  readonly to: string | null
  readonly userId: string
  /** True: its keys were ended, too. */
  readonly endedKeys: boolean
}

function linesOf(ways: readonly string[]): string | null {
  return ways.length === 0 ? null : ways.map((way) => `- ${way}`).join('\n')
}
