/** Owns the list of mistakes in a declaration: all are reported together, each with its cure. */

import { Failure } from '../base/failure.ts'

/** Collects what is wrong with a declaration. */
export class Mistakes {
  readonly #found: { place: string; problem: string }[] = []

  /** Notes a mistake at a place such as `catalog.product.fields.price`. */
  add(place: string, problem: string): void {
    const known = this.#found.some((one) => one.place === place && one.problem === problem)
    if (!known) this.#found.push({ place, problem })
  }

  /** True where this place has a mistake already, so that what follows from it stays unsaid. */
  has(place: string): boolean {
    return this.#found.some((one) => one.place === place)
  }

  /** True where something is wrong. */
  get any(): boolean {
    return this.#found.length > 0
  }

  /** Ends with one failure that lists every mistake, if there is any. */
  report(): void {
    if (!this.any) return
    const count = this.#found.length
    const howMany = count === 1 ? 'a mistake' : `${count} mistakes`
    const lines = this.#found.map(({ place, problem }) => `  ${place}: ${problem}`)
    throw new Failure('declaration_invalid', {
      detail: `The declaration has ${howMany}:\n${lines.join('\n')}`,
      problems: this.#found.map(({ place, problem }) => ({
        pointer: place,
        code: 'declaration_invalid',
        detail: problem,
      })),
    })
  }
}

/** The known name nearest to a wrong one, for "did you mean". Levenshtein distance at most 2. */
export function nearest(wrong: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = 3
  for (const name of known) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** "; did you mean x?" where something known is near. */
export function suggestion(wrong: string, known: Iterable<string>): string {
  const near = nearest(wrong, known)
  return near === undefined ? '' : `; did you mean ${near}?`
}

/** The end of a sentence about a wrong name: "; did you mean x?", or a full stop. */
export function suggestionOrStop(wrong: string, known: Iterable<string>): string {
  return suggestion(wrong, known) || '.'
}

function editDistance(a: string, b: string, cap: number): number {
  if (Math.abs(a.length - b.length) >= cap) return cap
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
    }
    row = next
  }
  return row[b.length] ?? cap
}
