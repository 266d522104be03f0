/** Owns challenges: made here, kept as hashes, each good for one thing, in one place, once. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { instantText, minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { byNetwork } from '../flows/allowances.ts'
import type { IdentityParts } from '../flows/operation.ts'
import type { PasskeyPurpose } from '../models/passkeys.ts'
import type { IdentityScope } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import type { WebAuthn } from './web-authn.ts'

/** What a challenge is made for. */
export interface ChallengeFor {
  readonly purpose: PasskeyPurpose
  /** Absent: for whoever comes with it. */
  readonly userId?: string
  /** The session, or the sign-in that waits for its second factor. */
  readonly boundTo?: string
}

/** Makes a challenge. */
export async function makeChallenge(
  { tokens }: Pick<IdentityParts, 'tokens'>,
  { data, now }: IdentityScope,
  { purpose, userId, boundTo }: ChallengeFor,
): Promise<string> {
  const { token, hash } = tokens.make(prefixes.passkey)
  await data.unrestricted.passkeyChallenge.create({
    ...{ tokenHash: hash, purpose },
    ...{ userId: userId ?? null, boundTo: boundTo ?? null },
    expiresAt: instantText(Date.parse(now) + limits.passkeyChallengeMinutes * minuteMs),
  })
  return token
}

/** Uses a challenge up. False where it is none of these, was used, or is too old. */
export async function useChallenge(
  { tokens }: Pick<IdentityParts, 'tokens'>,
  { data, now }: IdentityScope,
  { challenge, purpose, userId, boundTo }: ChallengeFor & { readonly challenge: string },
): Promise<boolean> {
  const { passkeyChallenge } = data.unrestricted
  const filter = { tokenHash: tokens.hash(challenge), purpose, expiresAt: { gt: now } }
  const { data: found } = await passkeyChallenge.find({ filter, limit: 1 })
  const [kept] = found
  if (!kept || kept.userId !== (userId ?? null) || kept.boundTo !== (boundTo ?? null)) return false
  return passkeyChallenge.consumeOnce(kept.id, 'usedAt')
}

/** Challenges cost a row each: a network gets so many a minute, whatever for. */
export const challengeAllowance: NonNullable<Action['allowances']> = (_, { remoteAddress }) =>
  byNetwork(remoteAddress, {
    what: 'passkey-challenge',
    limit: limits.passkeyChallengesPerMinutePerNetwork,
    windowMs: minuteMs,
  })

/** The protocol. Fails with `unavailable` where the server has no address for passkeys. */
export function demandWebAuthn({ webAuthn }: Pick<IdentityParts, 'webAuthn'>): WebAuthn {
  if (webAuthn) return webAuthn
  throw new Failure('unavailable', {
    detail:
      'This server has no address that passkeys can be made for: its operator has to set ' +
      'PLINTH_URL to one that begins with https and has a name.',
  })
}

/** The session of a call. Fails with `sign_in_required` where it came without one. */
export function demandSession({ caller }: Pick<ActionScope, 'caller'>): string {
  if (caller.is === 'user' && caller.sessionId !== undefined) return caller.sessionId
  throw new Failure('sign_in_required', { detail: 'Sign in to do this: it takes a session.' })
}
