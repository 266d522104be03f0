/** Owns setting up an authenticator app, and giving it up again. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { textKind } from '../../kinds/kinds.ts'
import { given, type IdentityParts, operation } from '../flows/operation.ts'
import { endSessions, endTrust } from '../flows/sessions.ts'
import { demandUser } from '../flows/sign-in.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { waysIn } from '../ways-in.ts'
import { countTry, forgetTries, wrongFactor } from './check.ts'
import { rotation } from './rotation.ts'

/** Makes a secret for an authenticator app; it counts once a code of it was shown. */
export function setUpTotp(parts: IdentityParts): Action {
  return {
    operation: operation('setUpTotp', {
      path: 'set-up-totp',
      description:
        'Makes a secret for an authenticator app: as text, as an address, and as a QR code ' +
        '(SVG). It counts once `confirm-totp` was shown a code of it. Asks for a fresh proof by ' +
        'all factors, and for an address that is confirmed.',
      input: [],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      return scope.commit<{ status: number; value: object }, Sight>(async (inside) => {
        // Of passkeys that a second step asks for: one factor adds no other one beside them.
        await demandAllFactors(scope, inside, userId)
        const { user, totpSecret } = inside.data.unrestricted
        const { email, emailVerifiedAt } = await user.get(userId)
        demandVerified(parts, emailVerifiedAt)
        const { data: found } = await totpSecret.find({ filter: { userId }, limit: 1 })
        const [before] = found
        if (before?.confirmedAt) {
          throw new Failure('conflict', {
            detail: 'There is an authenticator app: remove it first.',
          })
        }
        if (before) await totpSecret.delete(before.id)
        const made = await parts.totp.make(email ?? userId)
        await totpSecret.create({ userId, sealed: await parts.sealer.seal(made.secret, userId) })
        return { status: 200, value: made }
      })
    },
  }
}

/** Makes the authenticator app count, and hands out recovery codes. */
export function confirmTotp(parts: IdentityParts): Action {
  return {
    operation: operation('confirmTotp', {
      path: 'confirm-totp',
      description:
        'Shows a code of the new authenticator app: from now on signing in asks for one. Answers ' +
        'with recovery codes, shown this once, and with a new token of the session; the old one ' +
        'is dead. All other sessions end.',
      input: [given('code', textKind({ min: 1, max: 12 }))],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      const code = String(scope.input.code).replace(/\s/g, '')
      await countTry(scope, { userId, code })
      const { put, answer } = rotation(scope, parts)
      const made = await scope.commit<Confirmed, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        const { totpSecret, user } = inside.data.unrestricted
        const { data: found } = await totpSecret.find({ filter: { userId }, limit: 1 })
        const [kept] = found
        const waits = kept !== undefined && kept.confirmedAt === null
        const secret = waits ? await parts.sealer.open(kept.sealed, userId) : undefined
        if (!kept || secret === undefined) {
          throw new Failure('conflict', {
            detail: 'Nothing waits to be confirmed: set it up first.',
          })
        }
        const step = await parts.totp.stepOf(secret, code, Date.parse(inside.now))
        if (step === undefined) throw wrongFactor()
        await totpSecret.update(kept.id, { confirmedAt: inside.now, lastStep: step })
        await user.update(userId, { secondFactor: true })
        // The session is worth more from now on: whoever has seen its token gets none of it.
        const expiresAt = await put(inside, { proof: { factors: 2, at: inside.now } })
        const here = sessionOf(scope)
        const what = 'An authenticator app was added.'
        await factorsChanged(parts, inside, { userId, here, what })
        return { expiresAt, recoveryCodes: await newCodes(parts, inside, userId) }
      })
      await forgetTries(scope, userId)
      return answer(made.expiresAt, { recoveryCodes: made.recoveryCodes })
    },
  }
}

interface Confirmed {
  readonly expiresAt: string
  readonly recoveryCodes: readonly string[]
}

/**
 * Whoever sets a factor on an address that is not theirs could keep its owner out for ever. Fails
 * with `conflict` where mail arrives, and the address was never confirmed.
 */
export function demandVerified(
  { mailArrives }: Pick<IdentityParts, 'mailArrives'>,
  emailVerifiedAt: string | null,
): void {
  if (!mailArrives || emailVerifiedAt !== null) return
  throw new Failure('conflict', {
    detail:
      'Confirm your address first: ask for the mail at /api/identity/send-verification, follow ' +
      'its link, then repeat this.',
  })
}

/** Signing in asks for no second factor any more. */
export function removeTotp(parts: IdentityParts): Action {
  return {
    operation: operation('removeTotp', {
      path: 'remove-totp',
      description:
        'Gives up the authenticator app; where there is no passkey that a second step could ask ' +
        'for, the recovery codes and all trusted devices too. Asks for a fresh proof by the ' +
        'second factor.',
      input: [],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      await scope.commit<void, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        const { totpSecret, user, session } = inside.data.unrestricted
        const { data: found } = await totpSecret.find({ filter: { userId }, limit: 1 })
        for (const { id } of found) await totpSecret.delete(id)
        const stays = (await waysIn(parts, inside, userId)).passkeys > 0
        if (!stays) {
          await endTrust(inside, userId)
          await forgetCodes(inside, userId)
          await user.update(userId, { secondFactor: false })
        }
        const here = sessionOf(scope)
        // From now on one factor is all that it can prove.
        if (here && !stays) await session.update(here, { assurance: 1 })
        const from = stays ? 'takes a passkey as its second step' : 'takes no second factor'
        const what = `The authenticator app was removed: signing in ${from}.`
        await factorsChanged(parts, inside, { userId, here, what })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Ends all recovery codes and makes new ones. */
export function newRecoveryCodes(parts: IdentityParts): Action {
  return {
    operation: operation('newRecoveryCodes', {
      path: 'new-recovery-codes',
      description: 'Ends all recovery codes and answers with new ones, shown this once.',
      input: [],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      const recoveryCodes = await scope.commit<readonly string[], Sight>(async (inside) => {
        if (!(await inside.data.unrestricted.user.get(userId)).secondFactor) {
          throw new Failure('conflict', { detail: 'There is no second factor: set one up first.' })
        }
        await demandAllFactors(scope, inside, userId)
        const here = sessionOf(scope)
        await factorsChanged(parts, inside, {
          userId,
          here,
          what: 'Recovery codes were made anew.',
        })
        return newCodes(parts, inside, userId)
      })
      return { status: 200, value: { recoveryCodes } }
    },
  }
}

/**
 * The caller's id, where they have shown who they are in the last minutes: a session stolen before
 * changes no factor. Fails with `step_up_required`.
 */
export function demandFreshProof(scope: ActionScope): string {
  const userId = demandUser(scope)
  const { caller } = scope
  const { agoMs = Number.POSITIVE_INFINITY } = (caller.is === 'user' && caller.proof) || {}
  if (agoMs <= limits.provedMinutesForFactors * minuteMs) return userId
  throw stepUpRequired()
}

/**
 * Where an account has a second factor, a session that began without it, on a trusted device,
 * proves too little to change it; one that has ended meanwhile proves nothing. Fails with
 * `step_up_required`.
 */
export async function demandAllFactors(
  scope: ActionScope,
  { data }: IdentityScope,
  userId: string,
): Promise<void> {
  const { user, session } = data.unrestricted
  const id = sessionOf(scope)
  if (id === undefined) throw stepUpRequired()
  const { data: found } = await session.find({ filter: { id, userId }, limit: 1 })
  const [here] = found
  const { secondFactor } = await user.get(userId)
  if (!here || (secondFactor && here.assurance < 2)) throw stepUpRequired()
}

/** Asks to show again who the caller is, by all that the account has. */
export function stepUpRequired(): Failure {
  return new Failure('step_up_required', {
    detail: 'Show again who you are, at /api/identity/step-up, then repeat this.',
  })
}

function sessionOf({ caller }: ActionScope): string | undefined {
  return caller.is === 'user' ? caller.sessionId : undefined
}

interface Changed {
  readonly userId: string
  readonly here: string | undefined
  readonly what: string
}

/** Whatever else was signed in before factors changed is signed in no more, and a mail says so. */
export async function factorsChanged(
  parts: IdentityParts,
  scope: IdentityScope,
  { userId, here, what }: Changed,
): Promise<void> {
  await endSessions(scope, userId, here)
  const { email } = await scope.data.unrestricted.user.get(userId)
  await tellOfChange(parts, scope, { to: email, what })
}

/** Makes recovery codes; those before end. */
export async function newCodes(
  { tokens }: IdentityParts,
  scope: IdentityScope,
  userId: string,
): Promise<readonly string[]> {
  await forgetCodes(scope, userId)
  const codes = Array.from({ length: limits.recoveryCodes }, () => tokens.recoveryCode())
  const { recoveryCode } = scope.data.unrestricted
  for (const code of codes) {
    await recoveryCode.create({ userId, codeHash: tokens.hash(code.replaceAll('-', '')) })
  }
  return codes
}

/** Ends all recovery codes. */
export async function forgetCodes({ data }: IdentityScope, userId: string): Promise<void> {
  const { recoveryCode } = data.unrestricted
  const { data: found } = await recoveryCode.find({ filter: { userId }, limit: 200 })
  for (const { id } of found) await recoveryCode.delete(id)
}
