/** Owns what operators see of schedules, and do with them. */

import { Failure } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'
import type { Schedule } from '../../define/logic/logic.ts'
import type { Runtime } from '../../engine/runtime.ts'
import {
  pausedSchedules,
  pauseSchedule,
  resumeSchedule,
  runSchedule,
} from '../../work/schedules/manage.ts'
import { lastTicks } from '../../work/schedules/schedules.ts'
import { nextTick } from '../../work/schedules/ticks.ts'

/** A schedule as operators see it. */
export interface SeenSchedule {
  readonly name: string
  readonly cron: string
  readonly timeZone: string
  readonly missed: string
  /** RFC 3339: the last tick that was fired; null: none was. */
  readonly lastTick: string | null
  /** RFC 3339; null: there is none, or it is paused. */
  readonly nextTick: string | null
  /** RFC 3339: since when it is paused; null: it is not. */
  readonly pausedAt: string | null
}

/** What operators can do with schedules. */
export interface Scheduling {
  schedules(): Promise<readonly SeenSchedule[]>
  /** Passes over its ticks, on all nodes. Fails with `not_found`. */
  pauseSchedule(name: string): Promise<void>
  /** Lets it go on with its next tick. False where it was not paused. Fails with `not_found`. */
  resumeSchedule(name: string): Promise<boolean>
  /** One run at once, also of one that is paused. Returns its job. Fails with `not_found`. */
  runSchedule(name: string): Promise<string>
}

/** The operating of schedules. */
export function scheduling(runtime: Runtime): Scheduling {
  const { catalog, database, clock } = runtime
  const declared = catalog.logic.schedules
  const now = (): string => instantText(clock.now())
  const demand = (name: string): Schedule => {
    const found = declared.get(name)
    if (found) return found
    const near = suggestionOrStop(name, declared.keys())
    throw new Failure('not_found', { detail: `There is no schedule "${name}"${near}` })
  }
  return {
    async schedules() {
      const [last, paused] = await Promise.all([lastTicks(database), pausedSchedules(database)])
      return [...declared].map(([name, { cron, timeZone, missed }]) => {
        const pausedAt = paused.get(name) ?? null
        const next = pausedAt === null ? nextTick({ cron, timeZone }, clock.now()) : undefined
        return {
          ...{ name, cron, timeZone, missed, lastTick: last.get(name) ?? null },
          ...{ nextTick: next === undefined ? null : instantText(next), pausedAt },
        }
      })
    },
    async pauseSchedule(name) {
      demand(name)
      await pauseSchedule(database, name, now())
    },
    async resumeSchedule(name) {
      demand(name)
      return resumeSchedule(database, name, now())
    },
    runSchedule: async (name) => runSchedule(runtime, demand(name)),
  }
}
