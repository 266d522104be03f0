import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { app, kit } from 'plinth'
import { testApp } from 'plinth/testing'
import { openApp } from '../../../packages/plinth/src/app/compose.ts'
import { base64url, randomBytes } from '../../../packages/plinth/src/base/ids.ts'
import { sleep } from '../../../packages/plinth/src/base/time.ts'
import { shopApp } from './shop.ts'

const its = await testApp(shopApp)
after(() => its.close())
const ann = await its.user()
const bob = await its.user()

interface Status {
  readonly id: string
  readonly state: string
  readonly operation: string
  readonly result?: unknown
  readonly failure?: { readonly code: string; readonly status: number }
  readonly progress: { readonly done: number; readonly note: string | null }
}

async function begun(stock: number, headers: Record<string, string> = {}) {
  const { id: product } = await its.data.product.create({ name: 'pen', stock })
  const answer = await its.request('POST', '/api/products/buy', {
    as: ann,
    body: { product },
    headers: { prefer: 'respond-async, wait=10', ...headers },
  })
  const location = String(answer.headers.location)
  const status = async (as: typeof ann | 'anonymous' = ann) => its.request('GET', location, { as })
  return { product, answer, location, status }
}

test('a call is accepted at once, done later, and its caller is told the result', async () => {
  const { product, answer, location, status } = await begun(10)
  assert.equal(answer.status, 202)
  assert.equal(answer.headers['preference-applied'], 'respond-async')
  assert.match(location, /^\/api\/operations\/[0-9a-f-]{36}$/)
  assert.equal((answer.json() as Status).state, 'waiting')
  assert.equal((await its.data.product.get(product)).stock, 10)
  await its.drain()
  const done = (await status()).json() as Status
  assert.deepEqual([done.state, done.operation, done.result], ['done', 'shop.buy', { left: 9 }])
  assert.equal(done.progress.done, 1)
  assert.equal((await its.data.product.get(product)).stock, 9)
})

test('nobody else sees it', async () => {
  const { status } = await begun(10)
  assert.equal((await status(bob)).status, 404)
  assert.equal((await status('anonymous')).status, 404)
  assert.equal((await its.request('GET', '/api/operations/nothing', { as: ann })).status, 404)
})

test('a failure is its answer', async () => {
  const { status } = await begun(0)
  await its.drain()
  const failed = (await status()).json() as Status
  assert.equal(failed.state, 'failed')
  assert.deepEqual([failed.failure?.code, failed.failure?.status], ['sold_out', 409])
})

test('what is cancelled in time never happens', async () => {
  const { product, location, status } = await begun(10)
  assert.equal((await its.request('DELETE', location, { as: bob })).status, 404)
  const cancelled = await its.request('DELETE', location, { as: ann })
  assert.equal((cancelled.json() as Status).state, 'cancelled')
  await its.drain()
  assert.equal(((await status()).json() as Status).state, 'cancelled')
  assert.equal((await its.data.product.get(product)).stock, 10)
})

test('what is done stays done, whoever cancels it', async () => {
  const { product, location } = await begun(10)
  await its.drain()
  const late = await its.request('DELETE', location, { as: ann })
  assert.equal((late.json() as Status).state, 'done')
  assert.equal((await its.data.product.get(product)).stock, 9)
})

test('a repeat with the same key is the same call', async () => {
  const { id: product } = await its.data.product.create({ name: 'pen', stock: 10 })
  const send = () =>
    its.request('POST', '/api/products/buy', {
      as: ann,
      body: { product },
      headers: { prefer: 'respond-async', 'idempotency-key': 'later-1' },
    })
  const [first, second] = [await send(), await send()]
  assert.equal(second.headers.location, first.headers.location)
  await its.drain()
  assert.equal((await its.data.product.get(product)).stock, 9)
})

test('the rule and the input are judged at once', async () => {
  const send = (as: typeof ann | 'anonymous', body: unknown) =>
    its.request('POST', '/api/products/buy', { as, body, headers: { prefer: 'respond-async' } })
  assert.equal((await send('anonymous', {})).status, 401)
  assert.equal((await send(ann, {})).status, 422)
})

test('what a call was given is forgotten when it has ended', async () => {
  const { product, location } = await begun(10)
  await begun(0)
  const cancelled = await begun(10)
  await its.request('DELETE', cancelled.location, { as: ann })
  const { database } = its.running.runtime
  const kept = async () => {
    const text = "select state, input like '%product%' from plinth.operation where input <> ''"
    return (await database.query({ text, values: [] })).rows
  }
  assert.deepEqual(await kept(), [
    ['open', 't'],
    ['open', 't'],
  ])
  await its.drain()
  assert.deepEqual(await kept(), [])
  const done = (await its.request('GET', location, { as: ann })).json() as Status
  assert.equal(done.state, 'done')
  assert.equal((await its.data.product.get(product)).stock, 9)
})

test('who was suspended meanwhile does nothing any more', async () => {
  const carl = await its.user()
  const { id: product } = await its.data.product.create({ name: 'pen', stock: 10 })
  const headers = { prefer: 'respond-async' }
  const asked = { as: carl, body: { product }, headers }
  assert.equal((await its.request('POST', '/api/products/buy', asked)).status, 202)
  await its.running.users.records.update('user', carl.id, { suspended: true })
  await its.drain()
  assert.equal((await its.data.product.get(product)).stock, 10)
  const { rows } = await its.running.runtime.database.query({
    text: "select state, failure::jsonb ->> 'code' from plinth.operation where caller = $1",
    values: [`user:${carl.id}`],
  })
  assert.deepEqual(rows, [['failed', 'sign_in_required']])
})

test('one caller who asks for much leaves places to others', async (context) => {
  const lab = kit('lab', { models: {} })
  const released = Promise.withResolvers<void>()
  lab.action('linger', {
    allow: ({ me }) => me.signedIn,
    isolation: 'read committed',
    run: () => released.promise,
  })
  lab.action('hurry', { allow: ({ me }) => me.signedIn, run: async () => undefined })
  const labApp = app({ title: 'Lab', kits: [lab] })
  const tested = await testApp(labApp)
  context.after(() => tested.close())
  const [cid, dan] = await Promise.all([tested.user(), tested.user()])
  const node = await openApp(labApp, {
    ...{ database: tested.database, secret: base64url(randomBytes(32)), production: false },
    ...{ schema: 'settled', work: 'on', jobsAtOnce: 4 },
  })
  try {
    const headers = { prefer: 'respond-async' }
    const ask = (as: typeof cid, name: string) =>
      tested.request('POST', `/api/lab/${name}`, { as, headers })
    for (let count = 0; count < 8; count++) await ask(cid, 'linger')
    const { headers: accepted } = await ask(dan, 'hurry')
    const state = async (): Promise<string> => {
      const answer = await tested.request('GET', String(accepted.location), { as: dan })
      return (answer.json() as Status).state
    }
    for (let look = 0; look < 600 && (await state()) !== 'done'; look++) await sleep(100)
    assert.equal(await state(), 'done')
  } finally {
    released.resolve()
    await node.close()
  }
})
