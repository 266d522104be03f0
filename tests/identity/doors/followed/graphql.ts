/** Owns subscriptions of GraphQL as doors of attacks: over SSE, and over WebSocket. */

import { sleep } from '../../../../packages/plinth/src/base/time.ts'
import { parts } from '../door.ts'
import type { Followed, Following, LiveDoor } from '../live.ts'

/** What an answer tells of a record. */
const fields: Readonly<Record<string, string>> = { user: 'id email', payout: 'id what' }

/** The subscription to a read; of what is no read, one that asks for it all the same. */
function documentOf(operation: string): string {
  const [kit, verb] = parts(operation)
  const name = kit + verb.charAt(0).toUpperCase() + verb.slice(1)
  if (verb !== 'list') return `subscription { ${name} { __typename } }`
  const known = fields[kit] ?? 'id'
  const rows = `nodes { ${known} } changes { kind node { ${known} } }`
  return `subscription { ${kit}s { kind ${rows} } }`
}

/** What was told so far: whole messages, and how it ended. */
class Telling {
  readonly texts: string[] = []
  over = ''

  async until(isSo: (told: Telling) => boolean): Promise<void> {
    for (let tries = 0; !isSo(this); tries++) {
      if (tries > 2_000) throw new Error(`nothing more was told: ${this.texts.join()}`)
      await sleep(5)
    }
  }

  /** The code of the first failure. */
  get code(): string {
    return /"code":"(\w+)"/.exec(this.texts.join())?.[1] ?? (this.over === 'refused' ? wrong : 'ok')
  }

  following(close: () => void): Following {
    return {
      code: this.code,
      told: () => this.texts.join(),
      ended: async () => {
        await this.until(({ over }) => over !== '')
        return this.code
      },
      close,
    }
  }
}

const wrong = 'invalid_credentials'

/** Subscriptions by the protocol of `graphql-sse`. */
export const graphqlEvents: LiveDoor = {
  name: 'GraphQL over SSE',
  async follow(url, { operation, token, headers = {} }) {
    const stop = new AbortController()
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`${url}/api/graphql`, {
      ...{ method: 'POST', signal: stop.signal },
      headers: {
        ...{ 'content-type': 'application/json', accept: 'text/event-stream' },
        ...{ ...headers, ...bearer },
      },
      body: JSON.stringify({ query: documentOf(operation) }),
    })
    const telling = new Telling()
    void read(response, telling).catch(() => {
      telling.over = 'closed'
    })
    await telling.until(({ texts, over }) => texts.length > 0 || over !== '')
    return telling.following(() => stop.abort())
  },
}

async function read(response: Response, telling: Telling): Promise<void> {
  const decoder = new TextDecoder()
  let waiting = ''
  for await (const chunk of response.body ?? []) {
    waiting += decoder.decode(chunk as Uint8Array, { stream: true })
    const messages = waiting.split('\n\n')
    waiting = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data !== undefined) telling.texts.push(data)
      if (message.startsWith('event: complete')) telling.over = 'complete'
    }
  }
  if (waiting !== '') telling.texts.push(waiting)
  telling.over ||= 'closed'
}

const refused = 4403

/** Subscriptions by `graphql-transport-ws`, whose credential is told as the protocol has it. */
export const graphqlSockets: LiveDoor = {
  name: 'GraphQL over WebSocket',
  async follow(url, followed) {
    const telling = new Telling()
    const socket = opened(url, followed)
    socket.addEventListener('close', ({ code }) => {
      telling.over ||= code === refused ? 'refused' : 'closed'
    })
    socket.addEventListener('message', ({ data }) => take(socket, telling, followed, String(data)))
    await telling.until(({ texts, over }) => texts.length > 0 || over !== '')
    return telling.following(() => socket.close())
  },
}

/** A socket that says who it is; of a browser’s own, headers are Node’s addition. */
function opened(url: string, { token, headers = {} }: Followed): WebSocket {
  const place = `${url.replace(/^http/, 'ws')}/api/graphql`
  const options = { protocols: 'graphql-transport-ws', headers } as unknown as string
  const socket = new WebSocket(place, options)
  const payload = token === undefined ? {} : { payload: { token } }
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init', ...payload }))
  })
  return socket
}

interface Message {
  readonly type: string
}

/** Takes in a message of the protocol: asks once it may, and keeps what is told. */
function take(
  socket: WebSocket,
  telling: Telling,
  ...[{ operation }, text]: readonly [Followed, string]
): void {
  const { type } = JSON.parse(text) as Message
  const asked = { type: 'subscribe', id: 'a', payload: { query: documentOf(operation) } }
  if (type === 'connection_ack') socket.send(JSON.stringify(asked))
  if (type === 'next' || type === 'error') telling.texts.push(text)
  if (type === 'error' || type === 'complete') telling.over = type
}
