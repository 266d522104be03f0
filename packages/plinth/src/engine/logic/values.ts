/** Owns the check of what the app's own code gives: events, inputs, results. A misfit is a bug. */

import { AssertionError } from '../../base/assert.ts'
import type { Problem } from '../../base/failure.ts'
import type { Shape } from '../../define/logic/shape.ts'
import { checkObject, type ObjectMember, type ObjectValue, reporter } from '../../kinds/kinds.ts'

const members = new WeakMap<Shape, ReadonlyMap<string, ObjectMember>>()

/** The members of a shape; made once. */
export function membersOf(shape: Shape): ReadonlyMap<string, ObjectMember> {
  const known = members.get(shape) ?? new Map(Object.entries(shape))
  members.set(shape, known)
  return known
}

/**
 * Checks values that code of the app gives. `what` names them in the log, e.g. `the data of
 * shop.placed`. What does not fit is a mistake in the app, never the caller's.
 */
export function demandValues(shape: Shape, given: unknown, what: string): ObjectValue {
  const problems: Problem[] = []
  const values = checkObject(membersOf(shape), given ?? {}, reporter(problems, ''))
  if (values !== undefined) return values
  const found = problems.map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`).join(' ')
  throw new AssertionError(`${what} does not fit its declaration. ${found}`)
}
