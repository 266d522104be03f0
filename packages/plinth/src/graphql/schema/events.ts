/** Owns the fields of subscriptions to events: what is told of each that can be followed. */

import {
  GraphQLEnumType,
  GraphQLID,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from 'graphql'
import { present } from '../../base/assert.ts'
import type { CatalogLogic } from '../../catalog/logic/logic.ts'
import { valueFields } from './actions.ts'
import { capital } from './names.ts'
import { scalarOf } from './scalars.ts'
import { type Field, type Setting, used } from './setting.ts'

const kind = new GraphQLEnumType({
  name: 'EventKind',
  description: 'What a message of a followed event says.',
  values: {
    EVENT: { description: 'It has happened: `event`.' },
    GAP: { description: 'Some of what happened before cannot be told: `gap`.' },
    RESUMED: { description: 'Everything up to the cursor has been told: go on.' },
  },
})

const gap = new GraphQLObjectType({
  name: 'EventGap',
  fields: {
    reason: {
      type: new GraphQLNonNull(GraphQLString),
      description: '`retention`: dropped by age. `window`: the cursor is none of this log.',
    },
    after: { type: GraphQLString, description: 'The position that was had last.' },
    upTo: { type: GraphQLString, description: 'The last position of what is missing.' },
  },
})

/** An event as it is declared. */
type Event = NonNullable<ReturnType<CatalogLogic['events']['get']>>

/** The fields of events that can be followed. `taken`: names that others have. */
export function eventFields(setting: Setting, taken: ReadonlySet<string>): Record<string, Field> {
  const fields: Record<string, Field> = {}
  for (const type of setting.catalog.followers.keys()) {
    const event = present(setting.catalog.logic.events.get(type), type)
    const [kit = '', ...words] = type.split(/[^A-Za-z0-9]+/)
    const own = kit + words.map(capital).join('')
    const name = taken.has(own) || own in fields ? `${own}_` : own
    fields[name] = eventField(setting, event, type)
  }
  return fields
}

function eventField(setting: Setting, event: Event, type: string): Field {
  const name = type
    .split(/[^A-Za-z0-9]+/)
    .map(capital)
    .join('')
  return {
    type: new GraphQLNonNull(messageType(setting, event, name)),
    args: {
      since: {
        type: GraphQLString,
        description: 'The cursor that was seen last; `0`: everything that is kept.',
      },
    },
    description: event.description ?? `Each ${type} as it is committed.`,
    ...used({ is: 'event', type }),
  }
}

const text = { type: new GraphQLNonNull(GraphQLString) }

function messageType(setting: Setting, event: Event, name: string): GraphQLObjectType {
  const { claim } = setting.names
  const dataFields = valueFields(setting, `${name}Data`, event.data as never)
  const hasData = Object.keys(dataFields).length > 0
  const data = hasData && new GraphQLObjectType({ name: claim(`${name}Data`), fields: dataFields })
  const told = new GraphQLObjectType({
    name: claim(`${name}Event`),
    fields: {
      id: { type: new GraphQLNonNull(GraphQLID) },
      ...{ type: text, source: text },
      subject: { type: GraphQLString },
      time: { type: new GraphQLNonNull(scalarOf('Instant')) },
      ...(data ? { data: { type: new GraphQLNonNull(data) } } : {}),
    },
  })
  return new GraphQLObjectType({
    name: claim(`${name}Message`),
    fields: {
      kind: { type: new GraphQLNonNull(kind) },
      cursor: { type: GraphQLString, description: 'The position in the log: for `since`.' },
      gap: { type: gap },
      event: { type: told },
    },
  })
}
