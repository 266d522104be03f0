/** Owns the grammar of selections: which fields and which related records to return. */

import { limits } from '../../base/limits.ts'
import type { ModelRelation } from '../../catalog/catalog.ts'
import type { ListShape, OneShape, SelectionShape } from '../shape.ts'
import { targetOf, type View, viewOf } from '../view.ts'
import {
  bindingOf,
  includedConnectionOptions,
  parseConnection,
  parseSeek,
  rebased,
} from './connection.ts'
import { parseFilter } from './filter.ts'
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
import { parseSize } from './size.ts'
import { parseSort } from './sort.ts'

/** What is asked of one record: as given, and as dotted names from further up. */
export interface SelectionInput {
  readonly fields: unknown
  readonly include: unknown
  readonly dottedFields?: readonly string[]
  readonly dottedIncludes?: readonly string[]
}

interface Standing {
  readonly view: View
  /** Where `fields` and `include` stand. */
  readonly place: Place | undefined
  readonly depth: number
}

/** Parses a selection. */
export function parseSelection(
  parsing: Parsing,
  input: SelectionInput,
  at: Standing,
): SelectionShape {
  const wanted = new Map<string, Wanted>()
  const names = ownFields(parsing, input, { ...at, wanted })
  collectIncludes(parsing, input.include, { ...at, wanted })
  for (const path of input.dottedIncludes ?? []) {
    collectPath(wanted, path, { place: below(at.place, 'include'), part: 'includes' })
  }
  const fields = [...at.view.fields.keys()].filter(
    (name) => name === 'id' || names?.has(name) !== false,
  )
  const ones: OneShape[] = []
  const lists: ListShape[] = []
  const byRelation = Map.groupBy(wanted, ([name, want]) => relationOf(parsing, name, want))
  for (const [name, wants] of byRelation) {
    const place = wants[0]?.[1].place
    if (at.view.relations.has(name) || !place) continue
    noteUnknown(parsing, place, { what: 'relation', name, known: at.view.relations.keys() })
  }
  for (const relation of at.view.relations.values()) {
    for (const [as, want] of byRelation.get(relation.name) ?? []) {
      if (isTooMuch(parsing, want, at.depth)) continue
      const view = viewOf(parsing.catalog, parsing.facts, targetOf(parsing.catalog, relation))
      const target = { view, depth: at.depth + 1, of: at.view.model.name, relation, as }
      if (relation.many) lists.push(parseList(parsing, want, target))
      else ones.push(parseOne(parsing, want, target))
    }
  }
  return { fields, ones, lists }
}

/** A connection may stand under another name: one relation can be asked for in several ways. */
function relationOf({ connections }: Parsing, name: string, { options }: Wanted): string {
  const relation = connections ? options?.relation : undefined
  return typeof relation === 'string' ? relation : name
}

/** One relation to include, gathered from all the ways to ask for it. */
interface Wanted {
  readonly place: Place
  options: Entries | undefined
  readonly fields: string[]
  readonly includes: string[]
}

interface Collecting {
  readonly view: View
  readonly place: Place | undefined
  readonly wanted: Map<string, Wanted>
}

/** The own fields asked for; undefined means all. Dotted names go to the relations. */
function ownFields(
  parsing: Parsing,
  { fields, dottedFields }: SelectionInput,
  at: Collecting,
): ReadonlySet<string> | undefined {
  const place = below(at.place, 'fields')
  const items = fields === undefined ? [] : itemsOf(parsing, fields)
  if (!items) note(parsing, place, ['wrong_type', 'Give a list of field names.'])
  const given = [...(items ?? []), ...(dottedFields ?? [])]
  if (given.length > limits.fieldsMax) {
    const cap = `A read names at most ${limits.fieldsMax} fields (fieldsMax)`
    noteExcess(parsing, place, `${cap}: leave "fields" out to get all.`)
    return undefined
  }
  const names = new Set<string>()
  for (const [index, item] of given.entries()) {
    const itemPlace = parsing.text ? place : below(place, index)
    if (typeof item !== 'string') note(parsing, itemPlace, ['wrong_type', 'Give a field name.'])
    else if (item.includes('.')) collectPath(at.wanted, item, { place: itemPlace, part: 'fields' })
    else if (at.view.fields.has(item)) names.add(item)
    else {
      noteUnknown(parsing, itemPlace, { what: 'field', name: item, known: at.view.fields.keys() })
    }
  }
  return fields === undefined && given.length === 0 ? undefined : names
}

function collectIncludes(parsing: Parsing, include: unknown, at: Collecting): void {
  if (include === undefined) return
  const place = below(at.place, 'include')
  const entries = entriesOf(include)
  if (entries) {
    for (const key of Object.keys(entries)) {
      collectEntry(parsing, { key, input: entries[key] }, { wanted: at.wanted, place })
    }
    return
  }
  const items = Array.isArray(include) ? include : itemsOf(parsing, include)
  if (!items) {
    note(parsing, place, ['wrong_type', 'Give relations, such as {"category": true}.'])
    return
  }
  for (const [index, item] of items.entries()) {
    const itemPlace = parsing.text ? place : below(place, index)
    if (typeof item === 'string') {
      collectPath(at.wanted, item, { place: itemPlace, part: 'includes' })
    } else note(parsing, itemPlace, ['wrong_type', 'Give the name of a relation.'])
  }
}

function collectEntry(
  parsing: Parsing,
  { key, input }: { readonly key: string; readonly input: unknown },
  { wanted, place }: { readonly wanted: Map<string, Wanted>; readonly place: Place },
): void {
  const inner = below(place, key)
  const touched = collectPath(wanted, key, { place: inner, part: 'includes' })
  if (input === true || (parsing.text && input === 'true')) return
  const options = entriesOf(input)
  if (options && touched) touched.options = options
  else note(parsing, inner, ['wrong_type', 'Give true, or an object of fields, include and so on.'])
}

/** Takes in `category` or `lines.product`; returns the relation where it was named whole. */
function collectPath(
  wanted: Map<string, Wanted>,
  path: string,
  { place, part }: { readonly place: Place; readonly part: 'fields' | 'includes' },
): Wanted | undefined {
  const dot = path.indexOf('.')
  const name = dot < 0 ? path : path.slice(0, dot)
  const known = wanted.get(name) ?? { place, options: undefined, fields: [], includes: [] }
  wanted.set(name, known)
  if (dot < 0) return known
  known[part].push(path.slice(dot + 1))
  return undefined
}

function isTooMuch(parsing: Parsing, { place }: Wanted, depth: number): boolean {
  parsing.includes++
  if (depth > limits.includeDepthMax) {
    const cap = `Includes nest at most ${limits.includeDepthMax} deep (includeDepthMax)`
    noteExcess(parsing, place, `${cap}: read the rest by itself.`)
    return true
  }
  if (parsing.includes <= limits.includesMax) return false
  const cap = `A read has at most ${limits.includesMax} includes (includesMax)`
  noteExcess(parsing, place, `${cap}: read some by themselves.`)
  return true
}

interface Target {
  readonly view: View
  readonly depth: number
  /** The model that the relation belongs to. */
  readonly of: string
  readonly relation: ModelRelation
  /** The name under which it was asked for. */
  readonly as: string
}

const oneOptions: ReadonlySet<string> = new Set(['fields', 'include'])
const listOptions: ReadonlySet<string> = new Set([...oneOptions, 'filter', 'sort', 'limit'])
const namedOneOptions: ReadonlySet<string> = new Set([...oneOptions, 'relation'])
const connectionOptions: ReadonlySet<string> = new Set([
  ...listOptions,
  ...includedConnectionOptions,
])

function parseOne(parsing: Parsing, want: Wanted, target: Target): OneShape {
  checkOptions(parsing, want, parsing.connections ? namedOneOptions : oneOptions)
  return { ...named(target), select: selectionOf(parsing, want, target) }
}

function named({ relation: { name: relation }, as }: Target): { relation: string; as?: string } {
  return as === relation ? { relation } : { relation, as }
}

function parseList(parsing: Parsing, want: Wanted, target: Target): ListShape {
  checkOptions(parsing, want, parsing.connections ? connectionOptions : listOptions)
  const options = want.options ?? {}
  const at = (name: string) => ({ view: target.view, place: below(want.place, name) })
  const select = selectionOf(parsing, want, target)
  const base = parsing.values.length
  const filter = parseFilter(parsing, options.filter, at('filter'))
  const sort = parseSort(parsing, options.sort, at('sort'))
  const paged = parsing.connections ? pagedOf(parsing, want, { target, base, filter, sort }) : {}
  return {
    ...named(target),
    ...paged,
    ...{ select, filter, sort },
    limit: parseSize(parsing, options.limit, {
      place: below(want.place, 'limit'),
      most: limits.includedRowsMax,
      usual: limits.includedRowsDefault,
      cap: 'includedRowsMax',
    }),
  }
}

interface Asked extends Pick<ListShape, 'filter' | 'sort'> {
  readonly target: Target
  /** How many values there were before those of the filter. */
  readonly base: number
}

/** Where an included connection begins, and what it tells. */
function pagedOf(
  parsing: Parsing,
  want: Wanted,
  { target, base, filter, sort }: Asked,
): Pick<ListShape, 'seek' | 'connection'> {
  const { place } = want
  const options = want.options ?? {}
  const question = { filter: rebased(filter, base), sort, values: parsing.values.slice(base) }
  const binding = bindingOf(parsing, `${target.of}.${target.relation.name}`, question)
  const seek = parseSeek(parsing, options, { place, binding, sort })
  const connection = parseConnection(parsing, options, { place, binding })
  return { ...(seek ? { seek } : {}), ...(connection ? { connection } : {}) }
}

function selectionOf(parsing: Parsing, want: Wanted, target: Target): SelectionShape {
  const input: SelectionInput = {
    fields: want.options?.fields,
    include: want.options?.include,
    dottedFields: want.fields,
    dottedIncludes: want.includes,
  }
  return parseSelection(parsing, input, {
    view: target.view,
    place: want.place,
    depth: target.depth,
  })
}

function checkOptions(parsing: Parsing, want: Wanted, known: ReadonlySet<string>): void {
  for (const name of Object.keys(want.options ?? {})) {
    if (known.has(name)) continue
    noteUnknown(parsing, below(want.place, name), { what: 'option', name, known })
  }
}
