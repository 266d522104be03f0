/** Owns the running of writes and actions: arguments become a call, its reply a result. */

import { type GraphQLObjectType, type GraphQLUnionType, getNamedType, isUnionType } from 'graphql'
import { assert, present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Operation } from '../../catalog/catalog.ts'
import type { Call, Reply } from '../../engine/call.ts'
import { type ErrorPlace, problemsOf, thrownFailure } from '../answer/errors.ts'
import { actionInput } from '../plan/action-input.ts'
import { type Asked, argumentsOf, collect, setsOf } from '../plan/collect.ts'
import { placesOf } from '../plan/places.ts'
import { type Given, plainValues } from '../plan/query-input.ts'
import type { RootPlanning } from '../plan/root.ts'
import { plainId } from '../schema/node-ids.ts'
import type { Answering } from './answering.ts'
import { type Payload, planPayload } from './payload.ts'
import type { GraphqlRequest } from './request.ts'

/** A field that calls something. */
export interface CallRun {
  readonly planning: RootPlanning
  /** The type that the field belongs to. */
  readonly type: GraphQLObjectType
  readonly asked: Asked
  readonly operation: Operation
  /** Used where the field names no key of its own. */
  readonly idempotencyKey?: string | undefined
  readonly demandOwnSite: GraphqlRequest['demandOwnSite']
}

/** A call that is ready to be made. */
export interface PlannedCall {
  /** How many records its payload may bring. */
  readonly rows: number
  /** Makes the call: JSON text of its result. Whatever it fails with is told there. */
  run(answering: Answering): Promise<string>
}

/**
 * Plans a call and its payload, before anything is done. A result is a union: a failure is its
 * value where the document selects something of it, and an entry of `errors` where not.
 */
export function planCall(run: CallRun): PlannedCall {
  const { asked, planning, type } = run
  const place: ErrorPlace = { path: [asked.key], nodes: asked.nodes }
  try {
    const result = resultOf(type, asked)
    const said = saidBy(run, argumentsOf(planning.reading, type, asked))
    const payload = planPayload(planning, { asked, operation: run.operation, ...result })
    const makes = { run, said, payload, union: result.union, place }
    return { rows: payload.rows, run: (answering) => make(answering, makes) }
  } catch (error) {
    const failure = thrownFailure(error)
    return { rows: 0, run: async (answering) => answering.fail(failure, place) }
  }
}

interface Result {
  readonly union: GraphQLUnionType
  readonly payloadType: GraphQLObjectType
}

function resultOf(type: GraphQLObjectType, { name }: Asked): Result {
  const union = getNamedType(present(type.getFields()[name], name).type)
  assert(isUnionType(union), `${name} has a result`)
  const [payloadType] = union.getTypes()
  return { union, payloadType: present(payloadType, `the payload of ${name}`) }
}

interface Making {
  readonly run: CallRun
  readonly said: Said
  readonly payload: Payload
  readonly union: GraphQLUnionType
  readonly place: ErrorPlace
}

async function make(answering: Answering, making: Making): Promise<string> {
  const { run, said, payload, place } = making
  let reply: Reply
  try {
    reply = await answering.invoke({ ...answering.call, operation: run.operation.name, ...said })
  } catch (error) {
    const places = placesOf(`/${run.asked.key}/input`)
    const failure = places.translated(thrownFailure(error))
    return asData(making, failure) ?? answering.fail(failure, place)
  }
  return payload.write(answering, reply, said.id)
}

/** A failure as the value of a result; undefined where nothing of it is selected. */
function asData({ run, union }: Making, failure: Failure): string | undefined {
  // A bug is nobody's result: it stands among the errors, where it is noticed.
  if (failure.code === 'internal') return undefined
  const types = union.getTypes()
  const type = types.find(({ extensions }) => extensions.code === failure.code) ?? types.at(-1)
  const { reading } = run.planning
  const asked = collect(reading, present(type, 'the type of a failure'), setsOf(run.asked))
  if (asked.every(({ name }) => name === '__typename')) return undefined
  const { code, title, detail, status, retryable } = failure
  const values: Given = { code, title, detail, status, retryable, __typename: type?.name }
  const texts = asked.map((part) => {
    const text =
      part.name === 'errors'
        ? problemTexts(run, present(type, 'the type of a failure'), { part, failure })
        : JSON.stringify(values[part.name])
    return `"${part.key}":${text}`
  })
  return `{${texts.join()}}`
}

function problemTexts(
  { planning }: CallRun,
  type: GraphQLObjectType,
  { part, failure }: { readonly part: Asked; readonly failure: Failure },
): string {
  const below = getNamedType(present(type.getFields()[part.name], part.name).type)
  const asked = collect(planning.reading, below as GraphQLObjectType, setsOf(part))
  const problems = problemsOf(failure).map((problem) => {
    const values = { ...problem, __typename: below.name } as Given
    return `{${asked.map(({ key, name }) => `"${key}":${JSON.stringify(values[name])}`).join()}}`
  })
  return `[${problems.join()}]`
}

type Said = Pick<Call, 'id' | 'input' | 'version' | 'onlyCreate' | 'idempotencyKey'>

/** What a field's arguments say about its operation. */
function saidBy(run: CallRun, args: Given): Said {
  const { planning, operation, idempotencyKey } = run
  const key = args.idempotencyKey ?? idempotencyKey
  const once = typeof key === 'string' ? { idempotencyKey: checkedKey(key) } : {}
  if (operation.type === 'action') {
    const input = actionInput(operation, args.input ?? {})
    // A sign-in that wants its session in a cookie: another site must not cause one.
    if ((input as Given).cookie === true) run.demandOwnSite()
    return { input, ...(operation.safe ? {} : once) }
  }
  const { model } = operation
  const { id, input, version, onlyCreate } = args
  const type = planning.names.types.get(model.name)
  return {
    ...(typeof id === 'string' ? { id: String(plainId(id, type)) } : {}),
    ...(operation.type === 'delete' ? {} : { input: plainValues(planning, model, input ?? {}) }),
    ...(typeof version === 'number' ? { version } : {}),
    ...(onlyCreate === true ? { onlyCreate } : {}),
    ...once,
  }
}

const keyForm = /^[\x20-\x7e]+$/

function checkedKey(key: string): string {
  if (keyForm.test(key) && key.length <= limits.idempotencyKeyBytesMax) return key
  const form = `1 to ${limits.idempotencyKeyBytesMax} ASCII characters`
  throw new Failure('malformed_header', {
    detail: `An idempotency key is ${form}: such as a UUID.`,
  })
}
