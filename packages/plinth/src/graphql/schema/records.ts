/** Owns the types of records: their fields, their relations, and connections of them. */

import {
  GraphQLBoolean,
  type GraphQLFieldConfigArgumentMap,
  GraphQLID,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
} from 'graphql'
import { limits } from '../../base/limits.ts'
import type { Model, ModelField, ModelRelation } from '../../catalog/catalog.ts'
import { readableFields, readableRelations } from '../../catalog/exposure/exposure.ts'
import { filterType, sortType } from './queries.ts'
import { scalarOf } from './scalars.ts'
import { type Field, modelOf, once, type Setting, typeName, used } from './setting.ts'

/** Whatever has a global id. */
export const nodeInterface = new GraphQLInterfaceType({
  name: 'Node',
  description: 'Whatever can be found again by its id alone.',
  fields: { id: { type: new GraphQLNonNull(GraphQLID) } },
})

const flag = { type: new GraphQLNonNull(GraphQLBoolean) }
const cursor = { type: GraphQLString }

const pageInfo = new GraphQLObjectType({
  name: 'PageInfo',
  description: 'Where a page stands in its list.',
  fields: { hasNextPage: flag, hasPreviousPage: flag, startCursor: cursor, endCursor: cursor },
})

/** The type of a model's records. */
export function recordType(setting: Setting, model: Model): GraphQLObjectType {
  const name = typeName(setting, model)
  return once(setting, name, () => {
    return new GraphQLObjectType({
      name,
      description: model.description ?? `A ${model.name}.`,
      interfaces: [nodeInterface],
      fields: () => recordFields(setting, model),
    })
  })
}

function recordFields(setting: Setting, model: Model): Record<string, Field> {
  const fields: Record<string, Field> = {}
  for (const field of readableFields(model)) fields[field.name] = valueField(field)
  for (const relation of readableRelations(model, setting.catalog)) {
    fields[relation.name] = relationField(setting, { model, relation })
  }
  fields.uuid ??= {
    type: new GraphQLNonNull(scalarOf('Uuid')),
    description: 'The id as REST has it, and as references hold it.',
    ...used({ is: 'plainId' }),
  }
  return fields
}

function valueField(field: ModelField): Field {
  if (field.role === 'id') {
    const description = 'The global id.'
    return { type: new GraphQLNonNull(GraphQLID), description, ...used({ is: 'globalId' }) }
  }
  const scalar: GraphQLOutputType = scalarOf(field.kind.graphqlScalar)
  const { read } = field.access
  const always = !field.optional && read.type === 'constant' && read.value
  return {
    // What a rule may hide is null where it does.
    type: always && field.computed === undefined ? new GraphQLNonNull(scalar) : scalar,
    description: field.description,
    ...used({ is: 'value', field: field.name }),
  }
}

interface Related {
  readonly model: Model
  readonly relation: ModelRelation
}

function relationField(setting: Setting, { model, relation }: Related): Field {
  const target = modelOf(setting, relation.target)
  const use = used({ is: 'relation', relation, model })
  if (!relation.many) return { type: recordType(setting, target), ...use }
  return {
    type: new GraphQLNonNull(connectionType(setting, target)),
    args: connectionArguments(setting, target, limits.includedRowsDefault),
    ...use,
  }
}

/** The type of a connection of a model's records. */
export function connectionType(setting: Setting, model: Model): GraphQLObjectType {
  const name = typeName(setting, model)
  const record = recordType(setting, model)
  return once(setting, `${name} connection`, () => {
    const edge = new GraphQLObjectType({
      name: setting.names.claim(`${name}Edge`),
      fields: {
        node: { type: new GraphQLNonNull(record) },
        cursor: { type: new GraphQLNonNull(GraphQLString) },
      },
    })
    const listOf = (type: GraphQLObjectType) =>
      new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)))
    return new GraphQLObjectType({
      name: setting.names.claim(`${name}Connection`),
      fields: {
        edges: { type: listOf(edge) },
        nodes: { type: listOf(record), description: 'The records of the edges, without cursors.' },
        pageInfo: { type: new GraphQLNonNull(pageInfo) },
        totalCount: {
          type: new GraphQLNonNull(GraphQLInt),
          description: 'How many match in all; counted where it is asked for.',
        },
      },
    })
  })
}

/** The arguments of a connection. */
export function connectionArguments(
  setting: Setting,
  model: Model,
  usual: number,
): GraphQLFieldConfigArgumentMap {
  const sort = sortType(setting, model)
  return {
    first: { type: GraphQLInt, description: `How many from the front. Default ${usual}.` },
    after: { type: GraphQLString, description: 'Begin behind this cursor.' },
    last: { type: GraphQLInt, description: 'How many from the end, or before `before`.' },
    before: { type: GraphQLString, description: 'End before this cursor; goes with `last`.' },
    filter: { type: filterType(setting, model) },
    ...(sort ? { sort: { type: new GraphQLList(new GraphQLNonNull(sort)) } } : {}),
  }
}
