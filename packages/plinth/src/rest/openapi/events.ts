/** Owns the description of events that can be followed: their addresses, and what comes there. */

import type { Catalog } from '../../catalog/catalog.ts'
import { type Json, objectSchema } from '../../kinds/kinds.ts'
import { followedFailures, type ResponseComponents } from './failures.ts'
import type { Schema } from './schemas.ts'
import { event as streamEvent } from './streams.ts'

/** An event as its followers have it: CloudEvents without the version, its data as declared. */
export function eventSchema({ logic }: Catalog, name: string): Schema {
  const text: Schema = { type: 'string' }
  const data = objectSchema(new Map(Object.entries(logic.events.get(name)?.data ?? {})))
  return {
    type: 'object',
    ...(logic.events.get(name)?.description === undefined
      ? {}
      : { description: logic.events.get(name)?.description ?? null }),
    properties: {
      id: { ...text, format: 'uuid' },
      type: { const: name },
      source: text,
      subject: { type: ['string', 'null'] },
      time: { ...text, format: 'date-time' },
      data: { ...data } as Json,
    },
    required: ['id', 'type', 'source', 'subject', 'time', 'data'],
  }
}

/** What is told where some of what happened is missing. */
export const eventGap = Object.freeze({
  description: 'Some of what happened cannot be told.',
  properties: {
    reason: { type: 'string', enum: ['retention', 'window'] },
    after: { type: 'integer' },
    upTo: { type: 'integer' },
  },
  required: ['reason'],
})

interface Describing {
  readonly catalog: Catalog
  readonly responses: ResponseComponents
  readonly form: '3.1' | '3.2'
}

const last = 'Where to go on: the `id` of the last message that was seen.'

/** The addresses of events, as paths of the document. 3.1 cannot say what a stream holds. */
export function describeEvents({ catalog, responses, form }: Describing): Schema {
  return Object.fromEntries(
    [...catalog.followers.keys()].map((name): [string, Schema] => {
      const content = form === '3.1' ? { schema: { type: 'string' } } : streamOf(catalog, name)
      const described: Schema = {
        operationId: `event.${name}`,
        tags: [name.slice(0, name.indexOf('.'))],
        summary: `Follow ${name}`,
        description:
          'Server-sent events: each that the rule lets the caller see, as it is committed. The ' +
          '`id` of a message is its place in the log, the same on every node.',
        parameters: [
          { name: 'after', in: 'query', description: last, schema: { type: 'string' } },
          { name: 'Last-Event-ID', in: 'header', description: last, schema: { type: 'string' } },
        ],
        responses: {
          '200': { description: 'What happens.', content: { 'text/event-stream': content } },
          ...followedFailures(responses),
        },
      }
      return [`/api/events/${name}`, { get: described }]
    }),
  )
}

function streamOf(catalog: Catalog, name: string): Schema {
  const told = { properties: { event: eventSchema(catalog, name) }, required: ['event'] }
  return {
    itemSchema: {
      oneOf: [
        streamEvent('event', { description: `${name} has happened.`, ...told }),
        streamEvent('resumed', { description: 'The log ends here.', properties: {}, required: [] }),
        streamEvent('gap', eventGap),
        { $ref: '#/components/schemas/LiveEnd' },
      ],
    },
  }
}
