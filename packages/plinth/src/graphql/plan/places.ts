/** Owns where the parts of a read come from, so that a problem names its place in the document. */

import { Failure, type Problem } from '../../base/failure.ts'

/** The places of a read's parts. */
export interface Places {
  /** Notes that a pointer of the read stands for one of the document. */
  note(inner: string, outer: string): void
  /** Runs code whose problems stand below a field's place. */
  within<T>(outer: string, run: () => T): T
  /** The same failure, with its problems where the document has them. */
  translated(failure: Failure): Failure
}

/** An empty list of places. `root`: the place of the field itself. */
export function placesOf(root: string): Places {
  const known = new Map<string, string>([['', root]])
  return {
    note(inner, outer) {
      known.set(inner, outer)
    },
    within(outer, run) {
      try {
        return run()
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        throw moved(error, (pointer) => outer + pointer)
      }
    },
    translated: (failure) => moved(failure, (pointer) => outerOf(known, pointer)),
  }
}

/** The longest known part of a pointer, and what is behind it. */
function outerOf(known: ReadonlyMap<string, string>, pointer: string): string {
  for (let end = pointer.length; end >= 0; end = pointer.lastIndexOf('/', end - 1)) {
    const outer = known.get(pointer.slice(0, end))
    if (outer !== undefined) return outer + pointer.slice(end)
    if (end === 0) break
  }
  return pointer
}

function moved(failure: Failure, move: (pointer: string) => string): Failure {
  if (failure.problems.length === 0) return failure
  const problems = failure.problems.map(
    (problem): Problem => ({ ...problem, pointer: move(problem.pointer) }),
  )
  const [before] = failure.problems
  const [first] = problems
  const names = before !== undefined && failure.detail.startsWith(`${before.pointer}: `)
  const detail = names
    ? `${first?.pointer}${failure.detail.slice(before.pointer.length)}`
    : failure.detail
  return failure.with({ detail, problems })
}
