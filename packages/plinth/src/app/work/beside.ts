/** Owns the workers of one process side by side: who waits for others holds nobody up. */

import type { Runtime } from '../../engine/runtime.ts'
import type { Runner } from '../../work/lease.ts'
import { Waker } from '../../work/waker.ts'
import { Worker } from '../../work/worker.ts'

/** The workers of a process, as one. */
export interface Working {
  /** Resolves when all of them have registered. */
  readonly registered: Promise<void>
  /** Runs everything that is due, until nothing is. Returns how many attempts were made. */
  runDue(): Promise<number>
  /** Ends them: nothing new is claimed, what runs may end in its time. */
  drain(timeoutMs?: number): Promise<void>
}

/** Jobs that spend their time waiting for somebody outside. */
export interface OutsideJobs {
  readonly runners: readonly (readonly [string, Runner])[]
  /** How many run at once in this process. */
  readonly atOnce: number
}

interface Beside {
  readonly runtime: Runtime
  readonly manual: boolean
  readonly outside: readonly OutsideJobs[]
}

/**
 * Opens a worker of its own for each kind of jobs that wait for others: a receiver that takes
 * fifteen seconds for each answer takes none of the places in which the app's own jobs run.
 */
export function workersFor({ runtime, manual, outside }: Beside): readonly Worker[] {
  return outside
    .filter(({ runners }) => runners.length > 0)
    .map(({ runners, atOnce }) => {
      const waker = new Waker(runtime.database)
      return new Worker({ runtime, waker, runners: new Map(runners), jobsAtOnce: atOnce, manual })
    })
}

/** Several workers as one. */
export function together(workers: readonly Worker[]): Working {
  return {
    get registered() {
      return Promise.all(workers.map(({ registered }) => registered)).then(() => undefined)
    },
    async runDue() {
      let attempts = 0
      // What one does may give another something to do.
      for (;;) {
        let more = 0
        for (const worker of workers) more += await worker.runDue()
        if (more === 0) return attempts
        attempts += more
      }
    },
    async drain(timeoutMs) {
      await Promise.all(workers.map((worker) => worker.drain(timeoutMs)))
    },
  }
}

/** Starts them. The word that there is work goes to all of them. */
export function startAll(workers: readonly Worker[], waker: Waker): void {
  const [main] = workers
  for (const worker of workers) worker.start()
  waker.attach({
    takes: (news) => main?.takes(news) === true,
    wake(news) {
      // Only the first one puts events in order.
      if (news === 'events') main?.wake(news)
      else for (const worker of workers) worker.wake(news)
    },
  })
}
