/** Owns the check of how long jobs may take: by their own word, or by that of their queue. */

import { limits } from '../../base/limits.ts'
import type { Job, Queue } from '../../define/logic/logic.ts'
import type { Mistakes } from '../mistakes.ts'

/** Adds what is wrong with the times of jobs and queues. */
export function checkTimes(parts: Iterable<Job | Queue>, mistakes: Mistakes): void {
  const most = limits.jobTimeoutMsMax
  for (const part of parts) {
    const { kit, name, timeoutMs } = part
    if (timeoutMs === undefined) continue
    if (Number.isSafeInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= most) continue
    const cure = 'do what takes longer as a workflow, step by step'
    mistakes.add(`${kit}.${name}.timeoutMs`, `is 1 to ${most} milliseconds: ${cure}`)
  }
}
