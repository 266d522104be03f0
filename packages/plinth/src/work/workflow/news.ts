/** Owns the waking of workflows by what was committed: signals, and events with their place. */

import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { wakeForEvents, wakeNudged } from '../../effects/workflows/news.ts'
import type { Chore } from '../chore.ts'

/**
 * Follows the log in memory. A worker that has just begun looks at everybody who waits, because
 * what the one before it had seen may be lost with it.
 */
export function newsChore(): Chore {
  let life: Session | undefined
  let position: number | undefined
  return {
    name: 'workflow news',
    everyMs: limits.jobPollMs,
    eager: true,
    async run(session, nowMs) {
      if (session !== life) position = undefined
      life = session
      const now = instantText(nowMs)
      const nudges = await wakeNudged(session, now)
      const seen = await wakeForEvents(session, position, now)
      position = seen.position
      return nudges + seen.woken > 0
    },
  }
}
