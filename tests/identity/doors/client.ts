/** Owns the typed client as a door of attacks: its own calls, over the app's own handler. */

import { createClient, type Fetch, memoryStorage, type Result } from 'plinth/client'
import type { Club } from '../stage.ts'
import { type Asked, type Door, parts } from './door.ts'

type Method = (...given: readonly unknown[]) => Promise<Result<unknown, string>>
type Methods = Readonly<Record<string, Readonly<Record<string, Method>>>>

/** A client that nobody has told what there is: the attacks name operations by text. */
export const client: Door = {
  name: 'the client',
  http: true,
  async ask(club, asked) {
    const { operation, id, input, token } = asked
    const texts: string[] = []
    const made = createClient({
      ...{ url: 'http://localhost', triesMax: 1, fetch: into(club, asked, texts) },
      session: memoryStorage(token ?? null),
    })
    const [kit, verb] = parts(operation)
    const model = (made.data as unknown as Methods)[kit]
    const calls: Readonly<Record<string, () => ReturnType<Method> | undefined>> = {
      list: () => model?.find?.(),
      get: () => model?.get?.(id),
      create: () => model?.create?.(input),
      update: () => model?.update?.(id, input),
      entries: () => (made.actions as unknown as Methods).audit?.entries?.(),
    }
    const auth = made.auth as unknown as { readonly call: Method }
    const result = await (calls[verb] ?? (() => auth.call(verb, input)))()
    if (!result) throw new Error(`the client has no ${operation}`)
    const text = texts.at(-1) ?? ''
    if (!result.ok) return { code: result.failure.code, value: {}, text }
    return { code: 'ok', value: (result.value ?? {}) as Readonly<Record<string, unknown>>, text }
  },
}

/** A fetch that reaches the app's handler without a socket, from the place of the attacker. */
function into(club: Club, { remoteAddress, headers: more }: Asked, texts: string[]): Fetch {
  return async (url, { method = 'GET', headers, body }) => {
    const { pathname, search } = new URL(url)
    const {
      status,
      text,
      headers: told,
    } = await club.tested.request(method, pathname + search, {
      remoteAddress: remoteAddress ?? club.address(),
      headers: { ...Object.fromEntries(new Headers(headers)), ...more },
      ...(typeof body === 'string' ? { body } : {}),
    })
    texts.push(text)
    const empty = status === 204 || status === 304
    return new Response(empty ? null : text, { status, headers: { ...told } })
  }
}
