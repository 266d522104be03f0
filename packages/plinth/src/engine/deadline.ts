/** Owns deadlines: work whose answer nobody waits for any more is not begun. */

import { Failure } from '../base/failure.ts'
import type { Call } from './call.ts'
import type { Runtime } from './runtime.ts'

/**
 * Refuses a call whose deadline has passed. Asked before the work, and again by whoever had to wait
 * for a connection; a statement under way ends by the server's own `statement_timeout`, and what
 * has begun to commit is never given up. Fails with `deadline_exceeded`.
 */
export function demandTime({ clock }: Runtime, { deadlineMs }: Call): void {
  if (deadlineMs === undefined || clock.now() < deadlineMs) return
  throw new Failure('deadline_exceeded', {
    detail: 'The deadline of the call passed before the work began: nothing was done.',
  })
}
