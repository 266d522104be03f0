/** Owns the sending of stored mails: intent, the talk with the mail server, the outcome. */

import { onItsWay, reach } from '../../base/failpoint.ts'
import { limits } from '../../base/limits.ts'
import type { MailRecord, MailStatus } from '../../base/mail.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { mailJob, sendingJob } from '../../effects/mails.ts'
import { recordAccess } from '../../engine/records.ts'
import type { PlainRecord, Runtime } from '../../engine/runtime.ts'
import type { MailSettings } from '../../mail/settings.ts'
import type { SendMail, SmtpOutcome } from '../../mail/smtp.ts'
import type { Lease, Runner } from '../lease.ts'
import { type Admission, admit, type Held } from './admission.ts'
import { type MailState, type MailStep, stepAfter } from './course.ts'

/** What mails are sent with. */
export interface MailParts {
  readonly runtime: Runtime
  readonly settings: MailSettings
  /** Undefined: nothing leaves, every mail stays in the mailbox. */
  readonly send: SendMail | undefined
}

interface StoredRecord extends MailRecord, Omit<MailState, 'onUnknown' | 'held'> {
  readonly secret: boolean
  readonly sendingSince: string | null
  readonly heldSince: string | null
  readonly createdAt: string
}

interface Sending {
  readonly parts: MailParts
  readonly lease: Lease
  readonly mail: StoredRecord
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
  let mail = found[0] as unknown as StoredRecord | undefined
  // Forgotten, or ended by an attempt whose lease was lost.
  if (mail?.status !== 'queued') return finish(lease, parts, async () => undefined)
  if (!parts.send) return keep({ parts, lease, mail })
  // An attempt before this one said that it would send, and never said what came of it.
  if (mail.sendingSince !== null) {
    // It is not counted, or processes that die in a row would use up three days within seconds.
    const sending = { parts, lease, mail: { ...mail, attempts: 1 } }
    const step = stepOf(sending, { is: 'unknown', detail: interrupted, recipients: [] })
    if (step.status !== 'queued') return store(sending, step)
    mail = { ...mail, log: step.log, attempts: mail.attempts - 1 }
  }
  const messageId = mail.messageId ?? messageIdOf(mail.id, parts.settings)
  const admission = await intend({ parts, lease, mail }, messageId)
  if (admission === undefined) return
  const { admitted, recipients, held } = admission
  const outcome = await onItsWay(
    parts.send({
      ...{ ...mail, messageId, recipients: admitted },
      ...{ dateMs: Date.parse(mail.createdAt), aborted: lease.aborted },
    }),
  )
  await reach('effect.answered')
  const begun = { parts, lease, mail: { ...mail, recipients, attempts: mail.attempts + 1 } }
  await store(begun, stepOf(begun, outcome, held))
}

const interrupted = 'An attempt ended before its outcome was stored.'

/** The same in every attempt; derived from the mail's id, once. */
function messageIdOf(id: string, { from }: MailSettings): string {
  return `<${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`
}

/**
 * Says, before anything is sent, to whom it may have been sent from now on. Undefined where all of
 * them have had their share of such mails: then the attempt has ended.
 */
function intend(
  { parts, lease, mail }: Sending,
  messageId: string,
): Promise<Admission | undefined> {
  const { runtime } = parts
  const nowMs = runtime.clock.now()
  const declared = runtime.catalog.logic.mails.get(mail.template)
  return runtime.database.transaction(
    async (session) => {
      await lease.fence(session)
      const admission = await admit(session, mail, { declared, nowMs })
      const { held, recipients, admitted } = admission
      const heldSince = held ? (mail.heldSince ?? instantText(nowMs)) : null
      const patch = { messageId, recipients, heldSince }
      if (held && admitted.length === 0) {
        await hold({ parts, lease, mail: { ...mail, ...patch } }, session, held)
        return undefined
      }
      const begun = { attempts: mail.attempts + 1, sendingSince: instantText(nowMs) }
      await recordAccess(runtime, session).update('mail', mail.id, { ...patch, ...begun })
      return admission
    },
    { isolation: 'read committed' },
  )
}

const dayMs = 86_400_000

/** Ends an attempt at which nobody could be written to; after some days, the mail. */
async function hold(
  { parts, lease, mail }: Sending,
  session: Session,
  { untilAt, detail }: Held,
): Promise<void> {
  const { runtime } = parts
  const { id, messageId, recipients, heldSince, log } = mail
  const nowMs = runtime.clock.now()
  const at = instantText(nowMs)
  const sinceMs = Date.parse(heldSince ?? at)
  const isOver = Date.parse(untilAt) - sinceMs > limits.mailHeldDays * dayMs
  const line = { at, outcome: 'held', detail }
  const said = sinceMs === nowMs || isOver ? [...log, line] : log
  await Promise.all([
    recordAccess(runtime, session).update('mail', id, {
      ...{ messageId, recipients, heldSince, log: said, detail },
      ...(isOver ? { status: 'expired', nextAttemptAt: null } : { nextAttemptAt: untilAt }),
      ...(mail.secret && isOver ? forgotten : {}),
    }),
    isOver ? undefined : repeat({ parts, lease, mail }, session, untilAt),
  ])
  await lease.complete(session)
  if (sinceMs !== nowMs && !isOver) return
  const message = `The mail ${id} (${mail.template}) ${isOver ? 'was not delivered' : 'waits'}.`
  runtime.log({ level: 'warning', message: `${message} ${detail}`, traceId: lease.job.traceId })
}

function repeat({ parts, lease, mail }: Sending, session: Session, at: string): Promise<unknown> {
  const { newId, clock } = parts.runtime
  const { traceId } = lease.job
  const job = sendingJob({ id: newId(), mail: mail.id, traceId }, at)
  return insertJobs(session, [job], instantText(clock.now()))
}

function stepOf({ parts, mail }: Sending, outcome: SmtpOutcome, held?: Held): MailStep {
  const { catalog, clock } = parts.runtime
  const onUnknown = catalog.logic.mails.get(mail.template)?.onUnknown ?? 'repeat'
  return stepAfter({ ...mail, onUnknown, held }, outcome, clock.now())
}

/** Stores what an attempt has brought, together with the end of its job or the next one's. */
async function store({ parts, lease, mail }: Sending, step: MailStep): Promise<void> {
  const { runtime } = parts
  const { nextAttemptAt } = step
  await finish(lease, parts, async (session) => {
    await Promise.all([
      recordAccess(runtime, session).update('mail', mail.id, {
        ...{ ...step, sendingSince: null },
        ...(mail.secret && isOver(step.status) ? forgotten : {}),
      }),
      nextAttemptAt === null ? undefined : repeat({ parts, lease, mail }, session, nextAttemptAt),
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
