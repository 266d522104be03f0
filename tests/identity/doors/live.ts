/** Owns live reads as doors of attacks: streams over SSE, and subscriptions over WebSocket. */

import { follow } from '../../../packages/plinth/src/live/proof/follower.ts'
import { openSocket } from '../../../packages/plinth/src/live/proof/socket-client.ts'
import { lineOf } from './door.ts'

/** A read that is to be followed. */
export interface Followed {
  /** `payout.list`. */
  readonly operation: string
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** What is told of it. */
export interface Following {
  /** `ok`, or the code of the refusal. */
  readonly code: string
  /** All that was told so far. */
  told(): string
  /** Waits for its end. Returns the code that it was told with. */
  ended(): Promise<string>
  close(): void
}

/** A live door. */
export interface LiveDoor {
  readonly name: string
  follow(url: string, followed: Followed): Promise<Following>
}

const codeIn = (text: string): string => /"code":"(\w+)"/.exec(text)?.[1] ?? 'ok'

/** Streams of events. */
export const events: LiveDoor = {
  name: 'SSE',
  async follow(url, { operation, token, headers = {} }) {
    const [, path = ''] = lineOf({ operation }).split(' ')
    const stream = await follow(url + path, { token, headers })
    const told = (): string => JSON.stringify(stream.told)
    if (stream.status === 200) await stream.until('an answer', (rows) => rows.told.length > 0)
    else await stream.closed
    return {
      ...{ code: stream.status === 200 ? 'ok' : String(stream.problem?.code), told },
      async ended() {
        await stream.until('its end', ({ types }) => types.includes('end'))
        return codeIn(JSON.stringify(stream.told.at(-1)))
      },
      close: () => stream.close(),
    }
  },
}

/** Subscriptions of a WebSocket, whose credential is told in its head, or in a first message. */
export const sockets = (first: 'head' | 'message'): LiveDoor => ({
  name: `WebSocket, by its ${first}`,
  async follow(url, { operation, token, headers = {} }) {
    const bearer =
      token !== undefined && first === 'head' ? { authorization: `Bearer ${token}` } : {}
    const socket = await openSocket(url, { ...headers, ...bearer })
    if (token !== undefined && first === 'message') socket.say({ type: 'authenticate', token })
    socket.say({ type: 'subscribe', id: 'a', read: operation })
    const thread = socket.thread('a')
    const over = { code: 0 }
    const closed = socket.closed.then(({ code }) => {
      over.code = code
    })
    const signedOut = 4401
    await thread.until('an answer', ({ told }) => told.length > 0 || over.code !== 0)
    const told = (): string => JSON.stringify(thread.told)
    const isRefused = over.code === signedOut || thread.types[0] === 'end'
    const refusal = thread.told.length === 0 ? 'invalid_credentials' : codeIn(told())
    return {
      ...{ code: isRefused ? refusal : 'ok', told },
      async ended() {
        await thread.until('its end', ({ types }) => types.includes('end') || over.code !== 0)
        if (thread.types.at(-1) === 'end') return codeIn(JSON.stringify(thread.told.at(-1)))
        await closed
        return over.code === signedOut ? 'invalid_credentials' : String(over.code)
      },
      close: () => socket.destroy(),
    }
  },
})
