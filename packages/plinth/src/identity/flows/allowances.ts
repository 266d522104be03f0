/** Owns how often a network can try to sign in and ask for mails, and whether any leave at all. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { dayMs, hourMs, minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import type { IdentityParts } from './operation.ts'

/** Tries to sign in from one network, whichever way in they take. */
export function signInAllowance(remoteAddress: string): Allowance {
  return {
    key: `sign-in:network:${networkOf(remoteAddress)}`,
    limit: limits.signInsPerMinutePerNetwork,
    windowMs: minuteMs,
  }
}

/** Under what tries to sign in to an account are counted, from devices that it does not know. */
export function accountTries(email: string): string {
  return `sign-in:account:${email}`
}

/**
 * Tries at one password: each stage waits longer than the one before, and none shuts out for good.
 * What an earlier stage refuses costs nothing of the later ones.
 */
function triesAt(key: string): readonly Allowance[] {
  return [
    { key, limit: limits.signInsPerMinutePerAccount, windowMs: minuteMs },
    { key: `${key}:hour`, limit: limits.signInsPerHourPerAccount, windowMs: hourMs },
    { key: `${key}:day`, limit: limits.signInsPerDayPerAccount, windowMs: dayMs },
  ]
}

/** Counts a try at a password before it is checked. Fails with `rate_limited`. */
export async function takeTries({ take }: Pick<ActionScope, 'take'>, key: string): Promise<void> {
  for (const allowance of triesAt(key)) await take(allowance)
}

/** Makes the tries before a success forgotten. */
export async function forgetTriesAt(
  { restore }: Pick<ActionScope, 'restore'>,
  key: string,
): Promise<void> {
  for (const allowance of triesAt(key)) await restore(allowance.key)
}

type Allowance = ReturnType<NonNullable<Action['allowances']>>[number]

/**
 * Mails to one address, whichever flow asks for them: so that nobody fills the mailbox of somebody
 * else.
 */
export function recipientAllowance(email: string): Allowance {
  return {
    key: `account-mail:${email}`,
    limit: limits.accountMailsPerQuarterHour,
    windowMs: 15 * minuteMs,
  }
}

/**
 * Counted before anything is looked up, known address or not: by the network that asks, then by
 * the address that would get a mail.
 */
export function mailAllowances(
  what: string,
  perNetwork = limits.accountMailsPerHourPerNetwork,
): NonNullable<Action['allowances']> {
  return ({ email }, { remoteAddress }) => [
    { key: `${what}:network:${networkOf(remoteAddress)}`, limit: perNetwork, windowMs: hourMs },
    ...(typeof email === 'string' ? [recipientAllowance(email)] : []),
  ]
}

/** Fails with `unavailable` where no mail would arrive. */
export function demandMail({ sendsMail }: Pick<IdentityParts, 'sendsMail'>): void {
  if (sendsMail) return
  throw new Failure('unavailable', {
    detail: 'This server sends no mail: its operator has to set SMTP_URL and PLINTH_URL.',
  })
}
