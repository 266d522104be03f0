/** Owns the clearing away of what has run out: sessions, replies, audit, jobs, events. */

import { limits } from '../base/limits.ts'
import { instantText } from '../base/time.ts'
import { forgetOperations } from '../effects/actions/operation.ts'
import { forgetTakings } from '../effects/actions/taking.ts'
import { forgetAllowances } from '../effects/allowance.ts'
import { forgetAudit } from '../effects/audit.ts'
import { forgetReplies } from '../effects/idempotency.ts'
import { forgetMails } from '../effects/mails.ts'
import { forgetDeliveries, forgetMessages } from '../effects/webhooks.ts'
import { forgetProofs, forgetSessions } from '../engine/identify/forget.ts'
import { forgetGrants } from '../engine/identify/oauth/kept.ts'
import type { Runtime } from '../engine/runtime.ts'
import { keepPartitions } from '../work/events/partitions.ts'
import { forgetJobs } from '../work/queue/retention.ts'
import { forgetWorkflows } from '../work/workflow/operate/keep.ts'
import { deleteDue, forgetGuests } from './people/leaving/forgetting.ts'

const everyMs = 300_000
const hourMs = 3_600_000

/** Clears away once. */
export async function clearAway(runtime: Runtime): Promise<void> {
  const { database, clock, catalog } = runtime
  const nowMs = clock.now()
  const now = instantText(nowMs)
  await forgetReplies(database, now)
  await forgetAllowances(database, now)
  await forgetTakings(database, now)
  await forgetOperations(database, now)
  await forgetAudit(database, instantText(nowMs - limits.auditDays * 24 * hourMs))
  await forgetSessions(database, nowMs)
  await forgetProofs(database, nowMs)
  await forgetGuests(runtime)
  await deleteDue(runtime)
  await forgetJobs(database, nowMs)
  await forgetWorkflows(database, now)
  await forgetMessages(database, instantText(nowMs - limits.webhookMessageDays * 24 * hourMs))
  if (catalog.models.has('oauthGrant')) await forgetGrants(database, nowMs)
  if (catalog.models.has('mail')) {
    await forgetMails(database, instantText(nowMs - limits.mailDays * 24 * hourMs))
  }
  if (catalog.models.has('webhookDelivery')) {
    await forgetDeliveries(database, instantText(nowMs - limits.webhookDeliveryDays * 24 * hourMs))
  }
  await keepPartitions(database, catalog.logic, nowMs)
}

/** Clears away every few minutes until it is ended. Keeps no process alive. */
export function startHousekeeping(runtime: Runtime): () => void {
  const timer = setInterval(() => {
    clearAway(runtime).catch((cause: unknown) => {
      const message = 'What has run out was not cleared away; the next round tries again.'
      runtime.log({ level: 'warning', message, cause })
    })
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
