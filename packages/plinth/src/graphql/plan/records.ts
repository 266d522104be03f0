/** Owns the translation of selections: what of a record is read, and how its text is made. */

import type { GraphQLObjectType } from 'graphql'
import { getNamedType } from 'graphql'
import { AssertionError, assert, present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import type { Model } from '../../catalog/catalog.ts'
import type { ConnectionPieces, Pieces, RecordCut } from '../../engine/call.ts'
import { nodeId } from '../schema/node-ids.ts'
import { isObject, useOf } from '../schema/setting.ts'
import { type Asked, argumentsOf, collect, type Reading, setsOf } from './collect.ts'
import type { Places } from './places.ts'
import { type Dictionary, type Given, listOptions } from './query-input.ts'

/** What reads are planned with. */
export interface Planning extends Dictionary {
  readonly reading: Reading
  /** Where in the document the parts of the read come from. */
  readonly places: Places
}

/** What is to be read of records. */
export interface Selected {
  /** `fields` and `include` of the read. */
  readonly query: Given
  readonly cut: RecordCut
  /** How many records one of them brings, itself included. */
  readonly rows: number
}

/** Makes the text of a record, or of a part of it. */
export type Write = (record: Pieces) => string

/** A record selected in one or several ways. */
export interface RecordSelection extends Selected {
  readonly write: Write
}

/** A connection: the options of its list, and its text. */
export interface ConnectionSelection extends Selected {
  readonly write: (connection: ConnectionPieces) => string
}

/** Where a selection stands. */
interface Standing {
  readonly planning: Planning
  readonly model: Model
  /** Where its query stands in the read, and its field in the answer. */
  readonly inner: string
  readonly outer: string
}

/** What is asked of records so far. A slot is where a member will be among the pieces. */
interface Wanted {
  readonly at: Standing
  readonly fields: Map<string, Slot>
  readonly ones: Included[]
  readonly lists: Included[]
  cursor: Slot | undefined
}

interface Slot {
  index: number
}

interface Included {
  readonly as: string
  readonly relation: string
  readonly slot: Slot
  readonly options: Given
  readonly cut: RecordCut
  readonly rows: number
}

function wanted(at: Standing): Wanted {
  return { at, fields: new Map(), ones: [], lists: [], cursor: undefined }
}

/** What is asked of one record. */
export function selectRecord(
  at: Standing,
  type: GraphQLObjectType,
  sets: Parameters<typeof collect>[2],
): RecordSelection {
  const want = wanted(at)
  const write = writeRecord(want, type, sets)
  return { ...finish(want), write }
}

/** One way of writing a record. */
export interface Way {
  readonly type: GraphQLObjectType
  readonly sets: Parameters<typeof collect>[2]
}

/** What is asked of one record in several ways: one read brings it all. */
export function selectInWays(
  at: Standing,
  ways: readonly Way[],
): Selected & { readonly writes: readonly Write[] } {
  const want = wanted(at)
  const writes = ways.map(({ type, sets }) => writeRecord(want, type, sets))
  return { ...finish(want), writes }
}

/** The writing of a record in one way; whatever it needs is added to what is wanted. */
function writeRecord(
  want: Wanted,
  type: GraphQLObjectType,
  sets: Parameters<typeof collect>[2],
): Write {
  const parts = collect(want.at.planning.reading, type, sets).map((asked): Write => {
    const prefix = `"${asked.key}":`
    const write = writeMember(want, type, asked)
    return (record) => prefix + write(record)
  })
  return inBraces(parts)
}

/** The parts of an object, put together. */
function inBraces<T>(parts: readonly ((from: T) => string)[]): (from: T) => string {
  return (from) => {
    let text = ''
    for (const part of parts) text += text === '' ? part(from) : `,${part(from)}`
    return `{${text}}`
  }
}

function writeMember(want: Wanted, type: GraphQLObjectType, asked: Asked): Write {
  const use = useOf(type, asked.name)
  if (use === undefined) return () => `"${type.name}"`
  switch (use.is) {
    case 'globalId': {
      const slot = fieldSlot(want, 'id', asked)
      return ({ pieces }) => `"${nodeId(type.name, idOf(pieces[slot.index]))}"`
    }
    case 'plainId':
      return writeField(want, 'id', asked)
    case 'value':
      return writeField(want, use.field, asked)
    case 'relation':
      return use.relation.many ? writeMany(want, type, asked) : writeOne(want, type, asked)
    default:
      throw new AssertionError(`${type.name}.${asked.name} is no field of a record`)
  }
}

/** The UUID inside its quotes. */
function idOf(piece: Pieces['pieces'][number]): string {
  assert(typeof piece === 'string', 'a record has an id')
  return piece.slice(1, -1)
}

function writeField(want: Wanted, name: string, asked: Asked): Write {
  const slot = fieldSlot(want, name, asked)
  return ({ pieces }) => (pieces[slot.index] ?? 'null') as string
}

function fieldSlot({ fields, at }: Wanted, name: string, { key }: Asked): Slot {
  const known = fields.get(name)
  if (known) return known
  const slot: Slot = { index: -1 }
  at.planning.places.note(`${at.inner}/fields/${fields.size}`, `${at.outer}/${key}`)
  fields.set(name, slot)
  return slot
}

function relationOf(type: GraphQLObjectType, { name }: Asked) {
  const use = useOf(type, name)
  assert(use?.is === 'relation', `${name} is a relation`)
  const target = getNamedType(present(type.getFields()[name], name).type)
  assert(isObject(target), `${name} leads to an object`)
  return { relation: use.relation, target }
}

/** A name of its own for each way to ask for a relation. */
function standingBelow(want: Wanted, target: string, { key }: Asked): Standing & { as: string } {
  const { planning, inner, outer } = want.at
  const as = `$${want.ones.length + want.lists.length}`
  const model = present(planning.catalog.models.get(target), target)
  const at = { planning, model, inner: `${inner}/include/${as}`, outer: `${outer}/${key}` }
  planning.places.note(at.inner, at.outer)
  return { ...at, as }
}

function writeOne(want: Wanted, type: GraphQLObjectType, asked: Asked): Write {
  const { relation, target } = relationOf(type, asked)
  const { as, ...at } = standingBelow(want, relation.target, asked)
  const slot: Slot = { index: -1 }
  const included = { as, relation: relation.name, slot, options: {}, rows: 0, cut: { members: [] } }
  // Its place is taken before what is below it asks for more.
  const position = want.ones.push(included) - 1
  const { query, cut, rows, write } = selectRecord(at, target, setsOf(asked))
  want.ones[position] = { ...included, options: query, cut, rows: rows - 1 }
  return ({ pieces }) => {
    const piece = pieces[slot.index] as Pieces | null | undefined
    return piece ? write(piece) : 'null'
  }
}

function writeMany(want: Wanted, type: GraphQLObjectType, asked: Asked): Write {
  const { relation, target } = relationOf(type, asked)
  const { as, ...at } = standingBelow(want, relation.target, asked)
  const slot: Slot = { index: -1 }
  const included = { as, relation: relation.name, slot, options: {}, rows: 0, cut: { members: [] } }
  const position = want.lists.push(included) - 1
  const args = argumentsOf(at.planning.reading, type, asked)
  const selection = selectConnection({ ...at, usual: limits.includedRowsDefault }, target, {
    asked,
    args,
  })
  const { query, cut, rows, write } = selection
  want.lists[position] = { ...included, options: query, cut, rows }
  return ({ pieces }) => write(pieces[slot.index] as ConnectionPieces)
}

interface AskedConnection {
  readonly asked: Asked
  readonly args: Given
}

/** What is asked of a connection. `usual`: how many records it has where nobody says. */
export function selectConnection(
  at: Standing & { readonly usual: number },
  type: GraphQLObjectType,
  { asked, args }: AskedConnection,
): ConnectionSelection {
  const { planning, model, usual } = at
  const options = planning.places.within(at.outer, () => listOptions(planning, model, args))
  noteOptions(at, options)
  const want = wanted(at)
  const tells: Tells = { count: false, ends: false }
  const parts = collect(planning.reading, type, setsOf(asked)).map((part) => {
    const write = connectionPart(want, type, { part, tells })
    return (connection: ConnectionPieces) => `"${part.key}":${write(connection)}`
  })
  const { query, cut, rows } = finish(want)
  const cursors = want.cursor ? 'each' : tells.ends ? 'ends' : 'none'
  const limit = typeof options.limit === 'number' ? options.limit : usual
  return {
    query: { ...options, ...query, cursors, ...(tells.count ? { count: 'exact' } : {}) },
    cut,
    rows: limit * rows,
    write: inBraces(parts),
  }
}

function noteOptions(
  { planning: { places }, inner, outer }: Standing,
  { from, ...options }: Given,
): void {
  const backwards = from !== undefined || options.before !== undefined
  places.note(`${inner}/limit`, `${outer}/${backwards ? 'last' : 'first'}`)
  for (const name of ['after', 'before', 'filter', 'sort']) {
    places.note(`${inner}/${name}`, `${outer}/${name}`)
  }
}

/** What a connection tells beside its records. */
interface Tells {
  count: boolean
  ends: boolean
}

type WriteConnection = (connection: ConnectionPieces) => string

function connectionPart(
  want: Wanted,
  type: GraphQLObjectType,
  { part, tells }: { readonly part: Asked; readonly tells: Tells },
): WriteConnection {
  const { reading } = want.at.planning
  const below = getNamedType(type.getFields()[part.name]?.type)
  if (part.name === 'totalCount') {
    tells.count = true
    return ({ count }) => count ?? 'null'
  }
  if (!isObject(below)) return () => `"${type.name}"`
  if (part.name === 'pageInfo') {
    const parts = collect(reading, below, setsOf(part))
    tells.ends ||= parts.some(({ name }) => name === 'startCursor' || name === 'endCursor')
    return (connection) => {
      return `{${parts.map(({ key, name }) => `"${key}":${placeOf(connection, name)}`).join()}}`
    }
  }
  const write =
    part.name === 'nodes'
      ? writeRecord(want, below, setsOf(part))
      : writeEdge(want, below, setsOf(part))
  return ({ records }) => {
    let text = ''
    for (const record of records) text += text === '' ? write(record) : `,${write(record)}`
    return `[${text}]`
  }
}

function placeOf({ hasNext, hasPrevious, start, end }: ConnectionPieces, name: string): string {
  switch (name) {
    case 'hasNextPage':
      return hasNext
    case 'hasPreviousPage':
      return hasPrevious
    case 'startCursor':
      return start ?? 'null'
    case 'endCursor':
      return end ?? 'null'
    default:
      return '"PageInfo"'
  }
}

function writeEdge(
  want: Wanted,
  type: GraphQLObjectType,
  sets: Parameters<typeof collect>[2],
): Write {
  const parts = collect(want.at.planning.reading, type, sets).map((asked): Write => {
    const write = edgePart(want, type, asked)
    return (record) => `"${asked.key}":${write(record)}`
  })
  return inBraces(parts)
}

function edgePart(want: Wanted, type: GraphQLObjectType, asked: Asked): Write {
  if (asked.name === 'cursor') {
    want.cursor ??= { index: -1 }
    const slot = want.cursor
    return ({ pieces }) => pieces[slot.index] as string
  }
  const below = getNamedType(type.getFields()[asked.name]?.type)
  return isObject(below) ? writeRecord(want, below, setsOf(asked)) : () => `"${type.name}"`
}

/** The read that brings all that is wanted, and the places of its members. */
function finish({ at, fields, ones, lists, cursor }: Wanted): Selected {
  const { model } = at
  const order = [...model.relations.keys()]
  const inOrder = (list: readonly Included[]) =>
    list.toSorted((a, b) => order.indexOf(a.relation) - order.indexOf(b.relation))
  // As the engine writes a record: fields, to-one relations, lists, its cursor.
  const members: { prefix: string; below?: RecordCut; many?: boolean }[] = []
  const take = (slot: Slot, member: (typeof members)[number]): void => {
    slot.index = members.push(member) - 1
  }
  for (const name of model.fields.keys()) {
    const slot = fields.get(name)
    if (slot) take(slot, { prefix: `"${name}":` })
  }
  for (const { as, slot, cut } of inOrder(ones)) take(slot, { prefix: `"${as}":`, below: cut })
  for (const { as, slot, cut } of inOrder(lists)) {
    take(slot, { prefix: `"${as}":`, below: cut, many: true })
  }
  if (cursor) take(cursor, { prefix: '"$cursor":' })
  const included = [...ones, ...lists]
  const include = Object.fromEntries(
    included.map(({ as, relation, options }) => [as, { relation, ...options }]),
  )
  return {
    query: { fields: [...fields.keys()], ...(included.length > 0 ? { include } : {}) },
    cut: { members },
    rows: 1 + included.reduce((sum, { rows }) => sum + rows, 0),
  }
}
