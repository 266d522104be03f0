/** Owns what a read certainly demands of a row: which values, so that changes find it by theirs. */

import type { Expression, Operand } from '../../../define/expression.ts'
import { readArray } from '../../../kinds/kinds.ts'
import type { FilterShape } from '../../../query/shape.ts'
import {
  comparableField,
  type Demands,
  decidedByCaller,
  exactField,
  ownField,
} from '../read/relevance.ts'

/**
 * By column, the only values with which a row can match; nothing by the empty one. Undefined: no
 * row can. It may demand too little, never too much: what is not understood demands nothing.
 */
export type Demand = ReadonlyMap<string, ReadonlySet<string>> | undefined

const nothing: Demand = new Map()

/** What a read demands of its own rows. */
export function demandOf(demands: Demands): Demand {
  const { model, facts, parsed } = demands
  const { filter, by } = parsed.shape
  const named = by.map((name, index) => asked(demands, name, [parsed.values[index] ?? '']))
  const filtered = filter ? filterDemand(demands, filter) : nothing
  const ruled = facts.unrestricted ? nothing : ruleDemand(demands, model.access.read)
  return every([...named, filtered, ruled])
}

/** What rows must be that meet all of several demands. */
function every(demands: readonly Demand[]): Demand {
  const columns = new Map<string, ReadonlySet<string>>()
  for (const demand of demands) {
    if (demand === undefined) return undefined
    for (const [column, values] of demand) {
      const both = columns.get(column)?.intersection(values) ?? values
      if (both.size === 0) return undefined
      columns.set(column, both)
    }
  }
  return columns
}

/** What rows must be that meet one of several demands: only what each of them says something of. */
function some(demands: readonly Demand[]): Demand {
  const [first, ...rest] = demands.filter((demand) => demand !== undefined)
  if (first === undefined) return undefined
  const columns = new Map<string, ReadonlySet<string>>()
  for (const [column, values] of first) {
    const others = rest.map((demand) => demand.get(column))
    const known = others.filter((other) => other !== undefined)
    if (known.length < others.length) continue
    columns.set(column, new Set([values, ...known].flatMap((each) => [...each])))
  }
  return columns
}

function one(column: string, values: Iterable<string>): Demand {
  const wanted = new Set(values)
  return wanted.size === 0 ? undefined : new Map([[column, wanted]])
}

function asked(demands: Demands, name: string, values: readonly (string | null)[]): Demand {
  const field = comparableField(demands, name)
  if (field === undefined) return nothing
  const lower = field.kind.columnType === 'uuid'
  const texts = values.filter((value) => value !== null)
  return one(field.column, lower ? texts.map((text) => text.toLowerCase()) : texts)
}

function filterDemand(demands: Demands, filter: FilterShape): Demand {
  switch (filter.is) {
    case 'and':
      return every(filter.terms.map((term) => filterDemand(demands, term)))
    case 'or':
      return some(filter.terms.map((term) => filterDemand(demands, term)))
    case 'field': {
      const value = demands.parsed.values[filter.index] ?? ''
      if (filter.operator === 'eq') return asked(demands, filter.field, [value])
      if (filter.operator === 'in') return asked(demands, filter.field, readArray(value))
      return nothing
    }
    default:
      return nothing
  }
}

function ruleDemand(demands: Demands, rule: Expression): Demand {
  const decided = decidedByCaller(demands, rule)
  if (decided !== undefined) return decided ? nothing : undefined
  switch (rule.type) {
    case 'and':
      return every(rule.terms.map((term) => ruleDemand(demands, term)))
    case 'or':
      return some(rule.terms.map((term) => ruleDemand(demands, term)))
    case 'compare':
      return rule.operator === 'eq' ? compared(demands, rule.left, rule.right) : nothing
    default:
      return nothing
  }
}

function compared(demands: Demands, left: Operand, right: Operand): Demand {
  const name = ownField(left)
  if (name === undefined) {
    return ownField(right) === undefined ? nothing : compared(demands, right, left)
  }
  const { asker, model } = demands
  if (right.from === 'me') {
    return ruled(demands, name, right.name === 'id' ? asker.meId : asker.organisationId)
  }
  if (right.from !== 'value' || right.value === null || right.value === undefined) return nothing
  const kind = model.fields.get(name)?.kind
  return kind ? ruled(demands, name, kind.parameter(right.value)) : nothing
}

/** A comparison with null holds for no row. */
function ruled(demands: Demands, name: string, value: string | null): Demand {
  const field = exactField(demands, name)
  if (field === undefined) return nothing
  return one(field.column, value === null ? [] : [value])
}
