/** Owns the calls of one model: its reads and writes as requests. */

import type { Page } from '../../define/infer.ts'
import type { CallFailure } from '../call/failure.ts'
import type { Asked, CallOptions, ChangeOptions } from '../call/request.ts'
import { type Calling, calling, mapped, type Result } from '../call/result.ts'
import type { Send } from '../call/send.ts'
import { type Follower, type FollowParts, follow } from '../live/follow.ts'
import type { UpsertOptions, VersionOptions } from '../typed/client.ts'
import { keyText } from './addresses.ts'
import { search } from './search.ts'

type Query = Readonly<Record<string, unknown>>
type Row = unknown

/** A model without its types. */
export interface ErasedModel {
  find(query?: Query, options?: CallOptions): Calling<Page<Row>>
  get(which: string | Query, query?: Query, options?: CallOptions): Calling<Row>
  count(query?: Query, options?: CallOptions): Calling<{ count: number; exact: boolean }>
  pages(query?: Query, options?: CallOptions): AsyncGenerator<Page<Row>, void, undefined>
  each(query?: Query, options?: CallOptions): AsyncGenerator<Row, void, undefined>
  create(input: unknown, options?: ChangeOptions): Calling<Row>
  update(id: string, patch: unknown, options?: VersionOptions): Calling<Row>
  delete(id: string, options?: VersionOptions): Calling<Row>
  upsert(key: Query, values: unknown, options?: UpsertOptions): Calling<Row>
  live(query: Query, follower: Follower): () => void
  liveOne(which: string | Query, query: Query, follower: Follower): () => void
}

/** What is said over a socket to follow a read. */
function wish(read: string, more: object): () => object {
  return () => ({ type: 'subscribe', read, ...more })
}

/** Which record, as it is said over a socket. */
function place(which: string | Query): object {
  if (typeof which === 'string') return { record: which }
  const texts = Object.entries(which).map(([name, value]) => [name, String(value)])
  return { key: Object.fromEntries(texts) }
}

/** Of which model the calls are. */
export interface ModelPlace {
  readonly name: string
  /** `/api/products`. */
  readonly address: string
}

/** The calls of a model. */
export function modelClient(
  send: Send,
  { name, address }: ModelPlace,
  parts: FollowParts,
): ErasedModel {
  const one = (which: string | Query) => `${address}/${keyText(which)}`
  const listed = (query: Query): Asked => {
    return { method: 'POST', path: `${address}/query`, body: query, repeat: 'safe' }
  }
  const read = (which: string | Query, query: Query): Asked => {
    return { method: 'GET', path: one(which) + search(query), repeat: 'safe' }
  }
  const find: ErasedModel['find'] = (query = {}, options) => ask(send, listed(query), options)
  async function* pages(query: Query = {}, options?: CallOptions) {
    const { before, ...rest } = query
    let asked: Query = before === undefined ? rest : query
    for (;;) {
      const page = await find(asked, options).orThrow()
      yield page
      const cursor = before === undefined ? page.page.next : page.page.previous
      if (cursor === null) return
      asked = { ...rest, [before === undefined ? 'after' : 'before']: cursor }
    }
  }
  return {
    find,
    pages,
    async *each(query, options) {
      for await (const { data } of pages(query, options)) yield* data
    },
    get: (which, query = {}, options) => ask(send, read(which, query), options),
    live: (query, follower) =>
      follow(parts, { wish: wish(`${name}.list`, { query }), asked: listed(query) }, follower),
    liveOne: (which, query, follower) =>
      follow(
        parts,
        { wish: wish(`${name}.get`, { query, ...place(which) }), asked: read(which, query) },
        follower,
      ),
    count(query = {}, options) {
      const asked = { count: 'exact', ...query, fields: ['id'], limit: 1 }
      return calling(
        find(asked, options).then((result) =>
          mapped(result, ({ count = 0, countExact = true }) => ({ count, exact: countExact })),
        ),
      )
    },
    create: (body, options) =>
      ask(send, { method: 'POST', path: address, body, repeat: 'keyed' }, options),
    update: (id, body, options) =>
      ask(send, { method: 'PATCH', path: one(id), body, ...changing(options) }, options),
    delete: (id, options) =>
      ask(send, { method: 'DELETE', path: one(id), ...changing(options) }, options),
    upsert: (key, body, options) =>
      ask(send, { method: 'PUT', path: one(key), body, ...changing(options) }, options),
  }
}

function changing(options: UpsertOptions = {}): Pick<Asked, 'repeat' | 'headers'> {
  const { version, onlyCreate } = options
  const headers = {
    ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
    ...(onlyCreate ? { 'if-none-match': '*' } : {}),
  }
  return { repeat: 'keyed', headers }
}

/** Sends a call, and takes its answer's body for what its types say. */
export function ask<T, C extends string = never>(
  send: Send,
  asked: Asked,
  options?: ChangeOptions,
): Calling<T, C> {
  return calling(
    send(asked, options).then((answer): Result<T, C> => {
      if ('failure' in answer) return { ok: false, failure: answer.failure as CallFailure<C> }
      return { ok: true, value: answer.value as T }
    }),
  )
}
