/** Owns the typed client as a door of the table: its own calls, over the app's own handler. */

import { type CallFailure, createClient, type Fetch, type Result } from 'plinth/client'
import type { Library } from '../../graphql/library.ts'
import { comparedOf, type Door, failed, part, type Question } from './door.ts'

type Options = { readonly version?: number; readonly idempotencyKey?: string }
type Method = (...given: readonly unknown[]) => Promise<Result<unknown, string>>
type Methods = Readonly<Record<string, Readonly<Record<string, Method>>>>

/** The client without types: the table names operations by text. */
export const client: Door = {
  name: 'client',
  async ask(world, question) {
    const made = createClient({
      url: 'http://localhost',
      triesMax: 1,
      fetch: into(world, question),
    })
    const { operation, id, query, input, version, idempotencyKey } = question
    const [name = '', verb = ''] = operation.split('.')
    const options: Options = {
      ...(version === undefined ? {} : { version }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    }
    const of = (methods: unknown) => (methods as Methods)[name] as Methods[string]
    const call = (method: string, ...given: readonly unknown[]) => {
      return (of(made.data)[method] as Method)(...given)
    }
    const asked: Readonly<Record<string, () => ReturnType<Method>>> = {
      list: () => call('find', query),
      get: () => call('get', id, { fields: query?.fields }),
      create: () => call('create', input, options),
      update: () => call('update', id, input, options),
      delete: () => call('delete', id, options),
    }
    const result = await (
      asked[verb] ?? (() => (of(made.actions)[verb] as Method)(input, options))
    )()
    if (!result.ok) return failed(toldOf(result.failure))
    const names = comparedOf(question)
    if (verb === 'list') {
      const { data } = result.value as { readonly data: readonly object[] }
      return { data: data.map((record) => part(record, names)) }
    }
    return { data: names.length === 0 ? null : part(result.value, names) }
  },
}

/** A fetch that reaches the app's handler without a socket, as the caller of a question. */
function into(world: Library, { as }: Question): Fetch {
  return async (url, { method = 'GET', headers, body }) => {
    const { pathname, search } = new URL(url)
    const answer = await world.request(method, pathname + search, {
      as,
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' ? { body } : {}),
    })
    const empty = answer.status === 204 || answer.status === 304
    const { status, text } = answer
    return new Response(empty ? null : text, { status, headers: { ...answer.headers } })
  }
}

function toldOf({ code, problems }: CallFailure<string>) {
  return { code, errors: problems }
}
