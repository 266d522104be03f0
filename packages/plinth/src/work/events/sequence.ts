/** Owns the positions of events: dense, in the order in which events became visible. */

import { assert } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import type { Session } from '../../database/database.ts'
import type { Chore } from '../chore.ts'
import { lockClass } from '../queue/locks.ts'

const unseenText = 'select 1 from plinth.event where position is null limit 1'

const begin = { name: 'plinth_begin', text: 'begin isolation level read committed', values: [] }
// Positions are given to others: one that was told must never be given to another event.
const durable = {
  name: 'plinth_durable',
  text: 'set local synchronous_commit = on',
  values: [],
}
const lock = {
  name: 'plinth_position_lock',
  text: `select pg_catalog.pg_advisory_xact_lock(${lockClass.positions}, 0)`,
  values: [],
}
const commit = { name: 'plinth_commit', text: 'commit', values: [] }

const positionText = `with fresh as materialized (
    select expires_on, seq, row_number() over (order by seq) as place
    from (select expires_on, seq from plinth.event where position is null
      order by seq limit ${limits.eventsPerPassMax}) unseen
  ), head as (
    update plinth.event_head set position = position + (select count(*) from fresh)
    where exists (select from fresh)
    returning position - (select count(*) from fresh) as base
  )
  update plinth.event e set position = head.base + fresh.place
  from fresh, head
  where e.expires_on = fresh.expires_on and e.seq = fresh.seq and e.position is null`

/**
 * Gives positions to the events that have become visible since the last pass. One pass at a time;
 * what is seen first comes first, so a transaction that stays open for long holds nothing back, and
 * its events come behind those that were committed before it. Nothing is ever put in between: who
 * has read up to a position has read everything before it. Returns how many got one.
 */
export async function givePositions(session: Session): Promise<number> {
  const unseen = await session.query({ name: 'plinth_unseen', text: unseenText, values: [] })
  if (unseen.rows.length === 0) return 0
  const give = { name: 'plinth_position', text: positionText, values: [] }
  const [, , , given] = await Promise.all([
    session.query(begin),
    session.query(durable),
    session.query(lock),
    session.query(give),
    session.query(commit),
  ])
  assert(given !== undefined, 'the answer of the fourth statement')
  return given.count
}

/** Gives positions now and then, and soon after something was committed here. */
export const positionChore: Chore = {
  name: 'positions',
  everyMs: limits.jobPollMs,
  eager: true,
  // An event in its place is no job: those who make jobs of it look for themselves.
  run: async (session) => (await givePositions(session)) === limits.eventsPerPassMax,
}
