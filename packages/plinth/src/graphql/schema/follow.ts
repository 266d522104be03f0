/** Owns the fields of subscriptions: each read of records has one, and what its messages are. */

import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfigArgumentMap,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from 'graphql'
import { limits } from '../../base/limits.ts'
import type { Model, ModelOperation } from '../../catalog/catalog.ts'
import { eventFields } from './events.ts'
import { keyType } from './queries.ts'
import { connectionArguments, nodeInterface, recordType } from './records.ts'
import { type Field, once, type Setting, typeName, used } from './setting.ts'

const kind = new GraphQLEnumType({
  name: 'LiveKind',
  description: 'What a message of a followed read says.',
  values: {
    RESULT: { description: 'All of it, as it is now: it stands in place of what was told before.' },
    CHANGES: { description: 'What became of it: apply the changes in their order.' },
    RESUMED: { description: 'Everything since the cursor has been told: go on.' },
  },
})

const gap = new GraphQLEnumType({
  name: 'LiveGap',
  description: 'Why what happened before a result cannot be told change by change.',
  values: {
    WINDOW: { description: 'Away for too long, or another node answers.' },
    SLOW: { description: 'The messages were not read fast enough.' },
    RIGHTS: { description: 'Who asks may see other things than before.' },
  },
})

const changeKind = new GraphQLEnumType({
  name: 'LiveChangeKind',
  values: {
    ENTER: { description: 'Put `node` behind the record with the id `behind`; null: first.' },
    CHANGE: { description: 'Replace the record where it stands by `node`.' },
    MOVE: { description: 'Put it behind `behind`; replace it by `node`, where there is one.' },
    LEAVE: { description: 'Take the record with this `id` out.' },
  },
})

const since = {
  type: GraphQLString,
  description: 'The cursor of the message that was seen last: only what came after it is told.',
}

/** What every message has. */
const common: Record<string, Field> = {
  kind: { type: new GraphQLNonNull(kind) },
  cursor: {
    type: new GraphQLNonNull(GraphQLString),
    description: 'Where the reader stands after this message: for `since`, after a disconnect.',
  },
  gap: { type: gap, description: 'With a result that stands in place of what was missed.' },
}

/** The fields of the type Subscription. */
export function followFields(setting: Setting): Record<string, Field> {
  const fields: Record<string, Field> = {}
  for (const [name, operation] of setting.names.queries) {
    if (operation.type === 'list') fields[name] = followList(setting, operation)
    if (operation.type === 'get') fields[name] = followOne(setting, operation)
  }
  const taken = new Set(['node', ...Object.keys(fields)])
  return {
    ...eventFields(setting, taken),
    node: {
      type: new GraphQLNonNull(nodeState),
      args: { id: { type: new GraphQLNonNull(GraphQLID) }, since },
      description: 'A record by its global id, and what becomes of it.',
      ...used({ is: 'node' }),
    },
    ...fields,
  }
}

function followList(setting: Setting, operation: ModelOperation): Field {
  const { model } = operation
  const { first, filter, sort } = connectionArguments(setting, model, limits.pageSizeDefault)
  const args = { first, filter, sort, since } as GraphQLFieldConfigArgumentMap
  if (!sort) delete args.sort
  return {
    type: new GraphQLNonNull(listType(setting, model)),
    args,
    description: 'The list, and what becomes of it.',
    ...used({ is: 'operation', operation }),
  }
}

function followOne(setting: Setting, operation: ModelOperation): Field {
  const { model } = operation
  const key = keyType(setting, model)
  return {
    type: new GraphQLNonNull(stateType(setting, model)),
    args: key
      ? { id: { type: GraphQLID }, key: { type: key }, since }
      : { id: { type: new GraphQLNonNull(GraphQLID) }, since },
    description: 'The record, and what becomes of it.',
    ...used({ is: 'operation', operation }),
  }
}

function listType(setting: Setting, model: Model): GraphQLObjectType {
  const name = typeName(setting, model)
  const record = recordType(setting, model)
  return once(setting, `${name} list message`, () => {
    const change = new GraphQLObjectType({
      name: setting.names.claim(`${name}LiveChange`),
      fields: {
        kind: { type: new GraphQLNonNull(changeKind) },
        id: { type: new GraphQLNonNull(GraphQLID) },
        behind: { type: GraphQLID, description: 'The record in front of it; null: it is first.' },
        node: { type: record },
      },
    })
    const listOf = (type: GraphQLObjectType) => new GraphQLList(new GraphQLNonNull(type))
    return new GraphQLObjectType({
      name: setting.names.claim(`${name}LiveList`),
      fields: {
        ...common,
        nodes: { type: listOf(record), description: 'With a result: all of them, in order.' },
        changes: { type: listOf(change), description: 'With changes.' },
        hasMore: {
          type: GraphQLBoolean,
          description: 'Whether the list is longer than `first`; null: as before.',
        },
        totalCount: {
          type: GraphQLInt,
          description: 'How many match in all, where it is asked for; null: as before.',
        },
      },
    })
  })
}

function stateType(setting: Setting, model: Model): GraphQLObjectType {
  const name = typeName(setting, model)
  return once(setting, `${name} message`, () => {
    return new GraphQLObjectType({
      name: setting.names.claim(`${name}Live`),
      fields: { ...common, node: { type: recordType(setting, model), description: whole } },
    })
  })
}

const whole = 'The record as it is now; null while there is none for you, and where resumed.'

const nodeState = new GraphQLObjectType({
  name: 'NodeLive',
  fields: { ...common, node: { type: nodeInterface, description: whole } },
})
