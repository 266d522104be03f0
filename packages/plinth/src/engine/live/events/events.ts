/** Owns the events that are followed on a node: by type, from the durable log, in its order. */

import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { suggestionOrStop } from '../../../catalog/mistakes.ts'
import { headPosition, readEvents } from '../../../effects/events/log.ts'
import { droppedFor } from '../../../effects/events/subscriptions.ts'
import type { Call } from '../../call.ts'
import { demandOneScope, demandPossibleFor } from '../../operations/allowed.ts'
import type { Runtime } from '../../runtime.ts'
import type { Enter } from '../entry.ts'
import type { LiveListener } from '../message.ts'
import { Turns } from '../turns.ts'
import { EventFollower } from './follower.ts'
import { Tail } from './tail.ts'

/** How an event is followed. */
export interface FollowEventOptions {
  readonly listener: LiveListener
  /** The position that was seen last; `0`: everything that is kept. Absent: what comes from now. */
  readonly after?: string | undefined
}

/** Followed events of one node. */
export class LiveEvents {
  readonly #runtime: Runtime
  readonly #enter: Enter
  readonly #turns = new Turns(limits.liveReadsAtOnce)
  /** As many as there are types: they are never forgotten. */
  readonly #tails = new Map<string, Tail>()

  constructor(runtime: Runtime, enter: Enter) {
    this.#runtime = runtime
    this.#enter = enter
  }

  /**
   * Follows an event, by the name that is the call's operation. Fails with `not_found` where there
   * is none that can be followed, with `sign_in_required`, `forbidden`, `insufficient_scope`, and
   * with `rate_limited` and `overloaded`.
   */
  async follow(call: Call, { listener, after }: FollowEventOptions): Promise<EventFollower> {
    const { catalog, database } = this.#runtime
    const type = call.operation
    const rule = catalog.followers.get(type)
    if (!rule) {
      const near = suggestionOrStop(type, catalog.followers.keys())
      throw new Failure('not_found', {
        detail: `There is no event "${type}" that can be followed${near}`,
      })
    }
    let follower: EventFollower | undefined
    // What concerns them while they come in is told to them at once afterwards.
    let early: (() => void) | undefined
    const tell = (what: (to: EventFollower) => void): void => {
      if (follower) what(follower)
      else early = () => follower && what(follower)
    }
    const { caller, leave } = await this.#enter(call, {
      moved: (now) => tell((to) => to.moved(now)),
      ended: (failure) => tell((to) => to.ended(failure)),
      close: () => tell((to) => to.close()),
    })
    try {
      demandOneScope(caller, ['read', 'write', type])
      demandPossibleFor({ runtime: this.#runtime, caller }, rule)
      const head = await headPosition(database)
      const known = after === undefined ? head : positionOf(after, head)
      const tail = this.#tail(type)
      follower = new EventFollower(
        {
          ...{ runtime: this.#runtime, rule, tail, listener },
          read: (from) => this.#turns.take(() => this.#read(type, from)),
          dropped: () => this.#dropped(type),
          ended: leave,
        },
        { caller, position: known ?? head, unknown: known === undefined },
      )
    } catch (cause) {
      leave()
      throw cause
    }
    early?.()
    follower.begin()
    return follower
  }

  #tail(type: string): Tail {
    const known = this.#tails.get(type) ?? new Tail((after) => this.#read(type, after))
    this.#tails.set(type, known)
    return known
  }

  #read(type: string, after: number) {
    const { database } = this.#runtime
    return readEvents(database, { after, limit: limits.eventsPerFollow, types: [type] })
  }

  async #dropped(type: string): Promise<number> {
    const everything = { position: 0, accepted: 0 }
    const dropped = await droppedFor(this.#runtime.database, [type], everything)
    return dropped?.upTo ?? 0
  }

  /** The log may have grown. */
  wake(): void {
    for (const tail of this.#tails.values()) tail.wake()
  }
}

/** A position that was told once; undefined for anything else, also of another database. */
function positionOf(text: string, head: number): number | undefined {
  const position = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  return position <= head ? position : undefined
}
