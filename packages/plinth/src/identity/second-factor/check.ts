/** Owns the checking of a second factor: each code counts once, and guesses are counted first. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { dayMs, minuteMs } from '../../base/time.ts'
import type { ActionScope } from '../../engine/runtime.ts'
import { wrongValue } from '../flows/begin.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { IdentityScope } from '../sight.ts'

const quarterHourMs = 15 * minuteMs
const yearMs = 365 * dayMs

/**
 * Counts a try, whichever flow it comes through: so many in a quarter of an hour, and of six digits
 * so many failures in all (NIST 800-63B-4, 3.2.2). Recovery codes are counted by themselves, in a
 * quarter of an hour alone: their 120 bits cannot be guessed, and they are the way back in where
 * somebody else has used up the tries of the digits. Fails with `rate_limited`.
 */
export async function countTry(
  { take }: Pick<ActionScope, 'take'>,
  { userId, code }: TypedFactor,
): Promise<void> {
  const digits = isDigits(typed(code))
  await take({
    key: digits ? recentKey(userId) : recoveryKey(userId),
    limit: limits.secondFactorTriesPerQuarterHour,
    windowMs: quarterHourMs,
  })
  if (!digits) return
  await take({ key: allKey(userId), limit: limits.secondFactorFailuresMax, windowMs: yearMs })
}

/** A right one makes the failures before it forgotten. */
export async function forgetTries(
  { restore }: Pick<ActionScope, 'restore'>,
  userId: string,
): Promise<void> {
  for (const key of triesOf(userId)) await restore(key)
}

/** The keys under which the tries of an account's second factor are counted. */
export function triesOf(userId: string): readonly string[] {
  return [recentKey(userId), recoveryKey(userId), allKey(userId)]
}

/**
 * Whoever has tried until no code is taken any more knew the password. Once a new one was set by
 * mail they know it no longer, and the owner can type codes again. Once in thirty days: whoever
 * reads the mails of the account gets no endless tries by it.
 */
export async function forgiveTries(
  { take, restore }: Pick<ActionScope, 'take' | 'restore'>,
  userId: string,
): Promise<void> {
  const key = `second-factor:forgiven:${userId}`
  try {
    await take({ key, limit: 1, windowMs: 30 * dayMs })
  } catch (error) {
    if (error instanceof Failure && error.code === 'rate_limited') return
    throw error
  }
  await restore(allKey(userId))
}

const recentKey = (userId: string): string => `second-factor:recent:${userId}`
const recoveryKey = (userId: string): string => `second-factor:recovery:${userId}`
const allKey = (userId: string): string => `second-factor:all:${userId}`

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
  const plain = typed(code)
  const fits = isDigits(plain)
    ? await useCode(parts, scope, { userId, code: plain })
    : await useRecovery(parts, scope, { userId, code: plain })
  if (!fits) throw wrongFactor()
}

function typed(code: string): string {
  return code.replace(/[\s-]/g, '').toUpperCase()
}

function isDigits(plain: string): boolean {
  return /^\d{6}$/.test(plain)
}

/** The one answer to a second factor that is not right. */
export function wrongFactor() {
  return wrongValue('code', 'The code is not right, was used, or is too old: take the next one.')
}

async function useCode(
  { sealer, totp }: IdentityParts,
  { data, now }: IdentityScope,
  { userId, code }: TypedFactor,
): Promise<boolean> {
  const { totpSecret } = data.unrestricted
  const { data: found } = await totpSecret.find({ filter: { userId }, limit: 1 })
  if (!found[0]) return false
  // Of two that show the same code at once one waits here, and then its step is not a new one.
  const kept = await totpSecret.lock(found[0].id)
  const secret = kept.confirmedAt ? await sealer.open(kept.sealed, userId) : undefined
  if (secret === undefined) return false
  const step = await totp.stepOf(secret, code, Date.parse(now))
  if (step === undefined || step <= kept.lastStep) return false
  await totpSecret.update(kept.id, { lastStep: step })
  return true
}

async function useRecovery(
  parts: IdentityParts,
  scope: IdentityScope,
  { userId, code }: TypedFactor,
): Promise<boolean> {
  const { recoveryCode, user } = scope.data.unrestricted
  const filter = { userId, codeHash: parts.tokens.hash(code) }
  const { data: found } = await recoveryCode.find({ filter, limit: 1 })
  const [kept] = found
  if (kept === undefined || !(await recoveryCode.consumeOnce(kept.id, 'usedAt'))) return false
  // They lie on paper: whoever has found it is seen by their owner.
  const unused = { userId, usedAt: { isNull: true } } as const
  const { data: left } = await recoveryCode.find({ filter: unused, limit: 200 })
  const what = `A recovery code was used in place of the second factor; ${left.length} are left.`
  await tellOfChange(parts, scope, { to: (await user.get(userId)).email, what })
  return true
}
