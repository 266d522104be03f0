/** Owns the watch that workers keep over one another: the dead, the frozen, the cancelled. */

import { limits } from '../../base/limits.ts'
import { monotonicMs } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import type { Log } from '../../engine/runtime.ts'
import type { Chore } from '../chore.ts'
import type { HeldJob } from '../run/held-job.ts'
import { giveBack } from './finish.ts'
import { beat, endFrozen, heldBy, takeOver } from './sweep.ts'

/** What the watch is kept with. */
export interface WatchParts {
  readonly number: number
  readonly log: Log
  readonly held: () => readonly HeldJob[]
  /** Told that jobs of the dead are ready again: not every worker can run each of them. */
  readonly returned: () => void
}

interface Seen {
  readonly beats: number
  readonly atMs: number
}

/**
 * One worker's watch over all. A dead process is known by its lock. A frozen one keeps its lock,
 * but its beats stand still; how long is measured on the watcher's own monotonic counter, so that
 * a clock that jumps declares nobody dead.
 */
export class Watch {
  readonly #parts: WatchParts
  readonly #seen = new Map<number, Seen>()
  #lastBeatMs = 0

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  /** What a worker does for it. */
  get chores(): readonly Chore[] {
    return [
      {
        name: 'sweep',
        everyMs: limits.workerSweepMs,
        run: async (session) => {
          const ready = (await takeOver(session)) > 0
          // Or the worker beside, which it takes to run them, would find them by its next look.
          if (ready) this.#parts.returned()
          return ready
        },
      },
      {
        name: 'beat',
        everyMs: limits.workerBeatMs,
        run: async (session) => {
          await this.#beat(session)
          await this.#compare(session)
          return false
        },
      },
    ]
  }

  async #beat(session: Session): Promise<void> {
    const { number, log } = this.#parts
    const beats = await beat(session, number)
    const nowMs = monotonicMs()
    // Whoever was frozen itself has seen nothing for as long, and judges nobody.
    if (nowMs - this.#lastBeatMs > 2 * limits.workerBeatMs) this.#seen.clear()
    this.#lastBeatMs = nowMs
    for (const [other, count] of beats) {
      const seen = this.#seen.get(other)
      if (seen?.beats !== count) this.#seen.set(other, { beats: count, atMs: nowMs })
      else if (other !== number && nowMs - seen.atMs > limits.workerFrozenMs) {
        const message = `The worker ${other} is frozen: its jobs are taken over.`
        log({ level: 'warning', message })
        await endFrozen(session, other)
      }
    }
    for (const other of this.#seen.keys()) if (!beats.has(other)) this.#seen.delete(other)
  }

  /**
   * What this worker holds is the same here and in the database. The message that a job was
   * cancelled may have been lost; and a job that nobody here knows of must not wait for our end.
   */
  async #compare(session: Session): Promise<void> {
    const before = this.#parts.held()
    const known = await heldBy(session, this.#parts.number)
    const there = new Set(known.map(({ claim }) => claim))
    for (const one of before) {
      if (!there.has(one.job.claim)) one.lose()
    }
    const here = new Set(this.#parts.held().map(({ job }) => job.claim))
    const unknown = known.filter(({ claim }) => !here.has(claim))
    if (unknown.length > 0) await giveBack(session, unknown)
  }
}
