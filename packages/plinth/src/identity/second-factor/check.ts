/** Owns the checking of a second factor: each code counts once, and guesses are counted first. */

import { limits } from '../../base/limits.ts'
import { minuteMs } from '../../base/time.ts'
import type { ActionScope } from '../../engine/runtime.ts'
import { wrongCredentials } from '../flows/begin.ts'
import type { IdentityParts } from '../flows/operation.ts'
import type { IdentityScope } from '../sight.ts'

const yearMs = 365 * 24 * 60 * minuteMs

/**
 * Counts a try, whichever flow it comes through: so many in a quarter of an hour, and so many
 * failures in all (NIST 800-63B-4, 3.2.2). Fails with `rate_limited`.
 */
export async function countTry({ take }: ActionScope, userId: string): Promise<void> {
  await take({
    key: `second-factor:recent:${userId}`,
    limit: limits.secondFactorTriesPerQuarterHour,
    windowMs: 15 * minuteMs,
  })
  await take({
    key: `second-factor:all:${userId}`,
    limit: limits.secondFactorFailuresMax,
    windowMs: yearMs,
  })
}

/** A right one makes the failures before it forgotten. */
export async function forgetTries({ restore }: ActionScope, userId: string): Promise<void> {
  await restore(`second-factor:recent:${userId}`)
  await restore(`second-factor:all:${userId}`)
}

/** What somebody typed as a second factor, and whose it must be. */
export interface TypedFactor {
  readonly userId: string
  /** Six digits of the authenticator app, or a recovery code. */
  readonly code: string
}

/**
 * Uses a second factor up: the code of a step of time, once, or a recovery code, once. Fails with
 * `invalid_credentials`.
 */
export async function useFactor(
  parts: IdentityParts,
  scope: IdentityScope,
  { userId, code }: TypedFactor,
): Promise<void> {
  const typed = code.replace(/[\s-]/g, '').toUpperCase()
  const fits = /^\d{6}$/.test(typed)
    ? await useCode(parts, scope, { userId, code: typed })
    : await useRecovery(parts, scope, { userId, code: typed })
  if (!fits) throw wrongFactor()
}

/** The one answer to a second factor that is not right. */
export function wrongFactor() {
  return wrongCredentials('The code is not right, was used, or is too old: take the next one.')
}

async function useCode(
  { sealer, totp }: IdentityParts,
  { data, now }: IdentityScope,
  { userId, code }: TypedFactor,
): Promise<boolean> {
  const { totpSecret } = data.unrestricted
  const { data: found } = await totpSecret.find({ filter: { userId }, limit: 1 })
  const [kept] = found
  const secret = kept?.confirmedAt ? await sealer.open(kept.sealed, userId) : undefined
  if (!kept || secret === undefined) return false
  const step = await totp.stepOf(secret, code, Date.parse(now))
  if (step === undefined || step <= kept.lastStep) return false
  // Of two that show the same code at once one commits (the transaction is serializable); the
  // other is repeated, and then the step is not a new one any more.
  await totpSecret.update(kept.id, { lastStep: step })
  return true
}

async function useRecovery(
  { tokens }: IdentityParts,
  { data }: IdentityScope,
  { userId, code }: TypedFactor,
): Promise<boolean> {
  const { recoveryCode } = data.unrestricted
  const filter = { userId, codeHash: tokens.hash(code) }
  const { data: found } = await recoveryCode.find({ filter, limit: 1 })
  const [kept] = found
  return kept !== undefined && (await recoveryCode.consumeOnce(kept.id, 'usedAt'))
}
