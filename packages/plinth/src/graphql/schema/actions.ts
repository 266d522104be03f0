/** Owns the types of actions: their input as arguments, their answer, their declared failures. */

import {
  GraphQLBoolean,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLInputFieldConfig,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql'
import { present } from '../../base/assert.ts'
import type { ActionOperation } from '../../catalog/catalog.ts'
import { isNever } from '../../catalog/exposure/exposure.ts'
import type { Kind } from '../../kinds/kinds.ts'
import { capital } from './names.ts'
import { recordType } from './records.ts'
import { scalarOf } from './scalars.ts'
import { type Field, modelOf, type Setting, used } from './setting.ts'
import { keyArgument, resultType } from './writes.ts'

/** A named value as an action declares it. */
interface Named {
  readonly kind: Kind
  readonly optional: boolean
  readonly default?: unknown
  readonly description?: string | undefined
  /** Of an object: its values. */
  readonly shape?: Shape
  /** Of a list of objects: those of each. */
  readonly items?: Shape
}

type Shape = Readonly<Record<string, Named>>

/** The field of an action. `name`: `OrdersCheckOut`. */
export function actionField(setting: Setting, operation: ActionOperation, name: string): Field {
  const { declared, safe } = operation
  const failures = Object.keys(declared?.action.failures ?? {})
  const payload = payloadType(setting, operation, name)
  const input = inputType(setting, `${name}Input`, shapeOf(operation))
  const required = Object.values(shapeOf(operation)).some(isRequired)
  const args: GraphQLFieldConfigArgumentMap = input
    ? { input: { type: required ? new GraphQLNonNull(input) : input } }
    : {}
  return {
    type: resultType(setting, { name, payload, failures }),
    description: operation.description === '' ? undefined : operation.description,
    args: safe ? args : { ...args, ...keyArgument },
    ...used({ is: 'operation', operation }),
  }
}

/** The input of an action as it was declared, with the shapes of its objects. */
export function shapeOf({ declared, input }: ActionOperation): Shape {
  return declared ? (declared.action.input as Shape) : Object.fromEntries(input)
}

function isRequired({ optional, default: fallback }: Named): boolean {
  return !optional && fallback === undefined
}

function inputType(
  setting: Setting,
  name: string,
  shape: Shape,
): GraphQLInputObjectType | undefined {
  const fields: Record<string, GraphQLInputFieldConfig> = {}
  for (const [key, named] of Object.entries(shape)) {
    const type = inputOf(setting, `${name}${capital(key)}`, named)
    const description = named.description
    fields[key] = { type: isRequired(named) ? new GraphQLNonNull(type) : type, description }
  }
  if (Object.keys(fields).length === 0) return undefined
  return new GraphQLInputObjectType({ name: setting.names.claim(name), fields })
}

function inputOf(setting: Setting, name: string, { kind, shape, items }: Named): GraphQLInputType {
  const inner = inputType(setting, name, shape ?? items ?? {})
  if (!inner) return scalarOf(kind.graphqlScalar === 'Uuid' ? 'ID' : kind.graphqlScalar)
  return items ? new GraphQLList(new GraphQLNonNull(inner)) : inner
}

function payloadType(
  setting: Setting,
  operation: ActionOperation,
  name: string,
): GraphQLObjectType {
  return new GraphQLObjectType({
    name: setting.names.claim(`${name}Payload`),
    fields: payloadFields(setting, operation, name),
    extensions: { operation },
  })
}

const done: Field = {
  type: new GraphQLNonNull(GraphQLBoolean),
  description: 'Always true: it was done.',
}

function payloadFields(
  setting: Setting,
  { declared }: ActionOperation,
  name: string,
): Record<string, Field> {
  if (!declared) return { result: { type: scalarOf('Json') } }
  const { output } = declared
  switch (output.is) {
    case 'nothing':
      return { done }
    case 'record': {
      const model = modelOf(setting, output.model)
      // Nobody may read it: then it is not there for anybody.
      return isNever(model.access.read)
        ? { done }
        : { record: { type: recordType(setting, model) } }
    }
    case 'values': {
      const fields = valueFields(setting, name, output.shape as unknown as Shape)
      return Object.keys(fields).length === 0 ? { done } : fields
    }
  }
}

/** The fields of named values. */
export function valueFields(setting: Setting, name: string, shape: Shape): Record<string, Field> {
  const fields: Record<string, Field> = {}
  for (const [key, named] of Object.entries(shape)) {
    const type = outputOf(setting, `${name}${capital(key)}`, named)
    fields[key] = {
      type: named.optional ? type : new GraphQLNonNull(type),
      description: named.description,
      ...used({ is: 'value', field: key }),
    }
  }
  return fields
}

function outputOf(setting: Setting, name: string, named: Named): GraphQLOutputType {
  const shape = named.shape ?? named.items
  if (!shape || Object.keys(shape).length === 0) return scalarOf(named.kind.graphqlScalar)
  const inner = new GraphQLObjectType({
    name: setting.names.claim(name),
    fields: valueFields(setting, name, present(shape, name)),
  })
  return named.items ? new GraphQLList(new GraphQLNonNull(inner)) : inner
}
