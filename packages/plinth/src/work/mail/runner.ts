/** Owns the sending of stored mails: intent, the talk with the mail server, the outcome. */

import { onItsWay, reach } from '../../base/failpoint.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { mailJob, sendingJob } from '../../effects/mails.ts'
import { recordAccess } from '../../engine/records.ts'
import type { PlainRecord, Runtime } from '../../engine/runtime.ts'
import type { MailStatus } from '../../mail/kit.ts'
import type { MailSettings } from '../../mail/settings.ts'
import type { SendMail, SmtpOutcome } from '../../mail/smtp.ts'
import type { Lease, Runner } from '../lease.ts'
import { type MailState, type MailStep, pendingOf, stepAfter } from './course.ts'

/** What mails are sent with. */
export interface MailParts {
  readonly runtime: Runtime
  readonly settings: MailSettings
  /** Undefined: nothing leaves, every mail stays in the mailbox. */
  readonly send: SendMail | undefined
}

interface MailRecord extends Omit<MailState, 'onUnknown'> {
  readonly id: string
  readonly template: string
  readonly from: string | null
  readonly replyTo: string | null
  readonly subject: string
  readonly text: string
  readonly html: string | null
  readonly secret: boolean
  readonly status: MailStatus
  readonly messageId: string | null
  readonly sendingSince: string | null
  readonly createdAt: string
}

interface Sending {
  readonly parts: MailParts
  readonly lease: Lease
  readonly mail: MailRecord
}

/** The runner of the jobs that send mails. */
export function mailRunner(parts: MailParts): Runner {
  return {
    queue: mailJob,
    timeoutMs: 120_000,
    // It counts answers itself; a process that dies on the way is not the fault of what it sent.
    retry: { attemptsMax: 1_000, delayMsMax: 60_000 },
    run: (lease) => run(parts, lease),
  }
}

async function run(parts: MailParts, lease: Lease): Promise<void> {
  const { database } = parts.runtime
  const { mail: id } = JSON.parse(lease.job.input) as { readonly mail: string }
  const found = await recordAccess(parts.runtime, database).find('mail', { filter: { id } })
  let mail = found[0] as unknown as MailRecord | undefined
  // Forgotten, or ended by an attempt whose lease was lost.
  if (mail?.status !== 'queued') return finish(lease, parts, async () => undefined)
  if (!parts.send) return keep({ parts, lease, mail })
  // An attempt before this one said that it would send, and never said what came of it.
  if (mail.sendingSince !== null) {
    const sending = { parts, lease, mail }
    const step = stepOf(sending, { is: 'unknown', detail: interrupted, recipients: [] })
    if (step.status !== 'queued') return store(sending, step)
    mail = { ...mail, log: step.log }
  }
  const messageId = mail.messageId ?? messageIdOf(mail.id, parts.settings)
  await intend({ parts, lease, mail }, messageId)
  const outcome = await onItsWay(
    parts.send({
      ...mail,
      messageId,
      recipients: pendingOf(mail),
      dateMs: Date.parse(mail.createdAt),
      aborted: lease.aborted,
    }),
  )
  await reach('effect.answered')
  const begun = { parts, lease, mail: { ...mail, attempts: mail.attempts + 1 } }
  await store(begun, stepOf(begun, outcome))
}

const interrupted = 'An attempt ended before its outcome was stored.'

/** The same in every attempt; derived from the mail's id, once. */
function messageIdOf(id: string, { from }: MailSettings): string {
  return `<${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`
}

/** Says, before anything is sent, that it may have been sent from now on. */
async function intend({ parts, lease, mail }: Sending, messageId: string): Promise<void> {
  const { runtime } = parts
  const patch = {
    ...{ messageId, attempts: mail.attempts + 1 },
    sendingSince: instantText(runtime.clock.now()),
  }
  await runtime.database.transaction(
    async (session) => {
      await lease.fence(session)
      await recordAccess(runtime, session).update('mail', mail.id, patch)
    },
    { isolation: 'read committed' },
  )
}

function stepOf({ parts, mail }: Sending, outcome: SmtpOutcome): MailStep {
  const { catalog, clock } = parts.runtime
  const onUnknown = catalog.logic.mails.get(mail.template)?.onUnknown ?? 'repeat'
  return stepAfter({ ...mail, onUnknown }, outcome, clock.now())
}

/** Stores what an attempt has brought, together with the end of its job or the next one's. */
async function store({ parts, lease, mail }: Sending, step: MailStep): Promise<void> {
  const { runtime } = parts
  const { nextAttemptAt } = step
  await finish(lease, parts, async (session) => {
    const { traceId } = lease.job
    const again = nextAttemptAt && { id: runtime.newId(), mail: mail.id, traceId }
    await Promise.all([
      recordAccess(runtime, session).update('mail', mail.id, {
        ...{ ...step, sendingSince: null },
        ...(mail.secret && isOver(step.status) ? forgotten : {}),
      }),
      again
        ? insertJobs(session, [sendingJob(again, nextAttemptAt)], instantText(runtime.clock.now()))
        : undefined,
    ])
  })
  if (step.status !== 'rejected' && step.status !== 'expired') return
  const message = `The mail ${mail.id} was not delivered: ${step.detail}`
  runtime.log({ level: 'warning', message, traceId: lease.job.traceId })
}

const forgotten: PlainRecord = Object.freeze({ text: '', html: null })

function isOver(status: MailStatus): boolean {
  return status === 'sent' || status === 'rejected' || status === 'expired'
}

/** Where nothing leaves the house, the mailbox is where a mail arrives. */
function keep({ parts, lease, mail }: Sending): Promise<void> {
  return finish(lease, parts, async (session) => {
    const patch = { status: 'kept', detail: 'It stays in the mailbox: SMTP_URL is not set.' }
    await recordAccess(parts.runtime, session).update('mail', mail.id, patch)
  })
}

function finish(
  lease: Lease,
  { runtime }: MailParts,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  return runtime.database.transaction(
    async (session) => {
      await lease.fence(session)
      await work(session)
      await lease.complete(session)
    },
    { isolation: 'read committed' },
  )
}
