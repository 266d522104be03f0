/** Owns the check of sets: what was acknowledged stays, what failed never was. */

import type { Anomaly, Outcome } from './history.ts'

/** One addition. */
export interface SetAdd {
  readonly element: string
  readonly outcome: Outcome
  readonly endedAt: number
}

/** One look at the whole set. */
export interface SetRead {
  readonly id: string
  readonly begunAt: number
  readonly elements: readonly string[]
}

/** Checks every look, the last one included. An addition of unknown outcome may be there or not. */
export function checkSet(adds: readonly SetAdd[], reads: readonly SetRead[]): readonly Anomaly[] {
  const attempted = new Map(adds.map((add) => [add.element, add]))
  return reads.flatMap((read) => [...missing(adds, read), ...foreign(attempted, read)])
}

function missing(adds: readonly SetAdd[], { id, begunAt, elements }: SetRead): readonly Anomaly[] {
  const there = new Set(elements)
  const lost = adds.filter(
    ({ element, outcome, endedAt }) => outcome === 'ok' && endedAt < begunAt && !there.has(element),
  )
  return lost.map(({ element }) => ({ kind: 'lost', detail: `${id} does not hold ${element}` }))
}

function foreign(
  attempted: ReadonlyMap<string, SetAdd>,
  { id, elements }: SetRead,
): readonly Anomaly[] {
  const met = new Set<string>()
  return elements.flatMap((element) => {
    const anomalies: Anomaly[] = []
    const outcome = attempted.get(element)?.outcome
    const detail = `${id} holds ${element}`
    if (outcome === undefined) anomalies.push({ kind: 'never added', detail })
    if (outcome === 'fail') anomalies.push({ kind: 'failed and there', detail })
    if (met.has(element)) anomalies.push({ kind: 'duplicate', detail: `${detail} twice` })
    met.add(element)
    return anomalies
  })
}
