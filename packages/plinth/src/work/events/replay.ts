/** Owns the replay of events: new runs of one handler for what the log still holds. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import { logicName } from '../../catalog/logic/logic.ts'
import { suggestion } from '../../catalog/mistakes.ts'
import { headPosition, positionSince, readEvents } from '../../effects/events/log.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { jobFor } from './catch-up.ts'

/** Which events are handled anew, and by whom. */
export interface Replay {
  /** `<kit>.<name>`. */
  readonly handler: string
  /** The first position, or an instant (RFC 3339). */
  readonly from: number | string
  /** The last position. Default: the end of the log as it is now. */
  readonly to?: number | undefined
}

/**
 * Enqueues a new run of a handler for every event of its type in a part of the log, in the log's
 * order. Returns how many. Fails with `not_found` where there is no such handler.
 */
export async function replayEvents(
  runtime: Pick<Runtime, 'catalog' | 'database' | 'clock' | 'newId' | 'effects'>,
  { handler: name, from, to }: Replay,
): Promise<number> {
  const { catalog, database, clock, newId } = runtime
  const handler = catalog.logic.handlers.get(name)
  if (!handler) {
    const known = [...catalog.logic.handlers.keys()]
    const near = suggestion(name, known) || `. There are: ${known.join(', ') || 'none'}.`
    throw new Failure('not_found', { detail: `There is no handler "${name}"${near}` })
  }
  const last = Math.min(to ?? Number.MAX_SAFE_INTEGER, await headPosition(database))
  const types = [logicName(handler.event)]
  const now = instantText(clock.now())
  let count = 0
  let after =
    (typeof from === 'number' ? from : await positionSince(database, demandInstant(from))) - 1
  while (after < last) {
    const events = await readEvents(database, { after, limit: limits.eventsPerPassMax, types })
    const wanted = events.filter(({ position }) => position <= last)
    const jobs = wanted.map((event) => jobFor(handler, event, { id: newId(), now }))
    if (jobs.length > 0) await insertJobs(database, jobs, now)
    count += jobs.length
    after = wanted.at(-1)?.position ?? last
    if (events.length < limits.eventsPerPassMax) break
  }
  if (count > 0) runtime.effects.wake()
  return count
}

/** Fails with `usage` where a text is no instant. */
export function demandInstant(text: string): string {
  if (isInstant(text)) return text
  const detail = `"${text}" is neither a position nor an instant: 2026-01-31T09:00:00Z.`
  throw new Failure('usage', { detail })
}

/** True for a text that says when. */
export function isInstant(text: string): boolean {
  return !Number.isNaN(Date.parse(text))
}
