import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { testApp } from 'plinth/testing'
import { shopApp } from './shop.ts'

const its = await testApp(shopApp)
after(() => its.close())
const ann = await its.user()
const bob = await its.user()
const dayMs = 86_400_000

interface Sending {
  readonly as?: typeof ann
  readonly key?: string
  readonly quantity?: number
}

async function stocked(stock = 10) {
  const { id } = await its.data.product.create({ name: 'pen', stock })
  const send = ({ as = ann, key = 'k', quantity = 1 }: Sending = {}) =>
    its.request('POST', '/api/products/buy', {
      as,
      body: { product: id, quantity },
      headers: { 'idempotency-key': `${key}-${id}` },
    })
  return { id, send, left: async () => (await its.data.product.get(id)).stock }
}

test('a repeat gets the first answer byte for byte, and nothing happens again', async () => {
  const { send, left } = await stocked()
  const [first, second] = [await send(), await send()]
  assert.equal(first.status, 200)
  assert.equal(second.text, first.text)
  assert.equal(second.status, first.status)
  assert.equal(second.headers['content-type'], first.headers['content-type'])
  assert.equal(second.headers['idempotency-replayed'], 'true')
  assert.equal(await left(), 9)
})

test('another body under the same key is refused; others have keys of their own', async () => {
  const { send, left } = await stocked()
  await send()
  const other = await send({ quantity: 2 })
  assert.equal(other.status, 422)
  assert.equal((other.json() as { code: string }).code, 'key_reused')
  assert.equal((await send({ as: bob })).status, 200)
  assert.equal(await left(), 8)
})

test('repeats of what is done get its answer, many at once, though nothing is left', async () => {
  const { send, left } = await stocked(1)
  const first = await send()
  assert.equal(await left(), 0)
  const repeats = await Promise.all(Array.from({ length: 20 }, () => send()))
  for (const repeat of repeats) {
    assert.equal(repeat.status, 200)
    assert.equal(repeat.text, first.text)
    assert.equal(repeat.headers['idempotency-replayed'], 'true')
  }
  assert.equal((await send({ key: 'new' })).status, 409)
  assert.equal(await left(), 0)
})

test('of fifty at once one runs; the others get its answer or are told to wait', async () => {
  const { send, left } = await stocked()
  const answers = await Promise.all(Array.from({ length: 50 }, () => send()))
  const fine = answers.filter(({ status }) => status === 200)
  const waiting = answers.filter(({ status }) => status === 409)
  assert.equal(fine.length + waiting.length, 50)
  assert.ok(fine.length >= 1)
  assert.equal(new Set(fine.map(({ text }) => text)).size, 1)
  for (const answer of waiting) {
    assert.equal((answer.json() as { code: string }).code, 'in_progress')
    assert.equal(answer.headers['retry-after'], '1')
  }
  assert.equal(await left(), 9)
})

test('a failure is not kept: the repeat tries again', async () => {
  const { id, send, left } = await stocked(0)
  assert.equal((await send()).status, 409)
  await its.data.product.update(id, { stock: 3 })
  assert.equal((await send()).status, 200)
  assert.equal(await left(), 2)
})

test('a batch and plain writes happen once by their key', async () => {
  const body = {
    operations: [
      { operation: 'note.create', input: { body: 'one' } },
      { operation: 'note.create', input: { body: 'two' } },
    ],
  }
  const send = () =>
    its.request('POST', '/api/batch', { as: ann, body, headers: { 'idempotency-key': 'b' } })
  const [first, second] = [await send(), await send()]
  assert.equal(first.status, 200)
  assert.equal(second.text, first.text)
  assert.equal((await its.data.note.find()).data.length, 2)
})

test('an action that moves money needs a key, and keeps it for thirty days', async () => {
  const [from, to] = await Promise.all(
    [100, 0].map((balance) => its.data.account.create({ owner: 'x', balance })),
  )
  const body = { from: from?.id, to: to?.id, amount: 10 }
  const bare = await its.request('POST', '/api/shop/transfer', { body })
  assert.equal(bare.status, 400)
  assert.equal((bare.json() as { code: string }).code, 'key_required')
  const send = () =>
    its.request('POST', '/api/shop/transfer', { body, headers: { 'idempotency-key': 'rent' } })
  assert.equal((await send()).status, 204)
  its.clock.advance(29 * dayMs)
  assert.equal((await send()).headers['idempotency-replayed'], 'true')
  assert.equal((await its.data.account.get(String(from?.id))).balance, 90)
})
