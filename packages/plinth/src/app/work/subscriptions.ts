/** Owns what operators do with durable subscriptions: see where they stand, and set them back. */

import { Failure } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'
import { readEvents } from '../../effects/events/log.ts'
import {
  type EventsFrom,
  forgetSubscription,
  listSubscriptions,
  rewindSubscription,
} from '../../effects/events/subscriptions.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { demandInstant, isInstant } from '../../work/events/replay.ts'
import { subscriptionQueue, typesOf } from '../../work/events/subscription.ts'

/** A subscription as operators see it. */
export interface SeenSubscription {
  /** `<kit>.<subscription>`. */
  readonly name: string
  /** The last position of the log that it is through with. */
  readonly position: number
  /** By how many positions the log is ahead; not all of them are events that it reads. */
  readonly behind: number
  /** The position of the next event that it reads; null: there is none, or nobody reads. */
  readonly next: number | null
  /** RFC 3339. */
  readonly movedAt: string
  /** `failing`: see `error`; it is tried again by itself. `undeclared`: nobody reads it. */
  readonly state: 'waiting' | 'reading' | 'failing' | 'undeclared'
  readonly error: string | null
}

/** Which subscription goes on where. */
export interface Rewinding {
  readonly subscription: string
  /** `oldest`, `now`, the position of the first event, or an instant (RFC 3339). */
  readonly to: string | number
}

/** What operators can do with subscriptions. */
export interface Subscribing {
  subscriptions(): Promise<readonly SeenSubscription[]>
  rewind(rewinding: Rewinding): Promise<number>
  forgetSubscription(name: string): Promise<void>
}

/** The operating of subscriptions. */
export function subscribing({ catalog, database, clock, effects }: Runtime): Subscribing {
  const declared = catalog.logic.subscriptions
  return {
    async subscriptions() {
      const rows = await listSubscriptions(database, subscriptionQueue)
      const nextOf = async (name: string, after: number): Promise<number | null> => {
        const found = declared.get(name)
        const question = { after, limit: 1, types: found && typesOf(found) }
        return found ? ((await readEvents(database, question))[0]?.position ?? null) : null
      }
      const nexts = await Promise.all(rows.map(([name, at]) => nextOf(name ?? '', Number(at))))
      return rows.map((row, index) => {
        return seen(row, { isDeclared: declared.has(row[0] ?? ''), next: nexts[index] ?? null })
      })
    },
    async rewind({ subscription: name, to }) {
      const found = declared.get(name)
      if (!found) {
        const near = suggestionOrStop(name, declared.keys())
        throw new Failure('not_found', { detail: `There is no subscription "${name}"${near}` })
      }
      const now = instantText(clock.now())
      const subscriber = { name, types: typesOf(found) }
      const at = await rewindSubscription(database, { subscriber, from: startOf(to), now })
      effects.wake()
      return at
    },
    async forgetSubscription(name) {
      if (declared.has(name)) {
        const detail = `${name} is declared: take it out of its kit first, or rewind it.`
        throw new Failure('conflict', { detail })
      }
      await forgetSubscription(database, name)
    },
  }
}

/** True for what a subscription can be rewound to. */
export function isPlace(to: string): boolean {
  return to === 'oldest' || to === 'now' || isPosition(Number(to)) || isInstant(to)
}

/** True for a position of the log. */
export function isPosition(position: number): boolean {
  return Number.isSafeInteger(position) && position > 0
}

function startOf(to: string | number): EventsFrom {
  if (to === 'oldest' || to === 'now') return to
  const position = Number(to)
  if (isPosition(position)) return { position }
  return { time: demandInstant(String(to)) }
}

interface Known {
  readonly isDeclared: boolean
  readonly next: number | null
}

function seen(row: readonly (string | null)[], { isDeclared, next }: Known): SeenSubscription {
  const [name, position, behind, movedMs, job, attempt, error] = row
  const isFailing = job === 'retrying' || (job !== null && Number(attempt) > 1)
  const busy = isFailing ? 'failing' : job === null ? 'waiting' : 'reading'
  return {
    ...{ name: name ?? '', position: Number(position), behind: Number(behind), next },
    ...{ movedAt: instantText(Number(movedMs)), state: isDeclared ? busy : 'undeclared' },
    error: isFailing ? (error ?? null) : null,
  }
}
