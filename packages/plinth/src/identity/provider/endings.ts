/** Owns the ending of what programs were granted, by what happens to an account. */

import type { IdentityScope } from '../sight.ts'
import type { ProviderScope } from './kit.ts'

/**
 * Ends all that programs of others were given by a user: their tokens are dead for the next call.
 * What the user has agreed to is remembered. Does nothing in an app that is no provider.
 */
export async function endGrants({ data }: IdentityScope, userId: string): Promise<void> {
  const models = data.unrestricted as Partial<ProviderScope['data']['unrestricted']>
  const grants = models.oauthGrant
  if (grants === undefined) return
  for (;;) {
    const { data: found } = await grants.find({ filter: { userId }, limit: 200 })
    await Promise.all(found.map(({ id }) => grants.delete(id)))
    if (found.length < 200) return
  }
}

/** What of a program ends. */
export interface OfProgram {
  readonly userId: string
  readonly clientId: string
  /** In which alone. Default: everywhere. */
  readonly organisationId?: string
}

/** Takes back what a program was given: its tokens are dead at once, and it has to ask again. */
export async function endProgram(
  { oauthConsent, oauthGrant }: ProviderScope['data']['unrestricted'],
  filter: OfProgram,
): Promise<void> {
  const { data: agreed } = await oauthConsent.find({ filter, limit: 1 })
  for (const { id } of agreed) await oauthConsent.delete(id)
  for (;;) {
    const { data: grants } = await oauthGrant.find({ filter, limit: 200 })
    for (const { id } of grants) await oauthGrant.delete(id)
    if (grants.length < 200) return
  }
}
