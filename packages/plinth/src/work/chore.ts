/** Owns the form of a chore: what a worker does now and then beside its jobs. */

import type { Session } from '../database/database.ts'

/** Something to be looked after. */
export interface Chore {
  readonly name: string
  /** How often at least. */
  readonly everyMs: number
  /** True: also soon after something was committed here. */
  readonly eager?: boolean
  /**
   * Does what is due at a moment (milliseconds since 1970). True where there may be jobs to claim
   * now, or more to do.
   */
  run(session: Session, nowMs: number): Promise<boolean>
}
