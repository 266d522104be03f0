/** Owns the messages of `/api/live` that are the same for every app. */

import { limits } from '../../base/limits.ts'
import type { Json } from '../../kinds/kinds.ts'
import { problemSchema } from '../openapi/failures.ts'
import type { Schema } from '../openapi/schemas.ts'

const text: Schema = Object.freeze({ type: 'string' })
const id: Schema = Object.freeze({
  ...{ type: 'string', minLength: 1, maxLength: 64 },
  description: 'Chosen by the client; what belongs to it carries it.',
})
const cursor: Schema = Object.freeze({ ...text, description: 'To go on from, as `after`.' })
const anything: Schema = Object.freeze({ type: 'object' })

/** A message: an object with a type. Members in `optional` may be left out. */
export function message(
  type: string,
  members: { readonly [name: string]: Json },
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(members).filter((name) => !optional.includes(name))
  return {
    name: type,
    contentType: 'application/json',
    payload: {
      type: 'object',
      properties: { type: { type: 'string', const: type }, ...members },
      required: ['type', ...required],
    },
  }
}

/** What a client says. */
export const saidByClients: { readonly [name: string]: Schema } = Object.freeze({
  authenticate: message('authenticate', { token: { ...text, maxLength: 4_096 } }),
  subscribe: message(
    'subscribe',
    {
      id,
      read: { ...text, description: 'The operation: `product.list`, `product.get`.' },
      event: { ...text, description: 'In place of `read`: `shop.placed`.' },
      query: { ...anything, description: 'The read, as QUERY takes it.' },
      record: { ...text, format: 'uuid' },
      key: { type: 'object', additionalProperties: text },
      after: cursor,
    },
    ['read', 'event', 'query', 'record', 'key', 'after'],
  ),
  unsubscribe: message('unsubscribe', { id }),
  join: message(
    'join',
    {
      id,
      channel: { ...text, description: 'Such as `chat.room`.' },
      params: anything,
      state: { ...anything, description: 'What one says of oneself.' },
    },
    ['params', 'state'],
  ),
  publish: message('publish', { id, data: anything }),
  presence: message('presence', { id, state: anything }),
  ping: message('ping', {}),
})

const member: Schema = Object.freeze({
  type: 'object',
  properties: { member: text, who: { type: ['string', 'null'] }, state: anything },
  required: ['member', 'who'],
})
const problem: Schema = Object.freeze({
  type: 'object',
  properties: problemSchema.properties as Json,
  required: ['code', 'status', 'title', 'detail'],
})

/** What the server says. */
export const saidByServer: { readonly [name: string]: Schema } = Object.freeze({
  authenticated: message('authenticated', {}),
  result: message('result', {
    ...{ id, cursor, rows: { type: 'array', items: anything } },
    more: { type: 'boolean', description: 'The list is longer than its limit.' },
  }),
  changes: message('changes', { id, cursor, changes: { type: 'array', items: anything } }),
  resumed: message('resumed', { id, cursor }, ['cursor']),
  gap: message('gap', { id, reason: text }),
  event: message('event', { id, cursor, event: anything }),
  joined: message('joined', { id, member: text, present: { type: 'array', items: member } }, [
    'present',
  ]),
  someone: message(
    'presence',
    {
      ...{ id, is: { type: 'string', enum: ['join', 'update', 'leave'] }, member: text },
      ...{ who: { type: ['string', 'null'] }, state: anything },
    },
    ['who', 'state'],
  ),
  message: message('message', { id, from: member, data: anything }),
  refused: message('refused', { id, problem }),
  end: message('end', { id, problem }),
  pong: message('pong', {}),
})

/** What the connection itself is held to. */
export const connectionText =
  'One connection follows many reads and events, and is in many rooms. Each message is one JSON ' +
  `object in a text frame of at most ${limits.liveFrameBytesMax} bytes, at most ` +
  `${limits.liveFramesPerSecond} a second. Close codes: 1001 come back, 4400 no such message, ` +
  '4401 sign in again, 4408 the messages are not read, 4429 too many frames.'
