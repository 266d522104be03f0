/** Owns the translation of an operation's own fields: each becomes reads of the engine. */

import { type GraphQLObjectType, getNamedType } from 'graphql'
import { assert, present } from '../../base/assert.ts'
import { Failure, invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ActionOperation, Model, ModelOperation } from '../../catalog/catalog.ts'
import { isNever } from '../../catalog/exposure/exposure.ts'
import type { Answered, ReadAsked } from '../../engine/call.ts'
import { plainId, readNodeId } from '../schema/node-ids.ts'
import { isObject, useOf } from '../schema/setting.ts'
import { type Asked, argumentsOf, collect, type Reading, setsOf } from './collect.ts'
import { type Places, placesOf } from './places.ts'
import { type Dictionary, type Given, keyTexts } from './query-input.ts'
import { selectConnection, selectRecord } from './records.ts'

/** What operations are translated with. */
export interface RootPlanning extends Dictionary {
  readonly reading: Reading
}

/** One read of an operation, and how its answer is written. */
export interface PlannedRead {
  readonly read: ReadAsked
  readonly places: Places
  /** How many records it may bring. */
  readonly rows: number
  /** JSON text of the field, from its answer. */
  readonly write: (answer: Answered) => string
}

/** A read that was planned, or why it could not be. */
export type ReadPlan = PlannedRead | { readonly failure: unknown }

/** A field of an operation that reads. */
export type RootPart =
  | { readonly is: 'text'; readonly asked: Asked; readonly text: string }
  | { readonly is: 'schema'; readonly asked: Asked }
  | { readonly is: 'one'; readonly asked: Asked; readonly plan: ReadPlan }
  | { readonly is: 'many'; readonly asked: Asked; readonly plans: readonly ReadPlan[] }
  | { readonly is: 'action'; readonly asked: Asked; readonly operation: ActionOperation }

/** The parts of an operation that reads, in the order of the answer. */
export function planRoot(
  planning: RootPlanning,
  type: GraphQLObjectType,
  sets: Parameters<typeof collect>[2],
): readonly RootPart[] {
  return collect(planning.reading, type, sets).map((asked) => planPart(planning, type, asked))
}

function planPart(planning: RootPlanning, type: GraphQLObjectType, asked: Asked): RootPart {
  if (asked.name === '__typename') return { is: 'text', asked, text: `"${type.name}"` }
  if (asked.name.startsWith('__')) return { is: 'schema', asked }
  const use = useOf(type, asked.name)
  if (use?.is === 'operation') {
    const { operation } = use
    if (operation.type === 'action') return { is: 'action', asked, operation }
    return { is: 'one', asked, plan: attempt(() => planRead(planning, { type, asked, operation })) }
  }
  const args = attempt(() => argumentsOf(planning.reading, type, asked))
  if (isFailed(args)) return { is: 'one', asked, plan: args }
  const planOne = (id: unknown, place: string): ReadPlan =>
    attempt(() => planNode(planning, asked, { id, place }))
  if (use?.is === 'node') return { is: 'one', asked, plan: planOne(args.id, `/${asked.key}/id`) }
  assert(use?.is === 'nodes' && Array.isArray(args.ids), `${asked.name} has no meaning`)
  const plans = args.ids.map((id, index) => planOne(id, `/${asked.key}/ids/${index}`))
  return { is: 'many', asked, plans }
}

interface Failed {
  readonly failure: unknown
}

/** What code returns, or what it failed with. */
function attempt<T>(run: () => T): T | Failed {
  try {
    return run()
  } catch (failure) {
    return { failure }
  }
}

function isFailed(value: object): value is Failed {
  return 'failure' in value
}

interface AskedRead {
  readonly type: GraphQLObjectType
  readonly asked: Asked
  readonly operation: ModelOperation
}

function planRead(planning: RootPlanning, { type, asked, operation }: AskedRead): PlannedRead {
  const args = argumentsOf(planning.reading, type, asked)
  const target = getNamedType(present(type.getFields()[asked.name], asked.name).type)
  assert(isObject(target), `${asked.name} leads to an object`)
  const parts: ReadParts = { asked, target, args, model: operation.model }
  if (operation.type === 'list') return planList(planning, parts)
  return planGet(planning, parts, identityOf(planning, parts))
}

interface ReadParts {
  readonly asked: Asked
  readonly target: GraphQLObjectType
  readonly args: Given
  readonly model: Model
}

function planList(planning: RootPlanning, { asked, target, args, model }: ReadParts): PlannedRead {
  const outer = `/${asked.key}`
  const places = placesOf(outer)
  const at = { planning: { ...planning, places }, model, inner: '', outer }
  const usual = limits.pageSizeDefault
  const { query, cut, rows, write } = selectConnection({ ...at, usual }, target, { asked, args })
  return {
    ...{ read: { operation: `${model.name}.list`, query }, places, rows },
    write: (answer) => write(answer.connection(cut)),
  }
}

function planGet(
  planning: RootPlanning,
  { asked, target, model }: Omit<ReadParts, 'args'>,
  by: Pick<ReadAsked, 'id' | 'key'>,
): PlannedRead {
  const outer = `/${asked.key}`
  const places = placesOf(outer)
  const at = { planning: { ...planning, places }, model, inner: '', outer }
  const { query, cut, rows, write } = selectRecord(at, target, setsOf(asked))
  return {
    ...{ read: { operation: `${model.name}.get`, ...by, query }, places, rows },
    write: (answer) => write(answer.record(cut)),
  }
}

/** By which of both the record is named: its id, plain or global, or its natural key. */
export function identityOf(
  planning: RootPlanning,
  { args: { id, key }, model, asked }: Pick<ReadParts, 'args' | 'model' | 'asked'>,
): Pick<ReadAsked, 'id' | 'key'> {
  const byKey = typeof key === 'object' && key !== null
  if (byKey === (typeof id === 'string')) {
    const detail = 'Give either the id or the natural key.'
    throw invalidInput([{ pointer: `/${asked.key}/id`, code: 'contradiction', detail }])
  }
  if (byKey) return { key: keyTexts(planning, model, key as Given) }
  return { id: String(plainId(id, planning.names.types.get(model.name))) }
}

/** A record by its global id. */
function planNode(
  planning: RootPlanning,
  asked: Asked,
  { id, place }: { readonly id: unknown; readonly place: string },
): PlannedRead {
  const { id: plain, model, record: target } = targetOfNode(planning, String(id), place)
  return planGet(planning, { asked, target, model }, { id: plain })
}

/** What a global id names. Whatever is no global id of ours names no record: `not_found`. */
export function targetOfNode(
  planning: RootPlanning,
  id: string,
  place: string,
): { readonly id: string; readonly model: Model; readonly record: GraphQLObjectType } {
  const known = readNodeId(id)
  const model = known && planning.names.models.get(known.type)
  const record = known && planning.reading.schema.getType(known.type)
  if (!known || !model || !isObject(record) || isNever(model.access.read)) {
    const detail = 'There is no such record, or it is not visible to you.'
    throw new Failure('not_found', {
      detail,
      problems: [{ pointer: place, code: 'unknown_id', detail: 'Give an id as it was answered.' }],
    })
  }
  return { id: known.id, model, record }
}
