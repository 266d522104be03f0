/** Owns the right-hand sides of filters: checked by kind, in PostgreSQL's text form. */

import { limits } from '../../base/limits.ts'
import type { ModelField } from '../../catalog/catalog.ts'
import { arrayLiteral, type Kind, type Operator, operandOf } from '../../kinds/kinds.ts'
import { below, itemsOf, note, noteExcess, type Parsing, type Place, reportAt } from './parsing.ts'

/** A field compared with an input by an operator that its kind has. */
interface Compared {
  readonly field: ModelField
  readonly operator: Operator
  readonly input: unknown
}

/** The parameter of a comparison, or undefined after noting what is wrong with it. */
export function readOperand(
  parsing: Parsing,
  { field, operator, input }: Compared,
  place: Place,
): string | undefined {
  const kind = operandKind(field.kind, operator)
  if (operator === 'in' || operator === 'notIn') return readValues(parsing, { kind, input }, place)
  const value = readValue(parsing, { kind, input }, place)
  return value === undefined ? undefined : asPattern(operator, value)
}

/** True or false, as JSON or as text. */
export function readTruth(parsing: Parsing, input: unknown, place: Place): boolean | undefined {
  if (typeof input === 'boolean' && !parsing.text) return input
  if (parsing.text && (input === 'true' || input === 'false')) return input === 'true'
  note(parsing, place, ['wrong_type', 'Give true or false.'])
  return undefined
}

interface Given {
  readonly kind: Kind
  readonly input: unknown
}

function readValue(parsing: Parsing, { kind, input }: Given, place: Place): string | undefined {
  const report = reportAt(parsing, place)
  if (parsing.text && typeof input !== 'string') {
    note(parsing, place, ['wrong_type', 'Give one value.'])
    return undefined
  }
  const value = parsing.text ? kind.parse(input as string, report) : kind.check(input, report)
  return value === undefined ? undefined : kind.parameter(value)
}

/** The values of `in` are one array, so that the statement does not depend on their number. */
function readValues(parsing: Parsing, { kind, input }: Given, place: Place): string | undefined {
  const items = itemsOf(parsing, input)
  if (!items) {
    note(parsing, place, ['wrong_type', 'Give a list of values.'])
    return undefined
  }
  if (items.length > limits.filterValuesMax) {
    const cap = `"in" takes at most ${limits.filterValuesMax} values (filterValuesMax)`
    noteExcess(parsing, place, `${cap}: ask in several reads.`)
    return undefined
  }
  const values: string[] = []
  for (const [index, item] of items.entries()) {
    const value = readValue(parsing, { kind, input: item }, below(place, index))
    if (value !== undefined) values.push(value)
  }
  return values.length === items.length ? arrayLiteral(values) : undefined
}

const special = /[\\%_]/g

/** LIKE patterns are ours alone: what the caller sent stands for itself. */
function asPattern(operator: Operator, value: string): string {
  switch (operator) {
    case 'contains':
    case 'icontains':
      return `%${value.replace(special, '\\$&')}%`
    case 'startsWith':
      return `${value.replace(special, '\\$&')}%`
    case 'endsWith':
      return `%${value.replace(special, '\\$&')}`
    default:
      return value
  }
}

const operandKinds = new WeakMap<Kind, Map<Operator, Kind>>()

function operandKind(kind: Kind, operator: Operator): Kind {
  const known = operandKinds.get(kind) ?? new Map<Operator, Kind>()
  operandKinds.set(kind, known)
  const found = known.get(operator) ?? operandOf(kind, operator)
  known.set(operator, found)
  return found
}
