/** Owns the forgetting of jobs that are done and no longer kept. */

import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'

const perRound = 2_000
const tickDays = 90
const dayMs = 86_400_000

const forgetText = `with gone as (
    delete from plinth.job where id = any(array(
      select id from plinth.job
      where keep_until is not null and keep_until <= $1::timestamp with time zone
      order by keep_until limit ${perRound}))
    returning id
  ), told as (
    delete from plinth.job_progress where job = any(array(select id from gone))
  )
  select count(*) from gone`
const ticksText = 'delete from plinth.schedule_tick where tick < $1::timestamp with time zone'

/** Forgets done and cancelled jobs whose time is over, and old ticks. Returns how many jobs. */
export async function forgetJobs(session: Session, nowMs: number): Promise<number> {
  const now = instantText(nowMs)
  await session.query({ text: ticksText, values: [instantText(nowMs - tickDays * dayMs)] })
  for (let all = 0; ; ) {
    const { rows } = await session.query({ text: forgetText, values: [now] })
    const count = Number(rows[0]?.[0] ?? 0)
    all += count
    if (count < perRound) return all
  }
}
