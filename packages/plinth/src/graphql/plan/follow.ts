/** Owns the translation of subscriptions: a field becomes a read to follow, and its messages. */

import { type GraphQLObjectType, getNamedType } from 'graphql'
import { assert, present } from '../../base/assert.ts'
import { invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Model } from '../../catalog/catalog.ts'
import type { Call } from '../../engine/call.ts'
import { cutItems, cutMembers, cutRecord } from '../answer/cut.ts'
import { nodeId } from '../schema/node-ids.ts'
import { isObject, useOf } from '../schema/setting.ts'
import { type Asked, argumentsOf, collect, setsOf } from './collect.ts'
import { type Places, placesOf } from './places.ts'
import { type Given, listOptions } from './query-input.ts'
import { type Selected, selectInWays, type Write } from './records.ts'
import { identityOf, type RootPlanning, targetOfNode } from './root.ts'

/** What a message says: what the engine told, and why something may be missing before it. */
export interface FollowTold {
  readonly kind: 'RESULT' | 'CHANGES' | 'RESUMED'
  readonly cursor: string
  readonly gap: string | undefined
  /** The members of the engine's message, as texts. */
  readonly members: ReadonlyMap<string, string>
}

/** A read that is to be followed. */
export interface FollowPlan {
  readonly read: Pick<Call, 'operation' | 'id' | 'key' | 'query' | 'connections'>
  readonly places: Places
  /** How many records its result may bring. */
  readonly rows: number
  readonly since: string | undefined
  /** JSON text of the field. */
  readonly write: (told: FollowTold) => string
}

interface FollowParts {
  readonly asked: Asked
  readonly args: Given
  readonly model: Model
  /** The type of its messages, and that of its records. */
  readonly message: GraphQLObjectType
  readonly record: GraphQLObjectType
}

/** Plans the following of a read. Fails as the same query would. */
export function planFollow(
  planning: RootPlanning,
  type: GraphQLObjectType,
  asked: Asked,
): FollowPlan {
  const args = argumentsOf(planning.reading, type, asked)
  const message = getNamedType(present(type.getFields()[asked.name], asked.name).type)
  assert(isObject(message), `${asked.name} has messages`)
  const since = sinceOf(planning, type, asked)
  const use = useOf(type, asked.name)
  if (use?.is === 'node') {
    const { id, model, record } = targetOfNode(planning, String(args.id), `/${asked.key}/id`)
    return { ...planOne(planning, { asked, args, model, message, record }, { id }), since }
  }
  assert(use?.is === 'operation' && use.operation.type !== 'action', `${asked.name} is a read`)
  const { model } = use.operation
  const record = planning.reading.schema.getType(present(planning.names.types.get(model.name), ''))
  assert(isObject(record), `${model.name} has a type`)
  const parts: FollowParts = { asked, args, model, message, record }
  if (use.operation.type === 'list') return { ...planList(planning, parts), since }
  return { ...planOne(planning, parts, identityOf(planning, parts)), since }
}

/** The cursor that a field is given. Fails with `invalid_input` where it is none. */
export function sinceOf(
  { reading }: Pick<RootPlanning, 'reading'>,
  type: GraphQLObjectType,
  asked: Asked,
): string | undefined {
  const { since } = argumentsOf(reading, type, asked)
  if (typeof since !== 'string' || since === '') return undefined
  if (since.length <= limits.liveCursorCharactersMax) return since
  const detail = 'Give the cursor of a message as it was told.'
  throw invalidInput([{ pointer: `/${asked.key}/since`, code: 'wrong_length', detail }])
}

type Planned = Omit<FollowPlan, 'since'>

/** The selections of records, wherever they stand in a message: all of them are one read. */
function selected(
  planning: RootPlanning,
  { asked, model, record }: FollowParts,
  ways: readonly Asked[],
): Selected & { readonly places: Places; readonly writes: ReadonlyMap<Asked, Write> } {
  const outer = `/${asked.key}`
  const places = placesOf(outer)
  const at = { planning: { ...planning, places }, model, inner: '', outer }
  const { writes, ...rest } = selectInWays(
    at,
    ways.map((way) => ({ type: record, sets: setsOf(way) })),
  )
  const byWay = new Map(ways.map((way, index) => [way, present(writes[index], way.key)]))
  return { ...rest, places, writes: byWay }
}

/** Without includes a plain read does: it is shared by all whom its rules treat alike. */
function readOf(model: Model, only: 'list' | 'get', { query }: Selected): FollowPlan['read'] {
  const connections = query.include === undefined ? {} : { connections: true }
  return { operation: `${model.name}.${only}`, query, ...connections }
}

function planOne(
  planning: RootPlanning,
  parts: FollowParts,
  by: Pick<Call, 'id' | 'key'>,
): Planned {
  const { message, asked, model } = parts
  const members = collect(planning.reading, message, setsOf(asked))
  const ways = members.filter(({ name }) => name === 'node')
  const selection = selected(planning, parts, ways)
  const { places, rows, cut, writes } = selection
  const one = (text: string | undefined, way: Asked): string =>
    text === undefined ? 'null' : present(writes.get(way), way.key)(cutRecord(text, cut))
  return {
    ...{ read: { ...readOf(model, 'get', selection), ...by }, places, rows },
    write: (told) => {
      const kind = told.kind === 'CHANGES' ? 'RESULT' : told.kind
      const text = recordIn(told)
      return inBraces(members, (member) => {
        if (member.name === 'node') return one(text, member)
        return commonText({ ...told, kind }, message, member)
      })
    },
  }
}

/** The record of a message; undefined where there is none, or none is told. */
function recordIn({ members }: FollowTold): string | undefined {
  const [row] = cutItems(members.get('rows') ?? '[]')
  if (row !== undefined) return row
  const last = cutItems(members.get('changes') ?? '[]').at(-1)
  return last === undefined ? undefined : cutMembers(last).get('row')
}

function planList(planning: RootPlanning, parts: FollowParts): Planned {
  const { message, asked, model, args } = parts
  const { reading } = planning
  const members = collect(reading, message, setsOf(asked))
  const changeType = getNamedType(present(message.getFields().changes, 'changes').type)
  assert(isObject(changeType), 'changes are objects')
  const ofChanges = new Map(
    members
      .filter(({ name }) => name === 'changes')
      .map((member) => [member, collect(reading, changeType, setsOf(member))]),
  )
  const ways = [...members, ...[...ofChanges.values()].flat()].filter(({ name }) => {
    return name === 'node' || name === 'nodes'
  })
  const selection = selected(planning, parts, ways)
  const { places, rows, cut, writes } = selection
  const outer = `/${asked.key}`
  const options = places.within(outer, () => listOptions(planning, model, args))
  places.note('/limit', `${outer}/first`)
  for (const name of ['filter', 'sort']) places.note(`/${name}`, `${outer}/${name}`)
  const counts = members.some(({ name }) => name === 'totalCount') ? { count: 'exact' } : {}
  const { query, ...read } = readOf(model, 'list', selection)
  const write = (way: Asked, text: string): string =>
    present(writes.get(way), way.key)(cutRecord(text, cut))
  const typeName = present(planning.names.types.get(model.name), model.name)
  const limit = typeof options.limit === 'number' ? options.limit : limits.pageSizeDefault
  return {
    ...{ read: { ...read, query: { ...options, ...(query as Given), ...counts } }, places },
    rows: limit * rows,
    write: (told) =>
      inBraces(members, (member) => {
        if (member.name === 'nodes') {
          const list = told.members.get('rows')
          return list === undefined ? 'null' : listed(list, (text) => write(member, text))
        }
        const inner = ofChanges.get(member)
        if (inner === undefined) return commonText(told, message, member)
        const list = told.members.get('changes')
        if (list === undefined) return 'null'
        return listed(list, (text) =>
          changeText({ inner, typeName, type: changeType, write }, cutMembers(text)),
        )
      }),
  }
}

function listed(list: string, write: (text: string) => string): string {
  return `[${cutItems(list).map(write).join()}]`
}

function inBraces(members: readonly Asked[], write: (member: Asked) => string): string {
  return `{${members.map((member) => `"${member.key}":${write(member)}`).join()}}`
}

function commonText(
  { kind, cursor, gap, members }: FollowTold,
  type: GraphQLObjectType,
  { name }: Asked,
): string {
  switch (name) {
    case 'kind':
      return `"${kind}"`
    case 'cursor':
      return JSON.stringify(cursor)
    case 'gap':
      return gap === undefined ? 'null' : `"${gap.toUpperCase()}"`
    case 'hasMore':
      return members.get('more') ?? 'null'
    case 'totalCount':
      return members.get('count') ?? 'null'
    default:
      return `"${type.name}"`
  }
}

interface Changing {
  readonly inner: readonly Asked[]
  readonly typeName: string
  readonly type: GraphQLObjectType
  readonly write: (way: Asked, text: string) => string
}

function changeText(
  { inner, typeName, type, write }: Changing,
  change: ReadonlyMap<string, string>,
): string {
  const row = change.get('row')
  const after = change.get('after')
  const is = (change.get('is') ?? '').slice(1, -1)
  const kind = is === 'change' && after !== undefined ? 'MOVE' : is.toUpperCase()
  const global = (text: string): string => `"${nodeId(typeName, text.slice(1, -1))}"`
  return inBraces(inner, (member) => {
    switch (member.name) {
      case 'kind':
        return `"${kind}"`
      case 'id':
        return global(change.get('id') ?? cutMembers(row ?? '{}').get('id') ?? '""')
      case 'behind':
        return after === undefined || after === 'null' ? 'null' : global(after)
      case 'node':
        return row === undefined ? 'null' : write(member, row)
      default:
        return `"${type.name}"`
    }
  })
}
