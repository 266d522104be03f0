/** Owns the description of webhooks: the messages that we send, and those that we get. */

import type { Catalog } from '../../catalog/catalog.ts'
import { type CatalogLogic, logicName } from '../../catalog/logic/logic.ts'
import { type Json, objectSchema } from '../../kinds/kinds.ts'
import { incomingPath } from '../route/routes.ts'
import type { Schema } from './schemas.ts'

type Described = { readonly [name: string]: Schema }
type DeclaredEvent = CatalogLogic['events'] extends ReadonlyMap<string, infer E> ? E : never

/** The messages of every declared event; nothing for apps without the kit of webhooks. */
export function describeOutgoing({ models, logic }: Catalog): Described {
  if (!models.has('webhookEndpoint')) return {}
  return Object.fromEntries(
    [...logic.events.values()].map((event) => [logicName(event), { post: messageOf(event) }]),
  )
}

/** The addresses at which others call, as paths of the document. */
export function describeIncoming({ logic }: Catalog): Described {
  return Object.fromEntries(
    [...logic.webhooks.values()].map((webhook) => [
      incomingPath(webhook),
      { post: incoming(webhook) },
    ]),
  )
}

function messageOf(event: DeclaredEvent): Schema {
  const type = logicName(event)
  const data: Schema = { ...objectSchema(new Map(Object.entries(event.data))) }
  return {
    operationId: `webhook.${type}`,
    tags: [event.kit],
    summary: type,
    description:
      event.description ??
      'Sent to endpoints that asked for it, signed as Standard Webhooks 1.0 has it. Answer 2xx ' +
        'once it is stored; the same `webhook-id` may come again.',
    parameters: [
      header('webhook-id', 'The same for every delivery of the message.', { type: 'string' }),
      header('webhook-timestamp', 'Seconds since 1970, of this attempt.', { type: 'integer' }),
      header('webhook-signature', '`v1,…` (HMAC) and `v1a,…` (Ed25519), by spaces.', {
        type: 'string',
      }),
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: standardBody(type, data) },
        'application/cloudevents+json': { schema: cloudBody(type, data) },
      },
    },
    responses: {
      '200': { description: 'Stored. Any 2xx will do.' },
      '410': { description: 'The endpoint is gone: it is switched off.' },
    },
    security: [],
  }
}

function header(name: string, description: string, schema: Schema): Schema {
  return { name, in: 'header', required: true, description, schema }
}

const instant: Schema = Object.freeze({ type: 'string', format: 'date-time' })

function standardBody(type: string, data: Schema): Schema {
  return body({ type: { const: type }, timestamp: instant, data })
}

function cloudBody(type: string, data: Schema): Schema {
  const text: Schema = { type: 'string' }
  return {
    ...body({ specversion: { const: '1.0' }, id: text, source: text, type: { const: type }, data }),
    description: 'CloudEvents 1.0, structured mode, also with `subject` and `time`.',
  }
}

function body(properties: { readonly [name: string]: Schema }): Schema {
  return { type: 'object', required: Object.keys(properties), properties }
}

function incoming({ kit, name }: { readonly kit: string; readonly name: string }): Schema {
  const received: { readonly [name: string]: Json } = {
    type: 'object',
    properties: { received: { const: true } },
  }
  return {
    operationId: `webhooks.${kit}.${name}`,
    tags: [kit],
    summary: `Webhook ${name}`,
    description:
      'For the service that sends it: the raw body is verified by its signature, stored, and ' +
      'processed once.',
    requestBody: { required: true, content: { 'application/json': { schema: {} } } },
    responses: {
      '200': {
        description: 'Stored, now or before.',
        content: { 'application/json': { schema: received } },
      },
      '401': { description: 'It could not be verified.' },
    },
    security: [],
  }
}
