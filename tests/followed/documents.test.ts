/** Proves the documents of what comes by itself: valid, whole, and true of what is sent. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { lint, lintEvents, metaSchemaErrors } from '../rest/validators.ts'
import { until } from './hearing.ts'
import { openStreet } from './street.ts'

interface Tree {
  readonly [name: string]: Tree
}

test('OpenAPI lists what can be followed, in both of its forms', async (context) => {
  const street = await openStreet(context)
  for (const form of ['3.1', '3.2']) {
    const document = (await street.request('GET', `/openapi.json?v=${form}`)).json() as Tree
    const paths = Object.keys(document.paths ?? {}).filter((path) => path.includes('/events/'))
    const followed = ['placed', 'shouted', 'closed'].map((name) => `/api/events/street.${name}`)
    assert.deepEqual(paths, followed, 'and nothing that nobody may follow')
    if (form === '3.1') {
      assert.deepEqual(await metaSchemaErrors(document), [])
      assert.deepEqual(await lint(document), [])
    } else assert.match(JSON.stringify(document.paths), /"itemSchema".*"word"/)
  }
})

test('AsyncAPI is valid, names each event and channel, and nothing hidden', async (context) => {
  const street = await openStreet(context)
  const answered = await street.request('GET', '/api/asyncapi.json')
  const document = answered.json() as Tree
  assert.deepEqual(await lintEvents(document), [])
  const broken = { ...document, channels: { live: { address: 5, servers: [{ $ref: '#/no' }] } } }
  assert.ok((await lintEvents(broken)).length >= 2, 'the validator finds what is wrong')
  const channels = Object.keys(document.channels ?? {})
  for (const name of ['live', 'events.street.placed', 'rooms.street.square', 'reads.user']) {
    assert.ok(channels.includes(name), name)
  }
  assert.ok(!answered.text.includes('street.secret'))
  assert.equal((await street.request('POST', '/api/asyncapi.json')).status, 405)
})

test('what is sent is as the document says', async (context) => {
  const street = await openStreet(context)
  const document = (await street.request('GET', '/api/asyncapi.json')).json() as Tree
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  const checks = new Map(
    Object.values(document.channels?.live?.messages ?? {}).map((message) => {
      return [String(message.name), ajv.compile(message.payload ?? {})]
    }),
  )
  const event = document.channels?.['events.street.shouted']?.messages?.event?.payload ?? {}
  const isEvent = ajv.compile(event)
  const socket = await street.socket()
  context.after(() => socket.destroy())
  const ada = await street.user()
  const said = [
    { type: 'ping' },
    { type: 'authenticate', token: await street.tokenOf(ada) },
    { type: 'subscribe', id: 'e', event: 'street.shouted' },
    { type: 'subscribe', id: 'u', read: 'user.list', query: { limit: 5 } },
    { type: 'subscribe', id: 'x', read: 'no.such' },
    { type: 'join', id: 'r', channel: 'street.square', params: { name: 'a' } },
    { type: 'publish', id: 'r', data: { text: 'hello' } },
    { type: 'publish', id: 'r', data: { text: 5 } },
  ]
  for (const message of said) {
    const check = checks.get(message.type)
    assert.ok(check?.(message), `${message.type}: ${JSON.stringify(check?.errors)}`)
    socket.say(message)
  }
  await until('all that is told', () => socket.thread('r').told.length >= 3)
  await until('the log', () => socket.thread('e').told.length === 1)
  await street.say('hello')
  await until('the event', () => socket.thread('e').told.length === 2)
  const threads = ['e', 'u', 'x', 'r'].map((id) => [id, socket.thread(id).told] as const)
  const seen = new Set<string>()
  for (const [id, told] of threads) {
    for (const { type, cursor, data } of told) {
      const check = checks.get(type === 'presence' ? 'presence' : type)
      const message = { type, id, ...(cursor === undefined ? {} : { cursor }), ...data }
      if (type !== 'presence')
        assert.ok(check?.(message), `${type} ${JSON.stringify(check?.errors)}`)
      seen.add(type)
    }
  }
  const { data } = socket.thread('e').told[1] ?? {}
  assert.ok(isEvent(data), JSON.stringify(isEvent.errors))
  assert.deepEqual(
    ['end', 'event', 'joined', 'message', 'refused', 'result', 'resumed'].filter(
      (type) => !seen.has(type),
    ),
    [],
  )
})
