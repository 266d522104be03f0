/** Owns the making of a mail: its template filled in, and everything in it checked. */

import { assert } from '../base/assert.ts'
import { invalidInput, type Problem } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { MailContent } from '../base/mail.ts'
import type { Mail } from '../define/logic/logic.ts'
import { addressOf, parseSender } from './settings.ts'

/** To whom a mail goes, and what its template is filled with. */
export interface MailOrder {
  readonly to: readonly string[]
  readonly replyTo: string | undefined
  /** Checked values. */
  readonly input: Readonly<Record<string, unknown>>
}

/**
 * Fills in a template. Fails with `invalid_input` for addresses that are none, too many of them,
 * and a subject that holds a line break: it could become a header of its own.
 */
export function mailContent(mail: Mail, { to, replyTo, input }: MailOrder): MailContent {
  const problems: Problem[] = []
  const recipients = checkRecipients(to, problems)
  const reply = replyTo === undefined ? null : addressOf(replyTo)
  if (reply === undefined) problems.push(badAddress('/replyTo'))
  const subject = textOf(mail, 'subject', mail.subject(input as never))
  checkSubject(subject, problems)
  if (problems.length > 0) throw invalidInput(problems)
  const html = mail.html?.(input as never)
  return {
    ...{ from: mail.from ?? null, to: recipients, replyTo: reply ?? null, subject },
    text: bodyOf(mail, 'text', mail.text(input as never)),
    html: html === undefined ? null : bodyOf(mail, 'html', html.text),
  }
}

/** What is wrong with the declaration of a mail, before any is sent. */
export function mailProblem(mail: Mail): string | undefined {
  const rate = mail.ratePerRecipient
  if (rate !== 'unlimited' && !(isWhole(rate.limit, 1) && isWhole(rate.windowMs, 1_000))) {
    return 'has a ratePerRecipient that means nothing: give { limit: 5, windowMs: 3_600_000 }'
  }
  if (mail.from === undefined || parseSender(mail.from)) return undefined
  return `has the sender "${mail.from}": write an address, or Name <address>`
}

function isWhole(value: number, min: number): boolean {
  return Number.isSafeInteger(value) && value >= min
}

function checkRecipients(to: readonly string[], problems: Problem[]): readonly string[] {
  const found = new Set<string>()
  to.forEach((text, index) => {
    const address = addressOf(text)
    if (address === undefined) problems.push(badAddress(`/to/${index}`))
    else found.add(address)
  })
  const { mailRecipientsMax: max } = limits
  if (to.length < 1 || found.size > max) {
    const detail = `Give 1 to ${max} addresses; more of them are mails of their own.`
    problems.push({ pointer: '/to', code: 'wrong_length', detail })
  }
  return [...found]
}

function badAddress(pointer: string): Problem {
  const detail = 'Give one e-mail address such as name@example.com, without a name.'
  return { pointer, code: 'bad_format', detail }
}

function checkSubject(subject: string, problems: Problem[]): void {
  const { mailSubjectCharactersMax: max } = limits
  if (/[\p{Cc}\u2028\u2029]/u.test(subject)) {
    const detail = 'A subject is one line: leave out line breaks and control characters.'
    problems.push({ pointer: '/subject', code: 'bad_format', detail })
  } else if (subject.trim() === '' || [...subject].length > max || !subject.isWellFormed()) {
    const detail = `A subject has 1 to ${max} characters.`
    problems.push({ pointer: '/subject', code: 'wrong_length', detail })
  }
}

function textOf(mail: Mail, part: string, made: unknown): string {
  assert(typeof made === 'string', `The mail ${mail.kit}.${mail.name} has a ${part} that is text.`)
  return made
}

function bodyOf(mail: Mail, part: string, made: unknown): string {
  const text = textOf(mail, part, made).toWellFormed().replaceAll('\0', '')
  if (text.length <= limits.mailTextBytesMax) return text
  const detail = `The ${part} of a mail has at most ${limits.mailTextBytesMax} characters.`
  throw invalidInput([{ pointer: `/${part}`, code: 'too_long', detail }])
}
