/** Owns the check of things that go in and come out: each once, none beside another. */

import type { Anomaly, Outcome } from './history.ts'

/** Something that was put in. */
export interface QueueIn {
  readonly element: string
  readonly outcome: Outcome
}

/** Something that came out: an effect, as its receiver counts it. */
export interface QueueOut {
  readonly element: string
  /** Who took it, and for how long; absent where that is not known. */
  readonly taker?: string
  readonly begunAt?: number
  readonly endedAt?: number
}

/**
 * Checks that everything acknowledged came out exactly once, nothing came out that was not put in,
 * and no two takers held one element at the same time.
 */
export function checkQueue(ins: readonly QueueIn[], outs: readonly QueueOut[]): readonly Anomaly[] {
  const outcomes = new Map(ins.map(({ element, outcome }) => [element, outcome]))
  const byElement = Map.groupBy(outs, ({ element }) => element)
  const anomalies: Anomaly[] = []
  for (const [element, outcome] of outcomes) {
    const times = byElement.get(element)?.length ?? 0
    if (outcome === 'ok' && times === 0) anomalies.push({ kind: 'lost', detail: element })
    if (outcome === 'fail' && times > 0) {
      anomalies.push({ kind: 'failed and out', detail: element })
    }
  }
  for (const [element, taken] of byElement) {
    if (!outcomes.has(element)) anomalies.push({ kind: 'never put in', detail: element })
    if (taken.length > 1)
      anomalies.push({ kind: 'out twice', detail: `${element}, ${taken.length} times` })
    anomalies.push(...overlapping(element, taken))
  }
  return anomalies
}

/** Checks only that no two takers held one element at the same time. */
export function checkHeld(outs: readonly QueueOut[]): readonly Anomaly[] {
  const byElement = Map.groupBy(outs, ({ element }) => element)
  return [...byElement].flatMap(([element, taken]) => overlapping(element, taken))
}

function overlapping(element: string, taken: readonly QueueOut[]): readonly Anomaly[] {
  const spans = taken
    .filter(({ begunAt, endedAt }) => begunAt !== undefined && endedAt !== undefined)
    .sort((one, other) => (one.begunAt ?? 0) - (other.begunAt ?? 0))
  return spans.flatMap((span, index) => {
    const next = spans[index + 1]
    if (next === undefined || next.taker === span.taker) return []
    if ((next.begunAt ?? 0) >= (span.endedAt ?? 0)) return []
    const detail = `${element}, by ${span.taker ?? 'one'} and ${next.taker ?? 'another'}`
    return [{ kind: 'held by two', detail }]
  })
}
