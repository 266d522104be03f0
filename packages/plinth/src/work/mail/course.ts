/** Owns the course of a mail: what an attempt means for it, and when the next one is due. */

import { randomFraction } from '../../base/ids.ts'
import type { MailStatus } from '../../base/mail.ts'
import { instantText } from '../../base/time.ts'
import type { RecipientOutcome, SmtpOutcome } from '../../mail/smtp.ts'

/** What became of one address. */
export interface RecipientState {
  readonly address: string
  /** `admitted`: counted, and not answered for yet. `held`: it has had its share of such mails. */
  readonly status: 'sent' | 'rejected' | 'deferred' | 'admitted' | 'held'
  readonly response: string
}

/** One line of a mail's log. */
export interface MailLogLine {
  /** RFC 3339. */
  readonly at: string
  readonly outcome: SmtpOutcome['is'] | 'held'
  readonly detail: string
}

/** A mail between two attempts. */
export interface MailState {
  readonly to: readonly string[]
  readonly recipients: readonly RecipientState[]
  readonly log: readonly MailLogLine[]
  /** How many attempts were made, this one included. */
  readonly attempts: number
  readonly onUnknown: 'repeat' | 'ask'
  /** Where some have had their share of such mails: when one of them may get more (RFC 3339). */
  readonly held?: { readonly untilAt: string; readonly detail: string } | undefined
}

/** What an attempt changes. */
export interface MailStep {
  readonly status: MailStatus
  readonly detail: string
  readonly recipients: readonly RecipientState[]
  readonly log: readonly MailLogLine[]
  /** RFC 3339; null: no further attempt. */
  readonly nextAttemptAt: string | null
  readonly sentAt: string | null
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** Milliseconds before the second attempt, the third, and so on: three days in all. */
export const mailDelaysMs: readonly number[] = Object.freeze([
  minuteMs,
  5 * minuteMs,
  15 * minuteMs,
  hourMs,
  3 * hourMs,
  6 * hourMs,
  12 * hourMs,
  24 * hourMs,
  24 * hourMs,
])

const logLinesMax = 20

/** The addresses that do not have the mail yet, and may still get it. */
export function pendingOf({ to, recipients }: Pick<MailState, 'to' | 'recipients'>): string[] {
  const settled = new Set(
    recipients
      .filter(({ status }) => status === 'sent' || status === 'rejected')
      .map(({ address }) => address),
  )
  return to.filter((address) => !settled.has(address))
}

/** What follows from the outcome of an attempt. */
export function stepAfter(state: MailState, outcome: SmtpOutcome, nowMs: number): MailStep {
  const now = instantText(nowMs)
  const recipients = merged(state, outcome)
  const line: MailLogLine = { at: now, outcome: outcome.is, detail: outcome.detail }
  const log = [...state.log, line].slice(-logLinesMax)
  const next = settle({ ...state, recipients }, outcome, nowMs)
  const sentAt = next.status === 'sent' ? now : null
  return { ...next, recipients, log, sentAt }
}

type Settled = Pick<MailStep, 'status' | 'detail' | 'nextAttemptAt'>

function settle(state: MailState, outcome: SmtpOutcome, nowMs: number): Settled {
  const { recipients } = state
  const anySent = recipients.some(({ status }) => status === 'sent')
  const asked = askedOf(state)
  const { detail } = outcome
  const { held } = state
  if (asked.length === 0 && held) {
    const both = `${detailOf(state, detail)} ${held.detail}`
    return { status: 'queued', detail: both, nextAttemptAt: held.untilAt }
  }
  if (asked.length === 0) {
    return {
      status: anySent ? 'sent' : 'rejected',
      detail: detailOf(state, detail),
      nextAttemptAt: null,
    }
  }
  if (outcome.is === 'unknown' && state.onUnknown === 'ask') {
    return { status: 'unknown', detail: `${detail} ${askDetail}`, nextAttemptAt: null }
  }
  const delayMs = mailDelaysMs[state.attempts - 1]
  if (delayMs !== undefined) {
    const waitMs = Math.round(delayMs * (0.9 + 0.2 * randomFraction()))
    const againAt = instantText(Math.min(nowMs + waitMs, Date.parse(held?.untilAt ?? never)))
    return { status: 'queued', detail, nextAttemptAt: againAt }
  }
  const status = outcome.is === 'unknown' ? 'unknown' : anySent ? 'sent' : 'expired'
  return { status, detail: detailOf(state, detail), nextAttemptAt: null }
}

const never = '9999-01-01T00:00:00Z'

/** Those to whom an attempt goes. */
function askedOf(state: MailState): readonly string[] {
  const held = new Set(
    state.recipients.filter(({ status }) => status === 'held').map(({ address }) => address),
  )
  return pendingOf(state).filter((address) => !held.has(address))
}

const askDetail =
  'The connection broke after the mail was handed over: look at the mail server, then send it ' +
  'again or leave it.'

function detailOf({ to, recipients }: MailState, last: string): string {
  const sent = recipients.filter(({ status }) => status === 'sent').length
  return sent === 0 || sent === to.length ? last : `${sent} of ${to.length} addresses: ${last}`
}

function merged(state: MailState, outcome: SmtpOutcome): readonly RecipientState[] {
  const known = new Map(state.recipients.map((one) => [one.address, one]))
  const said: readonly RecipientOutcome[] =
    outcome.is === 'rejected'
      ? askedOf(state).map((address) => ({
          ...{ address, is: 'rejected', response: outcome.detail },
        }))
      : outcome.recipients
  for (const { address, is, response } of said) {
    const status = is === 'accepted' ? 'sent' : is
    if (known.get(address)?.status !== 'sent') known.set(address, { address, status, response })
  }
  return [...known.values()]
}
