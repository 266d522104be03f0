/** Owns the doors through which events are followed, each as one list of what was heard. */

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { follow } from '../../packages/plinth/src/live/proof/follower.ts'
import type { Street } from './street.ts'

/** What was heard, in one form for all doors. */
export interface Heard {
  readonly told: {
    readonly kind: string
    readonly cursor: string | undefined
    readonly data: Readonly<Record<string, unknown>>
  }[]
  close(): void
}

/** How an event is followed. */
export interface Hearing {
  readonly token?: string | undefined
  readonly after?: string | undefined
}

/** Follows an event through a door. */
export type Door = (
  street: Pick<Street, 'url' | 'socket'>,
  event: string,
  hearing?: Hearing,
) => Promise<Heard>

const sse: Door = async ({ url }, event, { token, after } = {}) => {
  const stream = await follow(`${url}/api/events/${event}`, { token, after })
  if (stream.status !== 200) await stream.closed
  const told: Heard['told'] = []
  if (stream.problem) {
    const { code, status, title, detail } = stream.problem
    told.push({ kind: 'end', cursor: undefined, data: { code, status, title, detail } })
  }
  const timer = setInterval(() => {
    for (const { type: kind, cursor, data } of stream.told.splice(0)) {
      told.push({ kind, cursor, data: (data.event as typeof data | undefined) ?? data })
    }
  }, 2).unref()
  return {
    told,
    close() {
      clearInterval(timer)
      stream.close()
    },
  }
}

const socket: Door = async (street, event, { token, after } = {}) => {
  const one = await street.socket()
  if (token !== undefined) one.say({ type: 'authenticate', token })
  one.say({ type: 'subscribe', id: 'a', event, ...(after === undefined ? {} : { after }) })
  const told: Heard['told'] = []
  const thread = one.thread('a')
  const timer = setInterval(() => {
    for (const { type: kind, cursor, data } of thread.told.splice(0)) {
      const body = (data.event ?? data.problem ?? data) as typeof data
      told.push({ kind, cursor, data: body })
    }
  }, 2).unref()
  return {
    told,
    close() {
      clearInterval(timer)
      one.destroy()
    },
  }
}

const selections: Readonly<Record<string, string>> = {
  'street.placed': 'customer total state place { street floors { number } }',
  'street.shouted': 'word loud',
  'street.closed': 'at',
}

interface Message {
  readonly kind: string
  readonly cursor: string | null
  readonly gap: Readonly<Record<string, unknown>> | null
  readonly event: Readonly<Record<string, unknown>> | null
}

const graphql: Door = async ({ url }, event, { token, after } = {}) => {
  const [kit = '', name = ''] = event.split('.')
  const field = kit + name.charAt(0).toUpperCase() + name.slice(1)
  const selection = selections[event]
  const query = `subscription ($since: String) { told: ${field}(since: $since) {
    kind cursor gap { reason after upTo }
    event { id type source subject time data { ${selection} } } } }`
  const stop = new AbortController()
  const response = await fetch(`${url}/api/graphql`, {
    method: 'POST',
    body: JSON.stringify({ query, variables: { since: after } }),
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    signal: stop.signal,
  })
  const told: Heard['told'] = []
  void read(response, told).catch(() => undefined)
  return { told, close: () => stop.abort() }
}

async function read(response: Response, told: Heard['told']): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const piece of response.body ?? []) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const text = /^event: next\n(?:id: .*\n)?data: (.*)$/.exec(block)?.[1]
      if (text !== undefined) told.push(inOneForm(JSON.parse(text)))
    }
  }
}

function inOneForm(result: {
  readonly data?: { readonly told: Message }
  readonly errors?: readonly { readonly message: string; readonly extensions: object }[]
}): Heard['told'][number] {
  const [error] = result.errors ?? []
  if (error) {
    const { code, status, title } = error.extensions as Record<string, unknown>
    return { kind: 'end', cursor: undefined, data: { code, status, title, detail: error.message } }
  }
  const { kind, cursor, gap, event } = (result.data as { readonly told: Message }).told
  const data = event ?? numbers(gap) ?? {}
  return { kind: kind.toLowerCase(), cursor: cursor ?? undefined, data }
}

/** Positions are texts in GraphQL. */
function numbers(gap: Message['gap']): Message['gap'] {
  if (!gap) return null
  const entries = Object.entries(gap).filter(([, value]) => value !== null)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === 'reason' ? value : Number(value)]),
  )
}

/** All doors by their names. */
export const doors: Readonly<Record<string, Door>> = { sse, socket, graphql }

/** Waits until it is so. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 2_000, what)
    await sleep(5)
  }
}
