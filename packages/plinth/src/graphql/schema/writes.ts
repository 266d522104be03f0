/** Owns the types of what changes something: inputs, payloads, and what can go wrong. */

import {
  GraphQLBoolean,
  type GraphQLFieldConfigArgumentMap,
  GraphQLID,
  type GraphQLInputFieldConfig,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
  GraphQLUnionType,
} from 'graphql'
import type { Model, ModelField, ModelOperation } from '../../catalog/catalog.ts'
import { isNever, writableFields } from '../../catalog/exposure/exposure.ts'
import { isId } from './queries.ts'
import { recordType } from './records.ts'
import { scalarOf } from './scalars.ts'
import { type Field, once, type Setting, typeName, used } from './setting.ts'

const text = { type: new GraphQLNonNull(GraphQLString) }

const problem = new GraphQLObjectType({
  name: 'FailureProblem',
  description: 'One problem inside the input.',
  fields: {
    pointer: { ...text, description: 'Where it is: a JSON pointer into the arguments.' },
    code: text,
    detail: text,
  },
})

const failureFields = {
  code: { ...text, description: 'Stable, the same through every door.' },
  title: text,
  detail: { ...text, description: 'What is wrong, and how to mend it.' },
  status: { type: new GraphQLNonNull(GraphQLInt), description: 'As REST answers it.' },
  retryable: {
    type: new GraphQLNonNull(GraphQLBoolean),
    description: 'The same call, repeated unchanged, may succeed.',
  },
  errors: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(problem))) },
}

/** Why a call did not do what was asked. */
export const failureInterface = new GraphQLInterfaceType({
  name: 'Failure',
  description: 'Why a call did not do what was asked: for those who would rather select it.',
  fields: failureFields,
})

const callFailure = new GraphQLObjectType({
  name: 'CallFailure',
  description: 'Any failure that the action does not declare itself.',
  interfaces: [failureInterface],
  fields: failureFields,
})

/** The result of a mutation: its payload, or a failure where one is selected. */
export function resultType(
  setting: Setting,
  { name, payload, failures = [] }: ResultParts,
): GraphQLUnionType {
  const declared = failures.map((code) => {
    return new GraphQLObjectType({
      name: setting.names.claim(`${name}${failureName(code)}`),
      description: `The failure \`${code}\`.`,
      interfaces: [failureInterface],
      fields: failureFields,
      extensions: { code },
    })
  })
  return new GraphQLUnionType({
    name: setting.names.claim(`${name}Result`),
    types: [payload, ...declared, callFailure],
  })
}

/** What a result is made of. */
export interface ResultParts {
  /** `OrdersCheckOut`. */
  readonly name: string
  readonly payload: GraphQLObjectType
  /** The codes that an action declares. */
  readonly failures?: readonly string[]
}

/** `sold_out` → `SoldOut`. */
function failureName(code: string): string {
  return code.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** The mutation of a model's operation. `name`: `ProductCreate`. */
export function writeField(setting: Setting, operation: ModelOperation, name: string): Field {
  const { model, type } = operation
  return {
    type: resultType(setting, { name, payload: payloadType(setting, operation, name) }),
    args: { ...writeArguments(setting, model, type), ...keyArgument },
    ...used({ is: 'operation', operation }),
  }
}

function payloadType(
  setting: Setting,
  { model, type }: ModelOperation,
  name: string,
): GraphQLObjectType {
  const readable = type !== 'delete' && !isNever(model.access.read)
  const record: Record<string, Field> = readable
    ? { [model.name === 'id' ? 'record' : model.name]: { type: recordType(setting, model) } }
    : {}
  return new GraphQLObjectType({
    name: setting.names.claim(`${name}Payload`),
    fields: {
      id: {
        type: new GraphQLNonNull(GraphQLID),
        description: 'The global id of the record.',
      },
      ...record,
    },
    extensions: { model },
  })
}

/** The argument that makes a call happen once. */
export const keyArgument: GraphQLFieldConfigArgumentMap = Object.freeze({
  idempotencyKey: {
    type: GraphQLString,
    description: 'As the header Idempotency-Key: the call happens once, a repeat gets its answer.',
  },
})

const version = {
  type: GraphQLInt,
  description: 'As If-Match: the version that the record must be at.',
}
const id = { type: new GraphQLNonNull(GraphQLID) }

function writeArguments(
  setting: Setting,
  model: Model,
  type: ModelOperation['type'],
): GraphQLFieldConfigArgumentMap {
  if (type === 'delete') return { id, version }
  const creates = type === 'create' || type === 'upsert'
  const input = inputType(setting, model, creates ? 'create' : 'update')
  const given = input ? { input: { type: new GraphQLNonNull(input) } } : {}
  if (type === 'create') return given
  if (type === 'update') return { id, ...given, version }
  const onlyCreate = { type: GraphQLBoolean, description: 'As If-None-Match: *.' }
  return { ...given, version, onlyCreate }
}

function inputType(
  setting: Setting,
  model: Model,
  use: 'create' | 'update',
): GraphQLInputObjectType | undefined {
  const fields: Record<string, GraphQLInputFieldConfig> = {}
  for (const field of writableFields(model)) fields[field.name] = inputField(field, use)
  for (const { inputName, name } of model.relations.values()) {
    if (inputName === undefined) continue
    const ids = new GraphQLList(new GraphQLNonNull(GraphQLID))
    fields[inputName] = { type: ids, description: `The ids of the ${name} that are linked.` }
  }
  if (Object.keys(fields).length === 0) return undefined
  const name = typeName(setting, model)
  const last = use === 'create' ? 'CreateInput' : 'UpdateInput'
  return once(setting, `${name} ${use}`, () => {
    return new GraphQLInputObjectType({ name: setting.names.claim(`${name}${last}`), fields })
  })
}

function inputField(field: ModelField, use: 'create' | 'update'): GraphQLInputFieldConfig {
  const type: GraphQLInputType = isId(field) ? GraphQLID : scalarOf(field.kind.graphqlScalar)
  const required = use === 'create' && !field.optional && field.default === undefined
  return {
    type: required ? new GraphQLNonNull(type) : type,
    description: described(field),
  }
}

function described({ description, default: fallback }: ModelField): string | undefined {
  if (fallback === undefined) return description
  const usual = `Default: ${JSON.stringify(fallback)}.`
  return description === undefined ? usual : `${description} ${usual}`
}
