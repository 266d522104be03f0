/** Owns the use of a passkey: checked, held against what is kept, locked where it was copied. */

import { Failure } from '../../base/failure.ts'
import type { ActionScope } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { endSessions } from '../flows/sessions.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { PasskeyPurpose } from '../models/passkeys.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { type ChallengeFor, demandWebAuthn, useChallenge } from './challenges.ts'
import type { CheckedUse, UsedResponse } from './web-authn.ts'

/** A passkey that somebody shows, and what for. */
export interface ShownPasskey extends ChallengeFor {
  readonly purpose: Exclude<PasskeyPurpose, 'add'>
  readonly response: UsedResponse
}

/** Takes a passkey in a transaction; returns whose it is. Fails with `invalid_credentials`. */
export type TakePasskey = (inside: IdentityScope) => Promise<string>

/**
 * Checks a passkey that was shown, then does what it is shown for, which takes it in its own
 * transaction. Fails with `invalid_credentials` where anything is wrong: one answer for all of it.
 * One whose counter went back is locked and told of, since a copy of it may be about.
 */
export async function byPasskey<T>(
  scope: ActionScope,
  parts: IdentityParts,
  { shown, work }: { readonly shown: ShownPasskey; work(take: TakePasskey): Promise<T> },
): Promise<T> {
  const proven = await prove(scope, parts, shown)
  let behind = false
  const take: TakePasskey = async (inside) => {
    const { kept, isBehind } = await hold(parts, inside, proven)
    behind = isBehind
    if (isBehind) throw wrongPasskey()
    const { counter, backedUp } = proven.use
    const changes = { counter: String(counter), backedUp, lastUsedAt: inside.now }
    await inside.data.unrestricted.passkey.update(kept.id, changes)
    return kept.userId
  }
  try {
    return await work(take)
  } catch (error) {
    if (behind) await lock(scope, parts, proven)
    throw error
  }
}

/** The one answer to a passkey that is not right. */
export function wrongPasskey(cause?: unknown): Failure {
  return new Failure('invalid_credentials', {
    detail: 'The passkey was not taken: try again, or show who you are in another way.',
    cause,
  })
}

/** A passkey whose signature is right. */
interface Proven {
  readonly shown: ShownPasskey
  readonly use: CheckedUse
  readonly passkeyId: string
  readonly publicKey: string
}

async function prove(
  { unrestricted }: ActionScope,
  parts: IdentityParts,
  shown: ShownPasskey,
): Promise<Proven> {
  const webAuthn = demandWebAuthn(parts)
  const { response } = shown
  const [kept] = await unrestricted.find('passkey', {
    filter: { credentialId: response.id },
    limit: 1,
  })
  const publicKey = String(kept?.publicKey ?? nobodysKey)
  // Of a passkey that nobody has, as much is checked.
  const use = await webAuthn.checkUsed(response, publicKey).catch((cause: unknown) => {
    throw wrongPasskey(cause)
  })
  if (!kept) throw wrongPasskey()
  return { shown, use, passkeyId: String(kept.id), publicKey }
}

// ES256 with the curve's own base point, whose secret is the number one.
const nobodysKey =
  'pQECAyYgASFYIGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWIlggT-NC4v4af5uO5-tKfA-eFivOM1drMV7' +
  'Oy7ZAaDe_UfU'

/** Holds what was shown against what is kept: where nothing can come between. */
async function hold(
  parts: IdentityParts,
  inside: IdentityScope,
  { shown, use, passkeyId, publicKey }: Proven,
) {
  const { passkey, passkeyHandle, user } = inside.data.unrestricted
  if (!(await useChallenge(parts, inside, { ...shown, challenge: use.challenge }))) {
    throw wrongPasskey()
  }
  const { data: found } = await passkey.find({ filter: { id: passkeyId }, limit: 1 })
  const [kept] = found
  if (!kept || kept.publicKey !== publicKey || kept.lockedAt !== null) throw wrongPasskey()
  const { userId } = kept
  if (shown.userId !== undefined && shown.userId !== userId) throw wrongPasskey()
  if ((await user.get(userId)).suspended) throw wrongPasskey()
  const { data: handles } = await passkeyHandle.find({ filter: { userId }, limit: 1 })
  // Where nobody was named, the passkey has to say whose it is; and it never names another.
  const named = use.handle ?? (shown.userId === undefined ? '' : handles[0]?.handle)
  if (named !== handles[0]?.handle) throw wrongPasskey()
  if (use.backupEligible !== kept.backupEligible) throw wrongPasskey()
  return { kept, isBehind: isBehind(use.counter, kept.counter) }
}

/** One that counts its uses counts on; many do not count, and say 0 each time. */
function isBehind(counter: number, kept: string): boolean {
  const before = Number(kept)
  return (counter !== 0 || before !== 0) && counter <= before
}

/** Locks a passkey of which there seem to be two, ends all sessions, and tells its owner. */
async function lock(scope: ActionScope, parts: IdentityParts, proven: Proven): Promise<void> {
  await scope.commit<void, Sight>(async (inside) => {
    const { kept, isBehind } = await hold(parts, inside, proven)
    if (!isBehind) return
    const { passkey, user } = inside.data.unrestricted
    await passkey.update(kept.id, { lockedAt: inside.now })
    await endSessions(inside, kept.userId)
    const { email } = await user.get(kept.userId)
    const what =
      `The passkey "${kept.name}" was locked: its counter went back, so a copy of it may be in ` +
      'use. Remove it.'
    await tellOfChange(parts, inside, { to: email, what })
  })
}
