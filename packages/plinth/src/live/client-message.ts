/** Owns the reading of what clients say over WebSocket: one of a few messages, or none. */

import { Failure } from '../base/failure.ts'
import type { ParsedJson } from '../base/json.ts'

/** What a client can say. */
export type ClientMessage =
  | {
      readonly type: 'join'
      readonly id: string
      /** `chat.room`. */
      readonly channel: string
      readonly params: ParsedJson | undefined
      /** What it says of itself. */
      readonly state: ParsedJson | undefined
    }
  /** Says something in a room; or something else of itself. */
  | { readonly type: 'publish'; readonly id: string; readonly data: ParsedJson | undefined }
  | { readonly type: 'presence'; readonly id: string; readonly state: ParsedJson | undefined }
  | { readonly type: 'ping' }
  | { readonly type: 'authenticate'; readonly token: string }
  | { readonly type: 'unsubscribe'; readonly id: string }
  | {
      readonly type: 'subscribe'
      readonly id: string
      /** The operation: `product.list`; or the name of an event: `shop.placed`. */
      readonly read: string
      /** True: it is an event that is followed. */
      readonly isEvent: boolean
      readonly query: ParsedJson | undefined
      /** The id of one record. */
      readonly record: string | undefined
      /** Its natural key, in place of the id. */
      readonly key: Readonly<Record<string, string>> | undefined
      /** The cursor that was seen last. */
      readonly after: string | undefined
    }

const known: Readonly<Record<ClientMessage['type'], readonly string[]>> = {
  join: ['id', 'channel', 'params', 'state'],
  publish: ['id', 'data'],
  presence: ['id', 'state'],
  ping: [],
  authenticate: ['token'],
  unsubscribe: ['id'],
  subscribe: ['id', 'read', 'event', 'query', 'record', 'key', 'after'],
}

/** Reads a message. Fails with `malformed_body`, in a sentence for whoever writes a client. */
export function readMessage(input: ParsedJson): ClientMessage {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw wrong('an object')
  const entries = input as { readonly [name: string]: ParsedJson }
  const { type } = entries
  if (typeof type !== 'string' || !Object.hasOwn(known, type)) {
    throw wrong(`a type: ${Object.keys(known).join(', ')}`)
  }
  const names = known[type as ClientMessage['type']]
  const odd = Object.keys(entries).find((name) => name !== 'type' && !names.includes(name))
  if (odd !== undefined) throw wrong(`only ${['type', ...names].join(', ')}`)
  switch (type as ClientMessage['type']) {
    case 'ping':
      return { type: 'ping' }
    case 'authenticate':
      return { type: 'authenticate', token: textOf(entries, 'token', 4_096) }
    case 'unsubscribe':
      return { type: 'unsubscribe', id: textOf(entries, 'id', idCharactersMax) }
    case 'subscribe':
      return subscribeOf(entries)
    case 'join': {
      const { params, state } = entries
      const channel = textOf(entries, 'channel', 200)
      return { type: 'join', id: textOf(entries, 'id', idCharactersMax), channel, params, state }
    }
    case 'publish':
      return { type: 'publish', id: textOf(entries, 'id', idCharactersMax), data: entries.data }
    case 'presence':
      return { type: 'presence', id: textOf(entries, 'id', idCharactersMax), state: entries.state }
  }
}

const idCharactersMax = 64

type Entries = { readonly [name: string]: ParsedJson }

function subscribeOf(entries: Entries): ClientMessage {
  const optional = (name: string): string | undefined => {
    return entries[name] === undefined ? undefined : textOf(entries, name, 200)
  }
  const isEvent = entries.event !== undefined
  const odd =
    isEvent && ['read', 'query', 'record', 'key'].some((name) => Object.hasOwn(entries, name))
  if (odd) throw wrong('either "read", with what belongs to it, or "event"')
  return {
    ...{ type: 'subscribe', id: textOf(entries, 'id', idCharactersMax), isEvent },
    read: textOf(entries, isEvent ? 'event' : 'read', 200),
    query: entries.query,
    record: optional('record'),
    key: entries.key === undefined ? undefined : keyOf(entries.key),
    after: optional('after'),
  }
}

function textOf(entries: Entries, name: string, charactersMax: number): string {
  const value = entries[name]
  if (typeof value === 'string' && value !== '' && value.length <= charactersMax) return value
  throw wrong(`"${name}" as a text of 1 to ${charactersMax} characters`)
}

function keyOf(value: ParsedJson): Readonly<Record<string, string>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value)
    if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
      return Object.fromEntries(entries)
    }
  }
  throw wrong('"key" as an object of texts')
}

function wrong(wanted: string): Failure {
  return new Failure('malformed_body', { detail: `A message is JSON with ${wanted}.` })
}
