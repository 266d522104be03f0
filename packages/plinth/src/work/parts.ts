/** Owns what a worker is made of: handed in once, the same for all of its lives. */

import type { Runtime } from '../engine/runtime.ts'
import type { Chore } from './chore.ts'
import type { Runner } from './lease.ts'
import type { Waker } from './waker.ts'

/** What a worker works with. */
export interface WorkerParts {
  readonly runtime: Runtime
  readonly waker: Waker
  /** By the name of their jobs: declared ones and internal ones. */
  readonly runners: ReadonlyMap<string, Runner>
  /** How many jobs run at once. Default `jobsAtOnce`. */
  readonly jobsAtOnce?: number | undefined
  /** What it looks after beside its jobs. */
  readonly chores?: readonly Chore[]
  /** True: it does nothing by itself, only what `runDue` asks for. For tests. */
  readonly manual?: boolean
}
