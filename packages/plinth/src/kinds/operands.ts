/** Owns the answer to what may stand on the right-hand side of each filter operator. */

import { assert, unreachable } from '../base/assert.ts'
import { limits } from '../base/limits.ts'
import type { Kind, Operator } from './kind.ts'
import { textKind } from './text-kinds.ts'
import { booleanKind } from './token-kinds.ts'

const letters = textKind({ max: limits.textCharactersDefault, multiline: true })

/** The kind of an operator's operand; for `in` and `notIn` the kind of each of them. */
export function operandOf(kind: Kind, operator: Operator): Kind {
  switch (operator) {
    case 'eq':
    case 'ne':
    case 'in':
    case 'notIn':
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return kind.operand()
    case 'contains':
    case 'startsWith':
    case 'endsWith':
    case 'icontains':
      return letters
    case 'has':
      assert(kind.item, `${kind.name} has items`)
      return kind.item.operand()
    case 'isNull':
      return booleanKind()
    default:
      return unreachable(operator, 'a filter')
  }
}
