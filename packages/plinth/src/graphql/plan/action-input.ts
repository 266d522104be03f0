/** Owns the input of actions: the ids in it may be global ones. */

import type { ActionOperation } from '../../catalog/catalog.ts'
import { shapeOf } from '../schema/actions.ts'
import { plainId } from '../schema/node-ids.ts'

type Shape = ReturnType<typeof shapeOf>

/** The input of an action with plain ids. */
export function actionInput(operation: ActionOperation, input: unknown): unknown {
  return plainObject(shapeOf(operation), input)
}

function plainObject(shape: Shape, input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const values: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(input)) {
    const member = shape[name]
    values[name] = member ? plainMember(member, value) : value
  }
  return values
}

function plainMember({ kind, shape, items }: Shape[string], value: unknown): unknown {
  if (items) return Array.isArray(value) ? value.map((item) => plainObject(items, item)) : value
  if (shape) return plainObject(shape, value)
  if (kind.graphqlScalar === 'Uuid') return plainId(value, undefined)
  if (kind.graphqlScalar !== '[Uuid!]' || !Array.isArray(value)) return value
  return value.map((id) => plainId(id, undefined))
}
