/** Owns the question whether a changed row can matter to a read, asked before anything is read. */

import type { AskerValues, CallerFacts } from '../../../access/caller.ts'
import type { Model, ModelField } from '../../../catalog/catalog.ts'
import type { ChangedTable } from '../../../database/feed/change.ts'
import type { Expression, Operand } from '../../../define/expression.ts'
import { readArray } from '../../../kinds/kinds.ts'
import type { ParsedRead } from '../../../query/grammar/read.ts'
import type { FilterShape } from '../../../query/shape.ts'

/**
 * True, false, or undefined where only the database can tell. This decides nothing that anybody
 * sees: a read is asked again unless a row certainly does not belong to it, and what it answers
 * comes from the planner.
 */
type Truth = boolean | undefined

type Values = readonly (string | null | undefined)[]

/** What a read demands of its own rows. */
export interface Demands {
  readonly model: Model
  readonly facts: CallerFacts
  readonly asker: AskerValues
  readonly parsed: ParsedRead
}

interface Look {
  readonly demands: Demands
  /** A cell of the changed row; undefined: not known. */
  readonly cell: (field: ModelField) => string | null | undefined
}

/** False where a row, as it is after its change, certainly does not match a read. */
export function mayMatch(
  demands: Demands,
  { columns }: Pick<ChangedTable, 'columns'>,
  values: Values,
): boolean {
  const cell = (field: ModelField): string | null | undefined => {
    const at = columns.get(field.column)
    return at === undefined ? undefined : values[at]
  }
  const look: Look = { demands, cell }
  const { model, facts, parsed } = demands
  const { filter, by } = parsed.shape
  if (isDeleted(look) === true) return false
  if (filter && filterTruth(look, filter) === false) return false
  const named = by.map((name, index) => equals(look, name, [parsed.values[index] ?? '']))
  if (named.includes(false)) return false
  return facts.unrestricted || ruleTruth(look, model.access.read) !== false
}

function isDeleted({ demands, cell }: Look): Truth {
  if (!demands.model.softDelete) return false
  for (const field of demands.model.fields.values()) {
    if (field.role !== 'deletedAt') continue
    const deletedAt = cell(field)
    return deletedAt === undefined ? undefined : deletedAt !== null
  }
  return undefined
}

function and(terms: readonly Truth[]): Truth {
  if (terms.includes(false)) return false
  return terms.includes(undefined) ? undefined : true
}

function or(terms: readonly Truth[]): Truth {
  if (terms.includes(true)) return true
  return terms.includes(undefined) ? undefined : false
}

function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth
}

// Types whose values are equal exactly where PostgreSQL's text forms of them are.
const exact: ReadonlySet<string> = new Set(['uuid', 'text', 'integer', 'bigint'])

/** The field, where its cells can be compared as text. */
export function exactField({ model }: Demands, name: string): ModelField | undefined {
  const field = model.fields.get(name)
  return field && exact.has(field.kind.columnType) ? field : undefined
}

/** The field, where its cells can be compared as text and no rule hides them from a filter. */
export function comparableField(demands: Demands, name: string): ModelField | undefined {
  const field = exactField(demands, name)
  const read = field?.access.read
  return read?.type === 'constant' && read.value ? field : undefined
}

/** What a rule comes to for every row alike, by what is known of the caller. */
export function decidedByCaller(demands: Demands, rule: Expression): boolean | undefined {
  return ruleTruth({ demands, cell: () => undefined }, rule)
}

/** Whether a field is one of some values. A comparison with null is false. */
function equals(look: Look, name: string, values: readonly (string | null)[]): Truth {
  const field = comparableField(look.demands, name)
  if (field === undefined) return undefined
  const cell = look.cell(field)
  if (cell === undefined) return undefined
  const lower = field.kind.columnType === 'uuid'
  return cell !== null && values.some((one) => (lower ? one?.toLowerCase() : one) === cell)
}

function filterTruth(look: Look, filter: FilterShape): Truth {
  switch (filter.is) {
    case 'and':
      return and(filter.terms.map((term) => filterTruth(look, term)))
    case 'or':
      return or(filter.terms.map((term) => filterTruth(look, term)))
    case 'not':
      return not(filterTruth(look, filter.term))
    case 'field': {
      const value = look.demands.parsed.values[filter.index] ?? ''
      if (filter.operator === 'eq') return equals(look, filter.field, [value])
      return filter.operator === 'in' ? equals(look, filter.field, readArray(value)) : undefined
    }
    default:
      return undefined
  }
}

function ruleTruth(look: Look, rule: Expression): Truth {
  const { facts } = look.demands
  switch (rule.type) {
    case 'constant':
      return rule.value
    case 'and':
      return and(rule.terms.map((term) => ruleTruth(look, term)))
    case 'or':
      return or(rule.terms.map((term) => ruleTruth(look, term)))
    case 'not':
      return not(ruleTruth(look, rule.term))
    case 'role':
      return facts.roles.has(rule.role)
    case 'signedIn':
      return facts.signedIn
    case 'guest':
      return facts.guest
    case 'truth':
      return truthOf(look, rule.operand)
    case 'compare':
      return rule.operator === 'eq' ? compared(look, rule.left, rule.right) : undefined
    default:
      return undefined
  }
}

/** The name of a field of the row itself; undefined for every other operand. */
export function ownField(operand: Operand): string | undefined {
  if (operand.from !== 'row' || operand.scope !== 0 || operand.path.length !== 1) return undefined
  return operand.path[0]
}

function truthOf(look: Look, operand: Operand): Truth {
  const field = look.demands.model.fields.get(ownField(operand) ?? '')
  if (field?.kind.columnType !== 'boolean') return undefined
  const cell = look.cell(field)
  return cell === undefined ? undefined : cell === 't'
}

function compared(look: Look, left: Operand, right: Operand): Truth {
  const name = ownField(left)
  if (name === undefined)
    return ownField(right) === undefined ? undefined : compared(look, right, left)
  const { asker, model } = look.demands
  if (right.from === 'me') {
    const value = right.name === 'id' ? asker.meId : asker.organisationId
    return equalInRule(look, name, value)
  }
  if (right.from !== 'value' || right.value === null || right.value === undefined) return undefined
  const kind = model.fields.get(name)?.kind
  return kind && equalInRule(look, name, kind.parameter(right.value))
}

/** A rule is its author's view: rules of the field do not hide it there. */
function equalInRule(look: Look, name: string, value: string | null): Truth {
  const field = exactField(look.demands, name)
  if (field === undefined) return undefined
  const cell = look.cell(field)
  if (cell === undefined) return undefined
  return cell !== null && value !== null && cell === value
}
