/** Owns how often a network can try to sign in and ask for mails, and whether any leave at all. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { hourMs, minuteMs } from '../../base/time.ts'
import type { Action } from '../../engine/runtime.ts'
import type { IdentityParts } from './operation.ts'

/** Tries to sign in from one network, whichever way in they take. */
export function signInAllowance(remoteAddress: string): Allowance {
  return {
    key: `sign-in:network:${networkOf(remoteAddress)}`,
    limit: limits.signInsPerMinutePerNetwork,
    windowMs: minuteMs,
  }
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
