/** Owns the one assertion of the code base: a broken one is a bug of ours, never of a caller. */

/** Thrown when the code contradicts itself. Doors answer it with the failure `internal`. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** Ends the call as a bug unless the condition holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Returns the value, or ends the call as a bug where there is none. */
export function present<T>(value: T | null | undefined, what: string): T {
  assert(value !== null && value !== undefined, `${what} is missing`)
  return value
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never, what: string): never {
  throw new AssertionError(`${what} does not know ${JSON.stringify(value)}`)
}
