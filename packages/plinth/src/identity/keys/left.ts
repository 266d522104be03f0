/** Owns what still lets somebody into an account, or acts for it, after its password changed. */

import { limits } from '../../base/limits.ts'
import { mailedName } from '../mail/names.ts'
import type { ProviderScope } from '../provider/kit.ts'
import type { IdentityScope } from '../sight.ts'

/** What of an account goes on, each as a line of a mail. */
export interface LeftWays {
  readonly keys: readonly string[]
  /** Passkeys, and identities of other providers. */
  readonly ways: readonly string[]
}

/**
 * What a new password does not end: API keys, wherever they work, and the ways in beside it. What
 * agents were lent and what programs were granted has ended with the sessions.
 */
export async function leftWays(
  { data, now }: Pick<IdentityScope, 'data' | 'now'>,
  userId: string,
): Promise<LeftWays> {
  const { apiKey, passkey, outsideIdentity } = data.unrestricted
  const limit = limits.mailedWaysMax
  const [keys, passkeys, identities] = await Promise.all([
    apiKey.find({
      filter: { userId, expiresAt: { gt: now } },
      include: { organisation: true },
      sort: ['-createdAt'],
      limit,
    }),
    passkey.find({ filter: { userId }, sort: ['-createdAt'], limit }),
    outsideIdentity.find({ filter: { userId }, limit }),
  ])
  return {
    keys: keys.data.map(({ name, prefix, lastUsedAt, organisation }) => {
      const where = organisation ? ` in ${mailedName(organisation.name, 'an organisation')}` : ''
      return `the key “${mailedName(name, 'a key')}” (${prefix}…)${where}, ${usedAt(lastUsedAt)}`
    }),
    ways: [
      ...passkeys.data.map(({ name, lastUsedAt }) => {
        return `the passkey “${mailedName(name, 'a passkey')}”, ${usedAt(lastUsedAt)}`
      }),
      ...identities.data.map(({ provider, lastUsedAt }) => {
        return `signing in by ${mailedName(provider, 'another provider')}, ${usedAt(lastUsedAt)}`
      }),
    ],
  }
}

function usedAt(lastUsedAt: string | null): string {
  return lastUsedAt === null ? 'never used' : `last used at ${lastUsedAt}`
}

/** Ends all keys of an account, and what it has agreed to: programs have to ask again. */
export async function endKeys({ data }: IdentityScope, userId: string): Promise<void> {
  const { apiKey } = data.unrestricted
  for (;;) {
    const { data: found } = await apiKey.find({ filter: { userId }, limit: 200 })
    for (const { id } of found) await apiKey.delete(id)
    if (found.length < 200) break
  }
  // An app that is no provider has none.
  const { oauthConsent } = data.unrestricted as Partial<ProviderScope['data']['unrestricted']>
  if (oauthConsent === undefined) return
  for (;;) {
    const { data: found } = await oauthConsent.find({ filter: { userId }, limit: 200 })
    for (const { id } of found) await oauthConsent.delete(id)
    if (found.length < 200) return
  }
}
