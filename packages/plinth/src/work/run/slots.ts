/** Owns what a worker has claimed: what waits for a place, and what runs in one. */

import { present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import { monotonicMs } from '../../base/time.ts'
import type { ClaimedJob } from '../../effects/jobs/job.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Runner } from '../lease.ts'
import type { DeclaredRunner } from './declared.ts'
import { type Grouped, runGroup } from './group.ts'
import { HeldJob, type HeldJobParts } from './held-job.ts'

/** How places are filled. */
export interface SlotsParts extends HeldJobParts {
  readonly runtime: Runtime
  readonly runners: ReadonlyMap<string, Runner>
  /** How many run at once. */
  readonly places: number
  /** Called when a place has become free; `keyed`: the next job of a key may run now. */
  readonly freed: (keyed: boolean) => void
}

interface Waiting {
  readonly held: HeldJob
  readonly sinceMs: number
}

// Only what takes no longer than this, by experience, shares a transaction with others.
const quickMs = 20
const experienceShare = 0.1
const ahead = 0.1

/** The places of one worker, for as long as it holds its leases. */
export class Slots {
  readonly #parts: SlotsParts
  readonly #waiting: Waiting[] = []
  readonly #running = new Set<HeldJob>()
  readonly #paceMs = new Map<string, number>()
  #busy = 0
  #perSecond = 0
  #idle: (() => void)[] = []

  constructor(parts: SlotsParts) {
    this.#parts = parts
  }

  /** How many more jobs are worth claiming: free places, and what the next moments can take. */
  get wanted(): number {
    const free = this.#parts.places - this.#busy
    const most = free + Math.floor(this.#perSecond * ahead)
    const wanted = Math.min(limits.jobsClaimedAtOnceMax, most) - this.#waiting.length
    // A few at a time cost as much as many: while a good part is there, nothing is fetched.
    return free > 0 || wanted > most / 2 ? Math.max(0, wanted) : 0
  }

  /** How many have a place of their own at once: for queues in which nothing may wait here. */
  get free(): number {
    return Math.max(0, this.#parts.places - this.#busy - this.#waiting.length)
  }

  /** Every job that is held, for looking after those that were cancelled. */
  get held(): readonly HeldJob[] {
    return [...this.#running, ...this.#waiting.map(({ held }) => held)]
  }

  /** Takes claimed jobs in, in their order. */
  add(jobs: readonly ClaimedJob[]): void {
    const sinceMs = monotonicMs()
    for (const job of jobs) {
      const runner = present(this.#parts.runners.get(job.name), `a runner of ${job.name}`)
      this.#waiting.push({ held: new HeldJob(job, runner, this.#parts), sinceMs })
    }
    this.#fill()
  }

  /** Takes back what has waited for too long for a place, to be given to other workers. */
  takeStale(longerThanMs: number): readonly HeldJob[] {
    const before = monotonicMs() - longerThanMs
    const stale = this.#waiting.filter(({ sinceMs }) => sinceMs < before)
    if (stale.length === 0) return []
    this.#perSecond = 0
    const kept = this.#waiting.filter(({ sinceMs }) => sinceMs >= before)
    this.#waiting.splice(0, this.#waiting.length, ...kept)
    return stale.map(({ held }) => held)
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#busy === 0 && this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Nothing that is held may be stored any more. */
  loseAll(): void {
    for (const { held } of this.#waiting.splice(0)) held.lose()
    for (const held of this.#running) held.lose()
  }

  #fill(): void {
    while (this.#busy < this.#parts.places && this.#waiting.length > 0) {
      const group = this.#takeGroup()
      this.#busy += 1
      void this.#runInPlace(group)
    }
  }

  /** Where more wait than there are places for, short ones share one. */
  #takeGroup(): readonly HeldJob[] {
    const first = present(this.#waiting.shift(), 'a waiting job').held
    if (!this.#isQuick(first)) return [first]
    const free = this.#parts.places - this.#busy
    const share = Math.ceil((this.#waiting.length + 1) / free)
    const group = [first]
    while (group.length < Math.min(share, limits.jobsPerTransactionMax)) {
      const next = this.#waiting[0]
      if (next === undefined || !this.#isQuick(next.held)) break
      group.push(next.held)
      this.#waiting.shift()
    }
    return group
  }

  #isQuick({ job, runner }: HeldJob): boolean {
    const pace = this.#paceMs.get(job.name)
    return job.attempt === 1 && pace !== undefined && pace < quickMs && sharesOf(runner)
  }

  async #runInPlace(group: readonly HeldJob[]): Promise<void> {
    for (const held of group) this.#running.add(held)
    const startedMs = monotonicMs()
    try {
      await this.#run(group)
    } finally {
      for (const held of group) this.#running.delete(held)
      this.#busy -= 1
      this.#note(group, monotonicMs() - startedMs)
      this.#fill()
      this.#parts.freed(group.some(({ job }) => job.key !== null))
      if (this.#busy === 0) for (const resolve of this.#idle.splice(0)) resolve()
    }
  }

  async #run(group: readonly HeldJob[]): Promise<void> {
    const [first, second] = group
    if (first && second === undefined) return first.run()
    const grouped = group.map((held): Grouped => {
      return { held, runner: held.runner as DeclaredRunner }
    })
    if (await runGroup(this.#parts.runtime, grouped)) return
    for (const held of group) await held.run()
  }

  #note(group: readonly HeldJob[], tookMs: number): void {
    const each = tookMs / group.length
    for (const { job } of group) {
      const known = this.#paceMs.get(job.name) ?? each
      this.#paceMs.set(job.name, known + (each - known) * experienceShare)
    }
    // What this place alone would do in a second, times all places, smoothed.
    const perSecond = (group.length * 1_000 * this.#parts.places) / Math.max(tookMs, 0.1)
    this.#perSecond += (perSecond - this.#perSecond) * experienceShare
  }
}

/** Whether its logic is nothing but a transaction. */
function sharesOf(runner: Runner): boolean {
  return 'declared' in runner && (runner as DeclaredRunner).declared.external === undefined
}
