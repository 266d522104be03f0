/** Owns the schema: what of the catalog some caller may do or read, as GraphQL types. */

import {
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  specifiedDirectives,
} from 'graphql'
import { limits } from '../../base/limits.ts'
import type { Catalog, ModelOperation, Operation } from '../../catalog/catalog.ts'
import { actionField } from './actions.ts'
import { followFields } from './follow.ts'
import { capital, type Names, schemaNames } from './names.ts'
import { keyType } from './queries.ts'
import { connectionArguments, connectionType, nodeInterface, recordType } from './records.ts'
import { type Field, type Setting, used } from './setting.ts'
import { failureInterface, writeField } from './writes.ts'

/** A schema and the names in it. */
export interface BuiltSchema {
  readonly schema: GraphQLSchema
  readonly names: Names
}

/**
 * Builds the schema of an app: one for all callers. What nobody may do or read is absent, as from
 * REST's document; what one caller may not, is refused as REST refuses it.
 */
export function buildSchema(catalog: Catalog): BuiltSchema {
  const names = schemaNames(catalog)
  const setting: Setting = { catalog, names, made: new Map() }
  const query = fieldsOf(setting, names.queries)
  const mutation = fieldsOf(setting, names.mutations)
  const hasMutations = Object.keys(mutation).length > 0
  const schema = new GraphQLSchema({
    description: catalog.title,
    query: new GraphQLObjectType({ name: 'Query', fields: { ...nodeFields, ...query } }),
    mutation: hasMutations
      ? new GraphQLObjectType({ name: 'Mutation', fields: mutation })
      : undefined,
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: followFields(setting) }),
    types: [nodeInterface, failureInterface],
    directives: specifiedDirectives,
  })
  return { schema, names }
}

const nodeFields: Record<string, Field> = {
  node: {
    type: nodeInterface,
    args: { id: { type: new GraphQLNonNull(GraphQLID) } },
    description: 'A record by its global id.',
    ...used({ is: 'node' }),
  },
  nodes: {
    type: new GraphQLList(nodeInterface),
    args: {
      ids: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLID))) },
    },
    description: `Records by their global ids, at most ${limits.readsTogetherMax} in all.`,
    ...used({ is: 'nodes' }),
  },
}

function fieldsOf(
  setting: Setting,
  operations: ReadonlyMap<string, Operation>,
): Record<string, Field> {
  const fields: Record<string, Field> = {}
  for (const [name, operation] of operations) {
    if (operation.type === 'action') fields[name] = actionField(setting, operation, capital(name))
    else if (operation.type === 'list') fields[name] = listField(setting, operation)
    else if (operation.type === 'get') fields[name] = getField(setting, operation)
    else fields[name] = writeField(setting, operation, capital(name))
  }
  return fields
}

function listField(setting: Setting, operation: ModelOperation): Field {
  const { model } = operation
  return {
    type: connectionType(setting, model),
    args: connectionArguments(setting, model, limits.pageSizeDefault),
    ...used({ is: 'operation', operation }),
  }
}

function getField(setting: Setting, operation: ModelOperation): Field {
  const { model } = operation
  const key = keyType(setting, model)
  return {
    type: recordType(setting, model),
    args: key
      ? { id: { type: GraphQLID }, key: { type: key } }
      : { id: { type: new GraphQLNonNull(GraphQLID) } },
    description: key ? 'By its id, or by its natural key.' : undefined,
    ...used({ is: 'operation', operation }),
  }
}
