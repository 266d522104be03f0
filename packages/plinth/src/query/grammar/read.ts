/** Owns the grammar of reads: what a caller asks for, as a shape and values, or every problem. */

import type { CallerFacts } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Catalog, Model } from '../../catalog/catalog.ts'
import type { Cursors } from '../cursor.ts'
import type { ReadShape } from '../shape.ts'
import { type View, viewOf } from '../view.ts'
import { bindingOf, connectionOptions, parseConnection, parseSeek } from './connection.ts'
import { parseFilter } from './filter.ts'
import {
  below,
  type Entries,
  entriesOf,
  note,
  noteUnknown,
  type Paging,
  type Parsing,
  settle,
} from './parsing.ts'
import { parseSelection } from './selection.ts'
import { checkRows, parseSize } from './size.ts'
import { defaultSort, parseSort } from './sort.ts'

/** What a read is parsed from. */
export interface ReadRequest {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  readonly model: Model
  /** The query as parsed JSON; undefined asks for nothing special. */
  readonly query: unknown
  /** True where leaves are text from a query string, to be parsed by kind. */
  readonly text: boolean
  /** True: lists may be asked for as connections. Default false. */
  readonly connections?: boolean | undefined
}

/** A list to parse: cursors are for the same caller only. */
export interface ListRequest extends ReadRequest {
  readonly cursors: Cursors
  readonly meId: string | null
  readonly organisationId: string | null
}

/** One record to parse: by `{ id }`, or by all fields of the model's natural key, as text. */
export interface GetRequest extends ReadRequest {
  readonly by: Readonly<Record<string, string>>
  /** For cursors of included connections. */
  readonly paging?: Paging
}

/** A read, parsed: its shape decides the plan, its values fill the plan's slots. */
export interface ParsedRead {
  readonly shape: ReadShape
  /** Equal shapes have equal keys; with the facts' key it names the plan. */
  readonly key: string
  readonly values: readonly string[]
  /** What the cursors of the answer are bound to. */
  readonly binding: string
  /** The same for each connection, as the shape counts them. */
  readonly bindings: readonly string[]
}

const listOptions: ReadonlySet<string> = new Set([
  ...['filter', 'sort', 'fields', 'include', 'limit', 'after', 'before', 'count'],
])
const connectionListOptions: ReadonlySet<string> = new Set([...listOptions, ...connectionOptions])
const getOptions: ReadonlySet<string> = new Set(['fields', 'include'])

/**
 * Parses a list read. Fails with `invalid_input`, every problem at its place, or with
 * `query_too_costly` naming the cap.
 */
export function parseList(request: ListRequest): ParsedRead {
  const { cursors, meId, organisationId } = request
  const parsing = start(request, { cursors, meId, organisationId })
  const known = parsing.connections ? connectionListOptions : listOptions
  const { view, query } = openQuery(parsing, request, known)
  const at = (name: string) => ({ view, place: below(undefined, name) })
  const filter = parseFilter(parsing, query.filter, at('filter'))
  const bound = parsing.values.length
  const sort = parseSort(parsing, query.sort, at('sort'))
  const select = parseSelection(parsing, inputOf(query), { view, place: undefined, depth: 1 })
  const limit = parseSize(parsing, query.limit, {
    place: below(undefined, 'limit'),
    most: limits.pageSizeMax,
    usual: limits.pageSizeDefault,
    cap: 'pageSizeMax',
  })
  checkRows(parsing, select, limit)
  const count = parseCount(parsing, query.count)
  const values = parsing.values.slice(0, bound)
  const binding = bindingOf(parsing, request.model.name, { filter, sort, values })
  const seek = parseSeek(parsing, query, { place: undefined, binding, sort })
  const connection = parseConnection(parsing, query, { place: undefined, binding })
  settle(parsing)
  const { name } = request.model
  return finish(parsing, binding, {
    model: name,
    only: 'list',
    by: [],
    select,
    filter,
    sort,
    limit,
    seek,
    count,
    ...(connection === undefined ? {} : { connection }),
  })
}

/** Parses the read of one record. A key that can be nobody's is `not_found`. */
export function parseGet(request: GetRequest): ParsedRead {
  const parsing = start(request, request.paging)
  const { view, query } = openQuery(parsing, request, getOptions)
  const by = parseKey(parsing, request, view)
  const plain = request.query === undefined ? plainGets.get(view)?.get(by.join()) : undefined
  if (plain) return { ...plain, values: parsing.values, binding: '', bindings: [] }
  const select = parseSelection(parsing, inputOf(query), { view, place: undefined, depth: 1 })
  checkRows(parsing, select, 1)
  settle(parsing)
  const none = { filter: undefined, sort: defaultSort, limit: 1, seek: undefined, count: undefined }
  const shape: ReadShape = { model: request.model.name, only: 'get', by, select, ...none }
  const parsed = finish(parsing, '', shape)
  if (request.query === undefined) keepPlain(view, by, parsed)
  return parsed
}

/** What reads of one record come to that ask for nothing special, by the names of their key. */
const plainGets = new WeakMap<View, Map<string, Pick<ParsedRead, 'shape' | 'key'>>>()

function keepPlain(view: View, by: readonly string[], { shape, key }: ParsedRead): void {
  const known = plainGets.get(view) ?? new Map()
  plainGets.set(view, known.set(by.join(), { shape, key }))
}

function finish(parsing: Parsing, binding: string, shape: ReadShape): ParsedRead {
  const { values, bindings } = parsing
  return { shape, key: JSON.stringify(shape), values, binding, bindings }
}

function start(
  { catalog, facts, text, connections = false }: ReadRequest,
  paging: Paging | undefined,
): Parsing {
  const found = { values: [], problems: [], excesses: [], bindings: [], terms: 0, includes: 0 }
  return { catalog, facts, text, connections, paging, ...found }
}

function openQuery(
  parsing: Parsing,
  { catalog, facts, model, query }: ReadRequest,
  known: ReadonlySet<string>,
): { readonly view: View; readonly query: Entries } {
  const entries = query === undefined ? {} : entriesOf(query)
  if (!entries) note(parsing, below(undefined, ''), ['wrong_type', 'Give an object.'])
  for (const name of Object.keys(entries ?? {})) {
    if (known.has(name)) continue
    noteUnknown(parsing, below(undefined, name), { what: 'option', name, known })
  }
  return { view: viewOf(catalog, facts, model), query: entries ?? {} }
}

function inputOf({ fields, include }: Entries): { fields: unknown; include: unknown } {
  return { fields, include }
}

function parseCount(parsing: Parsing, input: unknown): ReadShape['count'] {
  if (input === undefined || input === 'exact' || input === 'estimated') return input
  note(parsing, below(undefined, 'count'), ['not_in_choices', 'Give one of: exact, estimated.'])
  return undefined
}

function parseKey(parsing: Parsing, { by, model }: GetRequest, view: View): readonly string[] {
  const names = Object.hasOwn(by, 'id') ? ['id'] : model.key
  for (const name of names) {
    // A key made of what the caller cannot read would tell it by being found.
    const kind = view.fields.get(name)?.kind.operand()
    const text = by[name]
    const value = text === undefined ? undefined : kind?.parse(text, () => {})
    if (!kind || value === undefined) throw notFound()
    parsing.values.push(kind.parameter(value))
  }
  return names
}

/** The answer for a record that is not there, or not for this caller. */
export function notFound(): Failure {
  return new Failure('not_found', {
    detail: 'There is no such record, or it is not visible to you.',
  })
}
