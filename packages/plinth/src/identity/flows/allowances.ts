/** Owns how often a network can try to sign in and ask for mails, and whether any leave at all. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf, siteOf } from '../../base/network.ts'
import { dayMs, hourMs, minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import type { IdentityParts } from './operation.ts'

/** Tries to sign in from one network, whichever way in they take. */
export function signInAllowances(remoteAddress: string): readonly Allowance[] {
  const limit = limits.signInsPerMinutePerNetwork
  return byNetwork(remoteAddress, { what: 'sign-in', limit, windowMs: minuteMs })
}

/**
 * So much from one network, and ten times as much from one site: whoever has a line of their own
 * turns 65,536 networks of IPv6, and tries one password at each account from another.
 */
export function byNetwork(
  remoteAddress: string,
  { what, limit, windowMs }: Omit<Allowance, 'key'> & { readonly what: string },
): readonly Allowance[] {
  const site = siteOf(remoteAddress)
  const more = { key: `${what}:site:${site}`, limit: limit * limits.networksPerSite, windowMs }
  return [
    { key: `${what}:network:${networkOf(remoteAddress)}`, limit, windowMs },
    ...(site === undefined ? [] : [more]),
  ]
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
 * else. Each network that asks has few of its own, so that nobody uses up by one what its owner may
 * ask for by another.
 */
export function recipientAllowances(email: string, remoteAddress: string): readonly Allowance[] {
  const windowMs = 15 * minuteMs
  const own = limits.accountMailsPerQuarterHourPerNetwork
  const network = siteOf(remoteAddress) ?? networkOf(remoteAddress)
  return [
    { key: `account-mail:${email}:network:${network}`, limit: own, windowMs },
    { key: `account-mail:${email}`, limit: limits.accountMailsPerQuarterHour, windowMs },
  ]
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
    ...byNetwork(remoteAddress, { what, limit: perNetwork, windowMs: hourMs }),
    ...(typeof email === 'string' ? recipientAllowances(email, remoteAddress) : []),
  ]
}

/** Fails with `unavailable` where no mail would arrive. */
export function demandMail({ sendsMail }: Pick<IdentityParts, 'sendsMail'>): void {
  if (sendsMail) return
  throw new Failure('unavailable', {
    detail: 'This server sends no mail: its operator has to set SMTP_URL and PLINTH_URL.',
  })
}
