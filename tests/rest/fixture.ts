/** Owns a small app behind the REST door on a real server, with an engine that notes its calls. */

import { request as httpRequest } from 'node:http'
import { movableClock } from '../../packages/plinth/src/base/time.ts'
import type {
  ActionInput,
  ActionOperation,
  Catalog,
} from '../../packages/plinth/src/catalog/catalog.ts'
import { compileCatalog } from '../../packages/plinth/src/catalog/compile.ts'
import * as fields from '../../packages/plinth/src/define/fields.ts'
import { app, kit } from '../../packages/plinth/src/define/kit.ts'
import { belongsTo, hasMany, manyToMany } from '../../packages/plinth/src/define/relation.ts'
import { anyone, nobody } from '../../packages/plinth/src/define/rule.ts'
import type { Call, Reply } from '../../packages/plinth/src/engine/call.ts'
import type { Handler } from '../../packages/plinth/src/http/message.ts'
import { type BoundAddress, HttpServer } from '../../packages/plinth/src/http/server.ts'
import { booleanKind, emailKind, textKind } from '../../packages/plinth/src/kinds/kinds.ts'
import { createRestDoor, type RestDoorOptions } from '../../packages/plinth/src/rest/door.ts'

const shop = kit('shop', {
  models: {
    category: {
      fields: { name: fields.text({ max: 80, unique: true }), products: hasMany('product') },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
    },
    product: {
      description: 'Something to buy.',
      fields: {
        sku: fields.text({ max: 40 }),
        name: fields.text({ max: 200 }),
        price: fields.money('GBP'),
        state: fields.choice(['draft', 'shown'], { default: 'draft' }),
        note: fields.text({ max: 100, optional: true, description: 'For `staff`.' }),
        margin: fields.integer({ optional: true }),
        category: belongsTo('category', { optional: true }),
        tags: manyToMany('tag'),
      },
      access: {
        read: anyone,
        write: ({ me }) => me.is('staff'),
        fields: { margin: { read: nobody, write: nobody } },
      },
      key: ['sku'],
    },
    tag: { fields: { name: fields.text({ max: 40 }) }, access: { read: anyone } },
    vault: { fields: { secretWord: fields.text({ max: 40 }) } },
  },
})

const action = (name: string, rest: Partial<ActionOperation>): ActionOperation => ({
  name: `identity.${name}`,
  type: 'action',
  kit: 'identity',
  path: name,
  safe: false,
  input: new Map(),
  description: `Does ${name}.`,
  ...rest,
})

const input = (...inputs: readonly ActionInput[]): ActionOperation['input'] =>
  new Map(inputs.map((each) => [each.name, each]))

const actions: readonly ActionOperation[] = [
  action('signIn', {
    path: 'sign-in',
    input: input(
      { name: 'email', kind: emailKind(), optional: false },
      { name: 'password', kind: textKind({ max: 256 }), optional: false },
      { name: 'cookie', kind: booleanKind(), optional: true },
    ),
  }),
  action('signOut', { path: 'sign-out' }),
  action('me', {
    safe: true,
    input: input({ name: 'full', kind: booleanKind(), optional: true }),
  }),
]

/** The small app. */
export const shopApp = app({ kits: [shop], title: 'Shop' })

/** The catalog of the small app. */
export const catalog: Catalog = compileCatalog(shopApp, {
  kits: [],
  actions,
})

/** What the app's engine does with a call. */
export type Answer = (call: Call) => Reply | Promise<Reply>

/** The app on a server. */
export interface Stand extends Served {
  readonly calls: Call[]
  /** What the engine answers from now on. */
  answer: Answer
}

/** A handler on a server. */
export interface Served {
  readonly url: string
  /** Sends a request just as given, and reads the whole answer. */
  send(method: string, path: string, rest?: Sending): Promise<Received>
  close(): Promise<void>
}

/** Headers and body of a request. */
export interface Sending {
  readonly headers?: Readonly<Record<string, string>>
  /** JSON where it is no text. */
  readonly body?: unknown
}

/** An answer. */
export interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON. */
  json(): Readonly<Record<string, unknown>>
}

/** A time within the life of the sessions that the tests begin. */
export const clock = movableClock(Date.parse('2026-01-01T00:00:00Z'))

/** Starts the app on a free port of the loopback. */
export async function stand(options: Partial<RestDoorOptions> = {}): Promise<Stand> {
  const calls: Call[] = []
  const held: { answer: Answer } = {
    answer: () => ({ status: 200, body: '{"id":"1"}', version: 7 }),
  }
  const handler = createRestDoor({
    catalog,
    clock,
    invoke: async (call) => {
      calls.push(call)
      return held.answer(call)
    },
    health: { live: () => undefined, ready: () => undefined },
    ...options,
  })
  const served = await serve(handler)
  return {
    ...served,
    calls,
    get answer() {
      return held.answer
    },
    set answer(answer: Answer) {
      held.answer = answer
    },
  }
}

/** Serves a handler on a free port of the loopback. */
export async function serve(handler: Handler): Promise<Served> {
  const server = new HttpServer({ handler, log: () => undefined })
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${address.port}`,
    send: (method, path, rest = {}) => send(address, { method, path, ...rest }),
    close: () => server.close(),
  }
}

function send(
  { host, port }: BoundAddress,
  { method, path, headers = {}, body }: Sending & { method: string; path: string },
): Promise<Received> {
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  const type = text === undefined ? {} : { 'content-type': 'application/json' }
  const length = text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host, port, method, path, headers: { ...type, ...length, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const received = Buffer.concat(chunks).toString()
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: received,
            json: () => JSON.parse(received),
          })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(text)
  })
}
