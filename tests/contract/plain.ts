/** Owns what filters and sorts mean in plain JavaScript: the reference that reads are held to. */

import { isDeepStrictEqual } from 'node:util'
import type { Json, Operator } from '../../packages/plinth/src/kinds/kind.ts'
import type { DrawnField } from './specimens/specimen.ts'

/** Whether a comparison holds. With null none does. */
export function holds(field: DrawnField, operator: Operator, [value, operand]: Compared): boolean {
  if (operator === 'isNull') return (value === null) === operand
  if (value === null) return false
  const same = (other: Json) => order(field, value, other) === 0
  switch (operator) {
    case 'eq':
      return same(operand)
    case 'ne':
      return !same(operand)
    case 'in':
      return (operand as readonly Json[]).some(same)
    case 'notIn':
      return !(operand as readonly Json[]).some(same)
    case 'lt':
      return order(field, value, operand) < 0
    case 'lte':
      return order(field, value, operand) <= 0
    case 'gt':
      return order(field, value, operand) > 0
    case 'gte':
      return order(field, value, operand) >= 0
    case 'has':
      return (value as readonly Json[]).some((item) => isDeepStrictEqual(item, operand))
    default:
      return matches(operator, String(value), String(operand))
  }
}

/** A stored value, and what it is compared with. */
export type Compared = readonly [value: Json, operand: Json]

function order({ specimen }: DrawnField, left: Json, right: Json): number {
  if (specimen.compare) return specimen.compare(left, right)
  return isDeepStrictEqual(left, right) ? 0 : 1
}

function matches(operator: Operator, text: string, part: string): boolean {
  if (operator === 'startsWith') return text.startsWith(part)
  if (operator === 'endsWith') return text.endsWith(part)
  if (operator === 'contains') return text.includes(part)
  return lower(text).includes(lower(part))
}

/** Each character by itself, as the database lowers it: the final sigma is a sigma like others. */
function lower(text: string): string {
  return Array.from(text, (each) => [...each.toLowerCase()][0] ?? each).join('')
}

/** One key of a sort. */
export interface Key {
  readonly field: DrawnField
  readonly descending: boolean
}

/** The order of two things: null is greater than every value, and ids decide what is left. */
export function sorted<T extends { readonly id: string; readonly kept: { [name: string]: Json } }>(
  things: readonly T[],
  keys: readonly Key[],
): T[] {
  return things.toSorted((one, other) => {
    for (const { field, descending } of keys) {
      const difference = nullsLast(field, one.kept[field.name], other.kept[field.name])
      if (difference !== 0) return descending ? -difference : difference
    }
    return one.id < other.id ? -1 : 1
  })
}

function nullsLast(field: DrawnField, left: Json = null, right: Json = null): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null)
  return order(field, left, right)
}
