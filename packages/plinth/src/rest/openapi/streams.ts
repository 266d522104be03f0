/** Owns the description of followed reads: the events of a stream, message by message. */

import type { Json } from '../../kinds/kinds.ts'
import { type Schema, schemaRef } from './schemas.ts'

/** What a followed read answers with: only 3.2 can say what the events of a stream are. */
export function streamContent(name: string): Schema {
  return { 'text/event-stream': { itemSchema: schemaRef(`${name}.event`) } }
}

/** The schemas of the events of a model's streams, by their name in the document. */
export function streamSchemas(name: string): { [name: string]: Schema } {
  const row = schemaRef(name)
  const told = {
    more: { type: 'boolean', description: 'The list is longer than its limit.' },
    count: { type: 'integer', description: 'Where the read asks for it.' },
    countExact: { type: 'boolean', description: 'False for an estimate.' },
  }
  return {
    [`${name}.event`]: {
      description: `A message about followed records: ${name}.`,
      oneOf: [
        event('result', {
          description: 'Everything, in order. It stands in place of all that was told before.',
          properties: { rows: { type: 'array', items: row }, ...told },
          required: ['rows', 'more'],
        }),
        event('changes', {
          description: 'What became of the rows, to be applied one after the other.',
          properties: { changes: { type: 'array', items: changeOf(row) }, ...told },
          required: ['changes'],
        }),
        ...['LiveResumed', 'LiveGap', 'LiveEnd'].map(schemaRef),
      ],
    },
  }
}

/** Messages that are the same for every read. */
export const sharedStreamSchemas: { readonly [name: string]: Schema } = Object.freeze({
  LiveResumed: event('resumed', {
    description: 'Everything since the cursor has been told.',
    properties: {},
    required: [],
  }),
  LiveGap: event('gap', {
    description: 'What happened cannot be told change by change: a `result` follows.',
    properties: { reason: { type: 'string', enum: ['window', 'slow', 'rights'] } },
    required: ['reason'],
  }),
  LiveEnd: event('end', {
    description: 'Nothing more comes, and why.',
    properties: {
      code: { type: 'string', description: 'Stable; for programs.' },
      status: { type: 'integer' },
      title: { type: 'string' },
      detail: { type: 'string', description: 'What is wrong, and how to mend it.' },
    },
    required: ['code', 'status', 'title', 'detail'],
  }),
})

/** What a message holds. */
export interface Told {
  readonly description: string
  readonly properties: { readonly [name: string]: Json }
  readonly required: readonly string[]
}

/** An event, as 3.2 sees it: fields of text, one of which holds JSON. */
export function event(name: string, { description, properties, required }: Told): Schema {
  const hasCursor = name !== 'gap' && name !== 'end'
  const id = { type: 'string', description: 'The cursor: sent back as `Last-Event-ID`.' }
  return {
    type: 'object',
    description,
    properties: {
      event: { type: 'string', const: name },
      ...(hasCursor ? { id } : {}),
      data: {
        type: 'string',
        contentMediaType: 'application/json',
        contentSchema: { type: 'object', properties, required },
      },
    },
    required: ['event', 'data', ...(hasCursor ? ['id'] : [])],
  }
}

function changeOf(row: Schema): Schema {
  const id = { type: 'string', format: 'uuid' }
  const after = {
    type: ['string', 'null'],
    format: 'uuid',
    description: 'The row that it stands behind; null: it is the first.',
  }
  const form = (is: string, properties: { readonly [name: string]: Json }, also = ''): Schema => ({
    type: 'object',
    properties: { is: { type: 'string', const: is }, ...properties },
    required: ['is', ...Object.keys(properties).filter((name) => name !== also)],
  })
  return {
    oneOf: [
      form('leave', { id }),
      form('enter', { row, after }),
      form('change', { row, after }, 'after'),
      form('move', { id, after }),
    ],
  }
}
