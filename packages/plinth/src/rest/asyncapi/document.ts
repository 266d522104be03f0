/** Owns the AsyncAPI document: events, channels and followed reads, described for programs. */

import type { ChannelPlan } from '../../catalog/catalog.ts'
import { type Json, objectSchema } from '../../kinds/kinds.ts'
import type { DocumentOptions } from '../openapi/document.ts'
import { schemasOf } from '../openapi/document.ts'
import { eventGap, eventSchema } from '../openapi/events.ts'
import { type Schema, schemaName, schemaRef } from '../openapi/schemas.ts'
import { isFollowed } from '../request/read-call.ts'
import { connectionText, message, saidByClients, saidByServer } from './messages.ts'

type Named = { readonly [name: string]: Schema }

/** The AsyncAPI document of an app. */
export function asyncApiDocument(
  options: Pick<DocumentOptions, 'catalog' | 'routes' | 'title' | 'version' | 'publicUrl'>,
): Schema {
  const { catalog, routes, title, version } = options
  const followed = new Set(
    routes.flatMap(({ model, form }) => (model && isFollowed(form) ? [model] : [])),
  )
  const reads = [...followed].map(({ name, plural }): [string, Schema] => [
    `reads.${name}`,
    readChannel(name, plural),
  ])
  const events = [...catalog.followers.keys()].map((name): [string, Schema] => [
    `events.${name}`,
    eventChannel(name, eventSchema(catalog, name)),
  ])
  const rooms = [...catalog.channels.values()].map((plan): [string, Schema] => [
    `rooms.${plan.name}`,
    roomChannel(plan),
  ])
  const channels: Named = { live, ...Object.fromEntries([...reads, ...events, ...rooms]) }
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: introduction },
    defaultContentType: 'application/json',
    servers: serversOf(options.publicUrl),
    channels,
    operations: operationsOf(channels),
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemasOf(catalog, routes)).filter(([name]) => !name.includes('.')),
      ),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  }
}

const introduction =
  'What comes by itself: reads that are followed, events, and rooms of channels. `/api/live` ' +
  'speaks of all of them over one WebSocket; reads and events are also streams of server-sent ' +
  'events at their own addresses. Failures are problem documents, as in `/openapi.json`.'

function serversOf(publicUrl: string | undefined): Named {
  const { host, protocol } = new URL(publicUrl ?? 'http://127.0.0.1:3000')
  const isSecure = protocol === 'https:'
  const security: Json = [{ $ref: '#/components/securitySchemes/bearer' }]
  return {
    socket: { host, protocol: isSecure ? 'wss' : 'ws', security },
    streams: { host, protocol: isSecure ? 'https' : 'http', security },
  }
}

const onServer = (name: string): Json => [{ $ref: `#/servers/${name}` }]

const live: Schema = Object.freeze({
  address: '/api/live',
  description: connectionText,
  servers: onServer('socket'),
  messages: { ...saidByClients, ...saidByServer },
})

function readChannel(name: string, plural: string): Schema {
  const row = schemaRef(schemaName(name))
  const changes: Json = { type: 'array', items: { type: 'object', properties: { row } } }
  return {
    address: `/api/${plural}`,
    description: `Followed ${plural}: with \`Accept: text/event-stream\`, and all that reads take.`,
    servers: onServer('streams'),
    messages: {
      result: data('result', { rows: { type: 'array', items: row }, more: { type: 'boolean' } }),
      changes: data('changes', { changes }),
      resumed: data('resumed', {}),
      gap: data('gap', { reason: { type: 'string', enum: ['window', 'slow', 'rights'] } }),
      end: data('end', endMembers),
    },
  }
}

function eventChannel(name: string, event: Schema): Schema {
  return {
    address: `/api/events/${name}`,
    description: `${name}, as it is committed, for those whom its rule lets see it.`,
    servers: onServer('streams'),
    messages: {
      event: data('event', { event }),
      resumed: data('resumed', {}),
      gap: data('gap', { ...eventGap.properties } as never, ['after', 'upTo']),
      end: data('end', endMembers),
    },
  }
}

/** A room has no address of its own: `live` speaks of it, by the name of its channel. */
function roomChannel({ name, params, message: said, presence }: ChannelPlan): Schema {
  const shape = (members: typeof params | undefined): Schema =>
    members === undefined ? { type: 'null' } : { ...objectSchema(members) }
  const id: Json = { type: 'string' }
  return {
    title: name,
    description: 'Its messages travel over `live`, with the id that one has joined by.',
    servers: onServer('socket'),
    messages: {
      join: message(
        'join',
        { id, channel: { const: name }, params: shape(params), state: shape(presence) },
        ['state'],
      ),
      ...(said ? { publish: message('publish', { id, data: shape(said) }) } : {}),
      ...(presence ? { presence: message('presence', { id, state: shape(presence) }) } : {}),
    },
  }
}

const endMembers: { readonly [name: string]: Json } = Object.freeze({
  code: { type: 'string' },
  status: { type: 'integer' },
  title: { type: 'string' },
  detail: { type: 'string' },
})

/** What stands in `data:` of a server-sent event of this name. */
function data(
  name: string,
  properties: { readonly [name: string]: Json },
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((each) => !optional.includes(each))
  return { name, payload: { type: 'object', properties, required } }
}

/** What this app does on each channel. */
function operationsOf(channels: Named): Named {
  const operations: { [name: string]: Schema } = {}
  for (const [name, { messages }] of Object.entries(channels)) {
    const channel = { $ref: `#/channels/${name}` }
    const refs = (of: readonly string[]): Json =>
      of.map((each) => ({ $ref: `#/channels/${name}/messages/${each}` }))
    const all = Object.keys(messages as Schema)
    const heard =
      name === 'live' ? Object.keys(saidByClients) : name.startsWith('rooms.') ? all : []
    const said = all.filter((each) => !heard.includes(each))
    const receive = { action: 'receive', channel, messages: refs(heard) }
    if (heard.length > 0) operations[`hear.${name}`] = receive
    if (said.length > 0)
      operations[`tell.${name}`] = { action: 'send', channel, messages: refs(said) }
  }
  return operations
}
