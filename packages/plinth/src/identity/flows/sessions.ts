/** Owns the ending of sessions, and of other ways in, by what happens to an account. */

import { endGrants } from '../provider/endings.ts'
import type { IdentityScope } from '../sight.ts'

/**
 * Ends all sessions of a user but one, the tokens of agents, which stand beside them, the sign-ins
 * that wait for a second factor, and what programs of others were granted: they began by what may
 * count no more. They are dead for the next call.
 */
export async function endSessions(
  inside: IdentityScope,
  userId: string,
  keep?: string,
): Promise<void> {
  await endGrants(inside, userId)
  const { data } = inside
  const { session, pendingSignIn, signedOutSession } = data.unrestricted
  await endAgents({ data }, userId)
  // Nor is done what waits of those that were signed out before.
  for (;;) {
    const { data: left } = await signedOutSession.find({ filter: { userId }, limit: 200 })
    await Promise.all(left.map(({ id }) => signedOutSession.delete(id)))
    if (left.length < 200) break
  }
  for (;;) {
    const { data: waiting } = await pendingSignIn.find({ filter: { userId }, limit: 200 })
    await Promise.all(waiting.map(({ id }) => pendingSignIn.delete(id)))
    if (waiting.length < 200) break
  }
  for (;;) {
    const { data: found } = await session.find({ filter: { userId }, limit: 200 })
    const ending = found.filter(({ id }) => id !== keep)
    await Promise.all(ending.map(({ id }) => session.delete(id)))
    if (found.length < 200) return
  }
}

/**
 * Ends a session as its user does who goes away: calls of it that were accepted for later are still
 * made. However else a session ends, they are not.
 */
export async function signOutOf({ data, now }: IdentityScope, id: string): Promise<void> {
  const { session, signedOutSession } = data.unrestricted
  const { data: found } = await session.find({ filter: { id }, limit: 1 })
  // None: ended meanwhile, by another call. It is gone, as asked.
  for (const { userId } of found) {
    await signedOutSession.create({ userId, session: id, endedAt: now })
    await session.delete(id)
  }
}

/** On none of a user's devices a second factor is left out any more. */
export async function endTrust({ data }: IdentityScope, userId: string): Promise<void> {
  const { trustedDevice } = data.unrestricted
  for (;;) {
    const { data: found } = await trustedDevice.find({ filter: { userId }, limit: 200 })
    await Promise.all(found.map(({ id }) => trustedDevice.delete(id)))
    if (found.length < 200) return
  }
}

/** Nothing that a user has lent to an agent is good any more. */
export async function endAgents(
  { data }: Pick<IdentityScope, 'data'>,
  userId: string,
): Promise<void> {
  const { agentToken } = data.unrestricted
  for (;;) {
    const { data: found } = await agentToken.find({ filter: { userId }, limit: 200 })
    await Promise.all(found.map(({ id }) => agentToken.delete(id)))
    if (found.length < 200) return
  }
}

/**
 * Ends all that lets somebody into an account beside its password and its sessions: passkeys, keys,
 * identities of other providers; and webhooks, to which what happens in it is told. Whoever is the
 * first to show that the address is theirs gets the account alone, and whoever made it may have
 * been somebody else.
 */
export async function endOtherWays({ data }: IdentityScope, userId: string): Promise<void> {
  const { passkey, apiKey, outsideIdentity } = data.unrestricted
  for (const model of [passkey, apiKey, outsideIdentity]) await endAll(model, { userId })
  // Of another kit, where the app has it: to whoever made it all would be told that happens.
  const { webhookEndpoint } = data.unrestricted as { readonly webhookEndpoint?: Owned }
  if (webhookEndpoint) await endAll(webhookEndpoint, { ownerId: userId })
}

async function endAll(model: Owned, filter: Readonly<Record<string, string>>): Promise<void> {
  for (;;) {
    const { data: found } = await model.find({ filter, limit: 200 } as never)
    await Promise.all(found.map(({ id }) => model.delete(id)))
    if (found.length < 200) return
  }
}

/** A model with rows of a user. */
interface Owned {
  find(query: never): Promise<{ readonly data: readonly { readonly id: string }[] }>
  delete(id: string): Promise<unknown>
}
