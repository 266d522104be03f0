/** Owns the storing of mails, and with each of them the job that sends it, in one transaction. */

import type { MailContent } from '../base/mail.ts'
import type { Session } from '../database/database.ts'
import { insertJobs } from './jobs/insert.ts'
import type { NewJob } from './jobs/job.ts'

/** A mail to be sent after the commit. */
export interface StoredMail extends MailContent {
  /** A UUID; its Message-ID is made of it. */
  readonly id: string
  /** `<kit>.<mail>`. */
  readonly template: string
  readonly secret: boolean
  readonly traceId: string
}

/** The name of the jobs that send mails, and of their queue. */
export const mailJob = 'plinth.mail'

// The table is that of the model `mail` in mail/kit.ts: what is added there is added here.
const storeText = `insert into mail.mail (id, template, "from", "to", reply_to, subject, text, html,
    secret, status, attempts, recipients, log, created_at, updated_at, version)
  values ($1::uuid, $2, $3, $4::text[], $5, $6, $7, $8, $9::boolean, 'queued', 0, '[]', '[]',
    $10::timestamp with time zone, $10::timestamp with time zone, 1)`

/** Stores mails beside what they are about. */
export async function storeMails(
  session: Session,
  mails: readonly StoredMail[],
  { now, newId }: { readonly now: string; readonly newId: () => string },
): Promise<void> {
  const stored = mails.map((mail) => {
    const { id, template, from, to, replyTo, subject, text, html, secret } = mail
    const values = [id, template, from, to, replyTo, subject, text, html, secret, now]
    return session.query({ name: 'plinth_mail_store', text: storeText, values })
  })
  const jobs = mails.map(({ id, traceId }) => sendingJob({ id: newId(), mail: id, traceId }, now))
  await Promise.all([...stored, insertJobs(session, jobs, now)])
}

// Those that wait for a person are kept until somebody has decided.
const forgetText = `delete from mail.mail
  where status not in ('queued', 'unknown') and updated_at < $1::timestamp with time zone`

/** Forgets mails that ended before an instant (RFC 3339). */
export async function forgetMails(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetText, values: [before] })
  return count
}

/** What sends a mail once it is due. */
export function sendingJob(
  { id, mail, traceId }: { readonly id: string; readonly mail: string; readonly traceId: string },
  runAt: string,
): NewJob {
  return {
    ...{ id, job: mailJob, queue: mailJob, input: JSON.stringify({ mail }), priority: 0 },
    ...{ runAt, key: laneOf(mail), caller: { is: 'unrestricted', reason: 'mail' }, traceId },
  }
}

const lanes = 8

/** Mails of one lane are sent one after another: so many connections at most, over all nodes. */
function laneOf(mail: string): string {
  return `lane ${Number.parseInt(mail.slice(-2), 16) % lanes}`
}
