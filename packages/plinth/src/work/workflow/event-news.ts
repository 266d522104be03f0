/** Owns the waking of workflows by events, once these have their place in the log. */

import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { wakeForEvents } from '../../effects/workflows/news.ts'
import type { Chore } from '../chore.ts'

/**
 * Follows the log in memory. A worker that has just begun looks at everybody who waits, because
 * what the one before it had seen may be lost with it.
 */
export function eventNewsChore(): Chore {
  let life: Session | undefined
  let position: number | undefined
  return {
    name: 'workflow events',
    everyMs: limits.jobPollMs,
    eager: true,
    async run(session, nowMs) {
      if (session !== life) position = undefined
      life = session
      const seen = await wakeForEvents(session, position, instantText(nowMs))
      position = seen.position
      return seen.woken > 0
    },
  }
}
