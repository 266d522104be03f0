/** Owns the SQL of checks and formulas: the row's own columns, and constants written out. */

import { assert, unreachable } from '../../base/assert.ts'
import type { Model, ModelCheck, ModelField } from '../../catalog/catalog.ts'
import type { Kind } from '../../kinds/kinds.ts'
import { all, any, type Fragment, join, literal, name, raw, sql } from '../../sql/fragment.ts'

type Expression = ModelCheck['condition']
type Operand = NonNullable<ModelField['computed']>
type Compare = Extract<Expression, { type: 'compare' }>

/** The condition of a CHECK constraint. Never null: a comparison with null is false. */
export function storedCondition(expression: Expression, model: Model): Fragment {
  switch (expression.type) {
    case 'constant':
      return raw(String(expression.value))
    case 'and':
      return all(expression.terms.map((term) => storedCondition(term, model)))
    case 'or':
      return any(expression.terms.map((term) => storedCondition(term, model)))
    case 'not':
      return sql`not (${storedCondition(expression.term, model)})`
    case 'truth':
      return sql`(${storedOperand(expression.operand, model)} is true)`
    case 'isNull':
      return sql`(${storedOperand(expression.operand, model)} is null)`
    case 'compare':
      return comparison(expression, model)
    case 'oneOf': {
      const kind = kindOf(expression.operand, model)
      const values = expression.values.map((value) => storedOperand(value, model, kind))
      if (values.length === 0) return raw('false')
      return sql`((${storedOperand(expression.operand, model)} in (${join(values)})) is true)`
    }
    default:
      throw misplaced(expression.type)
  }
}

function comparison({ operator, left, right }: Compare, model: Model): Fragment {
  const leftKind = kindOf(left, model)
  const wanted = operator === 'has' ? leftKind?.item : leftKind
  const one = storedOperand(left, model, leftKind ?? kindOf(right, model))
  const other = storedOperand(right, model, wanted ?? kindOf(right, model))
  return sql`(${compared(operator, one, other)} is true)`
}

const symbols = { eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

function compared(operator: Compare['operator'], one: Fragment, other: Fragment): Fragment {
  switch (operator) {
    case 'contains':
      return sql`(strpos(${one}, ${other}) > 0)`
    case 'startsWith':
      return sql`starts_with(${one}, ${other})`
    case 'endsWith':
      return sql`(right(${one}, char_length(${other})) = ${other})`
    case 'has':
      return sql`(${other} = any (${one}))`
    default:
      return sql`(${one} ${raw(symbols[operator])} ${other})`
  }
}

/** The SQL of a value; a constant takes the kind of what it stands beside. */
export function storedOperand(operand: Operand, model: Model, kind?: Kind): Fragment {
  switch (operand.from) {
    case 'row':
      return name(fieldOf(operand.path, model).column)
    case 'value':
      return constant(operand.value, kind)
    case 'compute':
      return computation(operand, model, kind)
    default:
      throw misplaced(operand.from)
  }
}

function computation(
  { operator, operands }: Extract<Operand, { from: 'compute' }>,
  model: Model,
  kind: Kind | undefined,
): Fragment {
  const own = operands.map((each) => kindOf(each, model)).find((each) => each !== undefined) ?? kind
  const parts = operands.map((each, index) => {
    const factor = operator === 'times' && index > 0
    return storedOperand(each, model, factor ? kindOf(each, model) : own)
  })
  switch (operator) {
    case 'plus':
      return sql`(${join(parts, ' + ')})`
    case 'minus':
      return sql`(${join(parts, ' - ')})`
    case 'times':
      return sql`(${join(parts, ' * ')})`
    case 'concat':
      return sql`(${join(parts, ' || ')})`
    case 'lower':
    case 'upper':
      // Under "C" only ASCII letters would change.
      return sql`${raw(operator)}(${join(parts)} collate "default")`
    case 'coalesce':
      return sql`coalesce(${join(parts)})`
    default:
      return unreachable(operator, 'computation')
  }
}

function constant(value: unknown, kind: Kind | undefined): Fragment {
  if (value === null) return raw('null')
  if (kind) return sql`${literal(kind.parameter(value))}::${raw(kind.columnType)}`
  // A factor: the catalog takes whole numbers only.
  assert(Number.isSafeInteger(value), 'a constant without a kind is a whole number')
  return raw(`(${value})`)
}

function kindOf(operand: Operand, model: Model): Kind | undefined {
  if (operand.from === 'row') return fieldOf(operand.path, model).kind
  if (operand.from !== 'compute') return undefined
  return operand.operands.map((each) => kindOf(each, model)).find((kind) => kind !== undefined)
}

function fieldOf(path: readonly string[], model: Model): ModelField {
  const field = model.fields.get(path[0] ?? '')
  assert(field && path.length === 1, `${model.name}.${path.join('.')} is a field of the row itself`)
  return field
}

function misplaced(what: string): Error {
  assert(false, `the catalog refuses ${what} in a check or formula`)
}
