/** Owns the choice of failpoints: each as often as the others, in the end each at least once. */

import { type Failpoint, failpoints } from '../../../packages/plinth/src/base/failpoint.ts'
import type { Chance } from '../harness/chance.ts'

const names = Object.keys(failpoints) as readonly Failpoint[]

// Where these fire, a transaction of the same process has written and is not ended.
const inside: ReadonlySet<string> = new Set<Failpoint>([
  ...(['key.claimed', 'row.written', 'rows.written', 'commit.sending', 'commit.sent'] as const),
  ...(['lease.lost', 'step.done', 'signal.arrived'] as const),
])

/** The failpoints of a run, with how often each has fired. */
export class Points {
  readonly #hits = new Map<string, number>(names.map((name) => [name, 0]))
  readonly #missed = new Set<string>()
  #deck: readonly Failpoint[] = []

  /** Draws a failpoint with its hit and what happens there; to die is what happens most. */
  draw(chance: Chance): string {
    if (this.#deck.length === 0) this.#deck = names
    const name = chance.pick(this.#deck)
    this.#deck = this.#deck.filter((other) => other !== name)
    // What is seldom passed is not waited for until it is passed often.
    const hit = this.#missed.has(name) ? 1 : chance.integer(1, 12)
    const dropReply = failpoints[name].replies ? 3 : 0
    const deeds = { kill: 12, throw: 3, 'delay:150ms': 1, 'stop:1s': 1, dropReply }
    return `${name}@${hit}=${chance.weighted(deeds)}`
  }

  /** Notes what became of one that was set. */
  note(point: string, fired: boolean): void {
    const name = nameOf(point)
    if (fired) this.#hits.set(name, (this.#hits.get(name) ?? 0) + 1)
    if (fired) this.#missed.delete(name)
    else this.#missed.add(name)
  }

  /** How often each has fired. */
  get hits(): ReadonlyMap<string, number> {
    return this.#hits
  }

  /** Those that have never fired. */
  get unreached(): readonly string[] {
    return names.filter((name) => this.#hits.get(name) === 0)
  }
}

/** True where what is thrown may become the answer to a caller. */
export function isOnTheWayOfACall(point: string): boolean {
  return failpoints[nameOf(point) as Failpoint].crashPoint <= 'CP10'
}

/** True where a transaction is under way at this point. */
export function isInside(point: string): boolean {
  return inside.has(nameOf(point))
}

function nameOf(point: string): string {
  return point.split('@')[0] ?? ''
}
