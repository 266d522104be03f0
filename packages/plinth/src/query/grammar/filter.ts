/** Owns the grammar of filters: conditions on what the caller can see, or problems. */

import { isExactNumber } from '../../base/json.ts'
import { limits } from '../../base/limits.ts'
import type { ModelField, ModelRelation } from '../../catalog/catalog.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'
import { everything, type FilterShape } from '../shape.ts'
import { targetOf, type View, viewOf } from '../view.ts'
import { readOperand, readTruth } from './operand.ts'
import {
  below,
  type Entries,
  entriesOf,
  itemsOf,
  note,
  noteExcess,
  noteUnknown,
  type Parsing,
  type Place,
} from './parsing.ts'

/** Where a filter stands: at which place, on which model, how deep. */
interface Standing {
  readonly view: View
  readonly place: Place
  readonly depth: number
}

/** Parses a filter; undefined where there is none. */
export function parseFilter(
  parsing: Parsing,
  input: unknown,
  at: { readonly view: View; readonly place: Place },
): FilterShape | undefined {
  if (input === undefined) return undefined
  const shape = conditions(parsing, input, { ...at, depth: 1 })
  return shape.is === 'and' && shape.terms.length === 0 ? undefined : shape
}

function conditions(parsing: Parsing, input: unknown, at: Standing): FilterShape {
  const entries = entriesOf(input)
  if (!entries) {
    note(parsing, at.place, ['wrong_type', 'Give conditions by field, such as {"name": "x"}.'])
    return everything
  }
  if (at.depth > limits.filterDepthMax) {
    const cap = `A filter nests at most ${limits.filterDepthMax} deep (filterDepthMax)`
    noteExcess(parsing, at.place, `${cap}: ask in two reads.`)
    return everything
  }
  const terms: FilterShape[] = []
  for (const key of Object.keys(entries)) {
    const place = below(at.place, key)
    terms.push(...condition(parsing, { key, input: entries[key] }, { ...at, place }))
    if (isOverfull(parsing, place)) break
  }
  const [only] = terms
  return only && terms.length === 1 ? only : { is: 'and', terms }
}

interface Entry {
  readonly key: string
  readonly input: unknown
}

function condition(parsing: Parsing, { key, input }: Entry, at: Standing): FilterShape[] {
  const inner = { ...at, depth: at.depth + 1 }
  if (key === 'not') return [{ is: 'not', term: conditions(parsing, input, inner) }]
  if (key !== 'and' && key !== 'or') return member(parsing, { key, input }, at)
  const items = typeof input === 'string' ? undefined : itemsOf(parsing, input)
  if (!items) {
    note(parsing, at.place, ['wrong_type', `Give a list of filters to "${key}".`])
    return []
  }
  const terms: FilterShape[] = []
  for (const [index, item] of items.entries()) {
    const place = below(at.place, index)
    terms.push(conditions(parsing, item, { ...inner, place }))
    if (isOverfull(parsing, place)) break
  }
  return [{ is: key, terms }]
}

/** Counts a term; true where there are too many, which is noted once. */
function isOverfull(parsing: Parsing, place: Place): boolean {
  parsing.terms++
  if (parsing.terms === limits.filterTermsMax + 1) {
    const cap = `A filter has at most ${limits.filterTermsMax} conditions (filterTermsMax)`
    noteExcess(parsing, place, `${cap}: use "in" for many values of one field.`)
  }
  return parsing.terms > limits.filterTermsMax
}

/** A field or relation, by name or by a dotted path over to-one relations. */
function member(parsing: Parsing, { key, input }: Entry, at: Standing): FilterShape[] {
  const dot = key.indexOf('.')
  const name = dot < 0 ? key : key.slice(0, dot)
  const field = dot < 0 ? at.view.fields.get(name) : undefined
  if (field) return fieldConditions(parsing, { field, input }, at.place)
  const relation = at.view.relations.get(name)
  if (!relation || (dot >= 0 && relation.many)) {
    const known = [...at.view.fields.keys(), ...at.view.relations.keys()]
    noteUnknown(parsing, at.place, { what: 'field', name: key, known })
    return []
  }
  const view = viewOf(parsing.catalog, parsing.facts, targetOf(parsing.catalog, relation))
  const below = { view, place: at.place, depth: at.depth + 1 }
  if (relation.many) return quantified(parsing, { relation, input }, below)
  const where =
    dot < 0
      ? conditions(parsing, input, below)
      : pathConditions(parsing, { key: key.slice(dot + 1), input }, below)
  return [{ is: 'related', relation: relation.name, quantifier: 'some', where }]
}

function pathConditions(parsing: Parsing, entry: Entry, at: Standing): FilterShape {
  if (at.depth > limits.filterDepthMax) return conditions(parsing, {}, at)
  const terms = member(parsing, entry, at)
  const [only] = terms
  return only && terms.length === 1 ? only : { is: 'and', terms }
}

interface Related {
  readonly relation: ModelRelation
  readonly input: unknown
}

function quantified(parsing: Parsing, { relation, input }: Related, at: Standing): FilterShape[] {
  const entries = entriesOf(input)
  const keys = Object.keys(entries ?? {})
  if (!entries || keys.length === 0) {
    note(parsing, at.place, ['wrong_type', 'Give {"some": …}, {"every": …} or {"none": …}.'])
    return []
  }
  return keys.flatMap((key): FilterShape[] => {
    const place = below(at.place, key)
    if (key !== 'some' && key !== 'every' && key !== 'none') {
      noteUnknown(parsing, place, { what: 'operator', name: key, known: ['some', 'every', 'none'] })
      return []
    }
    isOverfull(parsing, place)
    const where = conditions(parsing, entries[key], { ...at, place })
    return [{ is: 'related', relation: relation.name, quantifier: key, where }]
  })
}

interface FieldEntry {
  readonly field: ModelField
  readonly input: unknown
}

function fieldConditions(parsing: Parsing, entry: FieldEntry, place: Place): FilterShape[] {
  const entries = operatorsIn(parsing, entry)
  if (!entries) return equality(parsing, { ...entry, operator: 'eq' }, place)
  return Object.keys(entries).flatMap((operator) => {
    const inner = below(place, operator)
    isOverfull(parsing, inner)
    return comparison(parsing, { field: entry.field, operator, input: entries[operator] }, inner)
  })
}

/** The operators of `{ "lte": 10 }`; undefined for a bare value, which means `eq`. */
function operatorsIn({ text }: Parsing, { field, input }: FieldEntry): Entries | undefined {
  const { kind } = field
  const entries = entriesOf(input)
  if (!entries || text || !kind.operators.includes('eq')) return entries
  // Money in JSON is an object itself.
  const known = Object.keys(entries).every((key) => kind.operators.some((each) => each === key))
  return known || kind.check(input, () => {}) === undefined ? entries : undefined
}

interface Comparison extends FieldEntry {
  readonly operator: string
}

function comparison(parsing: Parsing, entry: Comparison, place: Place): FilterShape[] {
  const { operator, field, input } = entry
  const known = field.kind.operators.find((each) => each === operator)
  switch (known) {
    case undefined:
      noteOperator(parsing, place, { field, operator })
      return []
    case 'isNull': {
      const wanted = readTruth(parsing, input, place)
      return wanted === undefined ? [] : [{ is: 'null', field: field.name, wanted }]
    }
    case 'eq':
    case 'ne':
      return equality(parsing, { ...entry, operator: known }, place)
    default: {
      const value = readOperand(parsing, { field, operator: known, input }, place)
      if (value === undefined) return []
      const index = parsing.values.push(value) - 1
      return [{ is: 'field', field: field.name, operator: known, index }]
    }
  }
}

function noteOperator(
  parsing: Parsing,
  place: Place,
  { field, operator }: { readonly field: ModelField; readonly operator: string },
): void {
  const { operators } = field.kind
  const name = operator.slice(0, 100)
  const near = suggestionOrStop(name, operators)
  const cure = `Use ${operators.join(', ')}.`
  const detail = `"${field.name}" cannot be compared by "${name}"${near} ${cure}`
  note(parsing, place, ['unknown_operator', detail])
}

/** Equality with null is asked as such: any other comparison with null is false. */
function equality(
  parsing: Parsing,
  { field, operator, input }: FieldEntry & { readonly operator: 'eq' | 'ne' },
  place: Place,
): FilterShape[] {
  if (input === null) {
    return [{ is: 'null', field: field.name, wanted: operator === 'eq' }]
  }
  if (!field.kind.operators.includes(operator)) {
    noteOperator(parsing, place, { field, operator })
    return []
  }
  if (isList(field, input)) {
    note(parsing, place, ['wrong_type', 'Give one value, or {"in": [ … ]}.'])
    return []
  }
  const value = readOperand(parsing, { field, operator, input }, place)
  if (value === undefined) return []
  return [{ is: 'field', field: field.name, operator, index: parsing.values.push(value) - 1 }]
}

function isList({ kind }: ModelField, input: unknown): boolean {
  return Array.isArray(input) && !isExactNumber(input) && kind.family !== 'list'
}
