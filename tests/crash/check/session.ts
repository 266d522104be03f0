/** Owns the check of sessions: nobody's view goes back, and everybody sees what they have done. */

import type { Anomaly } from './history.ts'

/** One operation of a session whose answer is known. */
export interface SessionStep {
  readonly id: string
  /** The steps of one session follow one another. */
  readonly session: number
  readonly begunAt: number
  /** What it saw, by key, from the oldest value to the newest. */
  readonly saw: readonly { readonly key: string; readonly values: readonly number[] }[]
  /** What it added, by key; what it saw of that key may be from before. */
  readonly added: readonly { readonly key: string; readonly value: number }[]
}

/**
 * Checks monotonic reads (a list never gets shorter and never changes its beginning) and
 * read-your-writes (what was acknowledged to a session is in everything that it sees later).
 */
export function checkSessions(steps: readonly SessionStep[]): readonly Anomaly[] {
  const bySession = Map.groupBy(steps, ({ session }) => session)
  return [...bySession.values()].flatMap((own) => {
    const session = new Session()
    return own.toSorted((one, other) => one.begunAt - other.begunAt).flatMap(session.follow)
  })
}

class Session {
  readonly #seen = new Map<string, readonly number[]>()
  readonly #added = new Map<string, readonly number[]>()

  readonly follow = ({ id, saw, added }: SessionStep): readonly Anomaly[] => {
    const anomalies = saw.flatMap(({ key, values }) => [
      ...this.#goneBack(id, key, values),
      ...this.#unseen(id, key, values),
    ])
    for (const { key, values } of saw) this.#seen.set(key, values)
    for (const { key, value } of added) {
      this.#added.set(key, [...(this.#added.get(key) ?? []), value])
    }
    return anomalies
  }

  #goneBack(id: string, key: string, values: readonly number[]): readonly Anomaly[] {
    const before = this.#seen.get(key) ?? []
    if (before.every((value, index) => values[index] === value)) return []
    const detail = `${id} saw ${key} as [${values}], its session had seen [${before}]`
    return [{ kind: 'view went back', detail }]
  }

  #unseen(id: string, key: string, values: readonly number[]): readonly Anomaly[] {
    const there = new Set(values)
    const missing = (this.#added.get(key) ?? []).filter((value) => !there.has(value))
    return missing.map((value) => {
      return { kind: 'own write unseen', detail: `${id} does not see ${value} in ${key}` }
    })
  }
}
