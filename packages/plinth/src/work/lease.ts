/** Owns the contract between the worker and what runs a job: the lease on a claimed job. */

import type { Session } from '../database/database.ts'
import type { Retry } from '../define/logic/logic.ts'
import type { ClaimedJob } from '../effects/jobs/job.ts'
import type { Finished } from './queue/finish.ts'

/**
 * Runs one attempt at a job. It ends the attempt by `complete` or `postpone` inside a transaction
 * of its own; where it throws instead, the worker tries again by the runner's policy.
 */
export type JobRunner = (lease: Lease) => Promise<void>

/** A runner with its policy, as it is registered by the name of its jobs. */
export interface Runner {
  readonly run: JobRunner
  /** An attempt is given up after so many milliseconds. Default 60,000. */
  readonly timeoutMs?: number | undefined
  readonly retry?: Retry | undefined
  /** The queue whose jobs it takes, where that is no declared one. Default `default`. */
  readonly queue?: string | undefined
  /**
   * True: the places of a worker are shared out fairly among the owners of the jobs of its queue,
   * whose name they bear. The owner is a job's key up to the first slash.
   */
  readonly shared?: boolean
}

/** What one attempt holds. */
export interface Lease {
  readonly job: ClaimedJob
  /** Aborted when the time is up, the job was cancelled, or the worker lost its leases. */
  readonly aborted: AbortSignal
  /**
   * Keeps the job from being taken away until the transaction ends; fails with `lease_lost` where
   * it was. For transactions that do not complete the job.
   */
  fence(session: Session): Promise<void>
  /** Completes the job in the runner's own transaction; fails with `lease_lost`. */
  complete(session: Session): Promise<void>
  /**
   * What completes the job, for a runner that stores it with a statement of its own, under the same
   * fence; fails with `lease_lost`. Once that is committed it says so by `noteEnded`.
   */
  completion(): Promise<Finished>
  /** The attempt has ended in a statement of the runner's own. */
  noteEnded(): void
  /**
   * Ends the attempt in the runner's own transaction: the job is due again at an instant (RFC
   * 3339), with all its attempts, and keeps its place in its key. Fails with `lease_lost`.
   */
  postpone(session: Session, runAt: string): Promise<void>
  /** Ends the attempt as failed: again by the policy, or a dead letter. */
  retry(error: unknown, retry?: Retry): Promise<void>
  /** Ends the job as a dead letter, whatever the policy. */
  fail(error: unknown): Promise<void>
  /** Tells who looks how far it is: 0 to 1. Seen at once, whatever becomes of the attempt. */
  progress(done: number, note?: string): void
}
