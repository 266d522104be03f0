/** Owns how much of one mail an address may get: who is written to now, and who a little later. */

import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import type { Mail, Rate } from '../../define/logic/logic.ts'
import { takeWithinLimit } from '../../effects/allowance.ts'
import { pendingOf, type RecipientState } from './course.ts'

/** Whom a mail may go to now. */
export interface Admission {
  readonly admitted: readonly string[]
  /** Undefined: nobody has to wait. */
  readonly held: Held | undefined
  /** What is known of each address now. */
  readonly recipients: readonly RecipientState[]
}

/** Who has had their share of such mails, and when the first of them may get another one. */
export interface Held {
  readonly addresses: readonly string[]
  /** RFC 3339. */
  readonly untilAt: string
  /** One sentence. */
  readonly detail: string
}

/** A mail that asks to be sent. */
export interface Applying {
  readonly template: string
  readonly to: readonly string[]
  readonly recipients: readonly RecipientState[]
}

const hourMs = 3_600_000

/** What holds for mails that declare nothing, and for those that are declared no more. */
export const usualRate: Rate = Object.freeze({
  limit: limits.mailsPerRecipientPerHour,
  windowMs: hourMs,
})

/**
 * Counts a mail once for each of its addresses, by template, over all nodes. In the transaction
 * that says that it will be sent, so that a mail that is tried again is not counted again.
 */
export async function admit(
  session: Session,
  mail: Applying,
  { declared, nowMs }: { readonly declared: Mail | undefined; readonly nowMs: number },
): Promise<Admission> {
  const rate = declared?.ratePerRecipient ?? usualRate
  const known = new Map(mail.recipients.map((one) => [one.address, one]))
  const pending = pendingOf(mail)
  const asking = rate === 'unlimited' ? [] : pending.filter((one) => isNew(known.get(one)))
  const waits: { readonly address: string; readonly seconds: number }[] = []
  // In one order, so that two mails to the same people wait for each other, never in a circle.
  for (const address of asking.toSorted()) {
    const key = `mail:${mail.template}:${address}`
    const { limit, windowMs } = rate as Rate
    const taken = await takeWithinLimit(session, { key, limit, windowMs }, instantText(nowMs))
    if (!taken.granted) waits.push({ address, seconds: taken.retryAfterSeconds })
    known.set(address, { address, status: taken.granted ? 'admitted' : 'held', response: '' })
  }
  const late = new Set(waits.map(({ address }) => address))
  return {
    admitted: pending.filter((address) => !late.has(address)),
    held: waits.length === 0 ? undefined : heldOf(mail, { rate: rate as Rate, waits, nowMs }),
    recipients: [...known.values()],
  }
}

function isNew(known: RecipientState | undefined): boolean {
  return known === undefined || known.status === 'held'
}

interface Waiting {
  readonly rate: Rate
  readonly waits: readonly { readonly address: string; readonly seconds: number }[]
  readonly nowMs: number
}

function heldOf({ to }: Applying, { rate, waits, nowMs }: Waiting): Held {
  const soonestMs = Math.min(...waits.map(({ seconds }) => seconds)) * 1_000
  const who = to.length === 1 ? 'its address has' : `${waits.length} of ${to.length} addresses have`
  const minutes = Math.round(rate.windowMs / 60_000)
  return {
    addresses: waits.map(({ address }) => address),
    untilAt: instantText(nowMs + soonestMs),
    detail: `Held back: ${who} had ${rate.limit} of this mail within ${minutes} minutes.`,
  }
}
