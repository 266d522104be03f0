/** Owns sending a mail again when a person says so. */

import { Failure } from '../../base/failure.ts'
import type { MailStatus } from '../../base/mail.ts'
import { instantText } from '../../base/time.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { hasUnfinished } from '../../effects/jobs/unfinished.ts'
import { sendingJob } from '../../effects/mails.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { SendAgain } from '../../mail/flows.ts'
import type { RecipientState } from './course.ts'

interface Ended {
  readonly status: MailStatus
  readonly text: string
  readonly secret: boolean
  readonly recipients: readonly RecipientState[]
}

/** Queues mails again. Of two who say so at once, the second is told that it is queued. */
export function mailSender(runtime: () => Runtime): SendAgain {
  return async (id, traceId) => {
    const live = runtime()
    const now = instantText(live.clock.now())
    await live.database.transaction(async (session) => {
      const records = recordAccess(live, session)
      const [found] = await records.find('mail', { filter: { id } })
      if (!found) throw new Failure('not_found')
      const { status, text, secret, recipients } = found as unknown as Ended
      const job = sendingJob({ id: live.newId(), mail: id, traceId }, now)
      if (status === 'sent') throw standing(status)
      // Its job may have been cancelled, or be a dead letter: then nobody sends it any more.
      if (status === 'queued' && (await hasUnfinished(session, job))) throw standing(status)
      if (secret && text === '') throw forgotten()
      const have = recipients.filter((one) => one.status === 'sent')
      const patch = { status: 'queued', attempts: 0, sendingSince: null, heldSince: null }
      await records.update('mail', id, { ...patch, recipients: have })
      await insertJobs(session, [job], now)
    })
    live.effects.wake()
  }
}

function standing(status: MailStatus): Failure {
  return new Failure('conflict', {
    detail: status === 'sent' ? 'It was sent: write another mail.' : 'It waits to be sent already.',
  })
}

function forgotten(): Failure {
  return new Failure('conflict', {
    detail: 'Its secret text was forgotten when it ended: let the app write another one.',
  })
}
