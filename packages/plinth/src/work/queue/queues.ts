/** Owns the queues as a worker knows them: declared ones with their limits, and all others. */

import { instantText } from '../../base/time.ts'
import type { CatalogLogic } from '../../catalog/logic/logic.ts'
import type { Session } from '../../database/database.ts'
import type { Queue } from '../../define/logic/logic.ts'
import { type ClaimedJob, defaultQueue } from '../../effects/jobs/job.ts'
import type { Runner } from '../lease.ts'
import { claimJobs, queuesWithJobs } from './claim.ts'
import { claimLimited } from './limited.ts'
import type { KeyLimits } from './order.ts'
import { claimShared } from './shared.ts'

/** How much is claimed, and for whom. */
export interface Claiming {
  readonly worker: number
  readonly nowMs: number
  readonly count: number
  /** How many have a place at once. */
  readonly wanted: () => number
  /** What is held, for sharing places out. */
  readonly held: () => readonly Pick<ClaimedJob, 'queue' | 'key'>[]
}

/** What came of a claim. */
export interface Claimed {
  readonly claimed: number
  /** When a limit allows more, in milliseconds since 1970. */
  readonly againMs: number | undefined
}

const dayMs = 86_400_000
const retentionDays = 7
const discoverMs = 5_000

/** The queues of one worker. */
export class Queues {
  readonly #declared: ReadonlyMap<string, Queue>
  readonly #limited: readonly (readonly [string, Queue])[]
  readonly #shared: ReadonlySet<string>
  readonly #names: readonly string[]
  readonly keyLimits: KeyLimits
  #plain: string[]
  #discoveredMs = 0
  #turn = 0

  constructor({ queues }: Pick<CatalogLogic, 'queues'>, runners: ReadonlyMap<string, Runner>) {
    this.#declared = queues
    this.#names = [...runners.keys()]
    this.#limited = [...queues].filter(([, queue]) => isLimited(queue))
    const known = [...runners.values()]
    const named = known.map(({ queue = defaultQueue }) => queue)
    this.#shared = new Set(
      known.flatMap(({ shared, queue }) => (shared === true && queue !== undefined ? [queue] : [])),
    )
    this.#plain = [...new Set([defaultQueue, ...named, ...queues.keys()])].filter((name) =>
      this.#isPlain(name),
    )
    const several = [...queues].filter(([, { concurrencyPerKey }]) => concurrencyPerKey > 1)
    this.keyLimits = {
      queues: several.map(([name]) => name),
      most: several.map(([, { concurrencyPerKey }]) => concurrencyPerKey),
    }
  }

  /** How long a done job of a queue is kept, in milliseconds. */
  keepMs(queue: string): number {
    return (this.#declared.get(queue)?.retentionDays ?? retentionDays) * dayMs
  }

  /** Finds queues that hold jobs and that nobody declares any more. */
  async discover(session: Session, nowMs = 0): Promise<void> {
    if (nowMs - this.#discoveredMs < discoverMs && this.#discoveredMs > 0) return
    this.#discoveredMs = nowMs
    for (const name of await queuesWithJobs(session)) {
      if (this.#isPlain(name) && !this.#plain.includes(name)) this.#plain.push(name)
    }
  }

  /** Claims from all queues: at first those without limits, another one first each time. */
  async claim(
    session: Session,
    { worker, nowMs, count, wanted, held }: Claiming,
    take: (jobs: readonly ClaimedJob[]) => void,
  ): Promise<Claimed> {
    const names = this.#names
    this.#turn = (this.#turn + 1) % this.#plain.length
    const queues = [...this.#plain.slice(this.#turn), ...this.#plain.slice(0, this.#turn)]
    const now = instantText(nowMs)
    const jobs = await claimJobs(session, { worker, queues, names, count, now })
    take(jobs)
    let claimed = jobs.length
    let soonestMs: number | undefined
    for (const queue of this.#shared) {
      const claim = { worker, queue, now, free: wanted(), held: held() }
      const more = await claimShared(session, claim)
      take(more)
      claimed += more.length
    }
    for (const [queue, limited] of this.#limited) {
      const claim = { worker, queue, names, nowMs, limits: limited, count: wanted() }
      const { jobs: more, againMs } = await claimLimited(session, claim)
      take(more)
      claimed += more.length
      if (againMs !== undefined) soonestMs = Math.min(againMs, soonestMs ?? againMs)
    }
    return { claimed, againMs: soonestMs }
  }

  #isPlain(name: string): boolean {
    const queue = this.#declared.get(name)
    return !this.#shared.has(name) && (queue === undefined || !isLimited(queue))
  }
}

function isLimited({ concurrency, rate, ratePerKey }: Queue): boolean {
  return concurrency !== undefined || rate !== undefined || ratePerKey !== undefined
}
