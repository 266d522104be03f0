/** Owns how long workflows are kept: those that ended are forgotten when their time is over. */

import type { Session } from '../../../database/database.ts'

const forgetText = `with old as materialized (
    select w.id from plinth.workflow w where w.keep_until < $1::timestamp with time zone
      and not exists (select from plinth.workflow p
        where p.id = w.parent_id and p.ended_at is null)
    order by w.keep_until limit 500 for update of w skip locked
  ), steps as (
    delete from plinth.workflow_step where workflow_id in (select id from old)
  ), signals as (
    delete from plinth.workflow_signal where workflow_id in (select id from old)
  )
  delete from plinth.workflow where id in (select id from old)`

/**
 * Forgets workflows whose time is over, with their steps and signals. A child stays as long as its
 * parent goes on, which may have to undo it. Returns how many.
 */
export async function forgetWorkflows(session: Session, now: string): Promise<number> {
  let forgotten = 0
  for (;;) {
    const { count } = await session.query({ text: forgetText, values: [now] })
    forgotten += count
    if (count === 0) return forgotten
  }
}
