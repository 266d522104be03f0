import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { testApp } from 'plinth/testing'
import { asksStaff, both, buy, look, peek, shopApp, sold, transfer } from './shop.ts'

const its = await testApp(shopApp)
after(() => its.close())
const ann = await its.user()
const boss = await its.user({ roles: ['staff'] })

async function product(values: object = {}) {
  return its.data.product.create({ name: 'pen', stock: 10, ...values })
}

test('an action does all it does in one transaction, and answers as declared', async () => {
  const { id } = await product()
  const answer = await its.request('POST', '/api/products/buy', {
    as: ann,
    body: { product: id, quantity: 4 },
  })
  assert.deepEqual([answer.status, answer.json()], [200, { left: 6 }])
  const { stock, version } = await its.data.product.get(id)
  assert.deepEqual([stock, version], [6, 2])
  assert.deepEqual(await its.call(buy, { product: id }, { as: ann }), { left: 5 })
})

test('a declared failure has its own code, and leaves nothing behind', async () => {
  const { id } = await product({ stock: 2 })
  const answer = await its.request('POST', '/api/products/buy', {
    as: ann,
    body: { product: id, quantity: 3 },
  })
  const problem = answer.json() as Record<string, unknown>
  assert.equal(answer.status, 409)
  assert.equal(problem.code, 'sold_out')
  assert.equal(problem.title, 'Sold out')
  assert.equal(problem.detail, 'Choose something else.')
  assert.equal(problem.retryable, false)
  assert.equal((await its.data.product.get(id)).version, 1)
  assert.equal((await its.request('GET', '/problems/sold_out')).status, 200)
})

test('the rule comes before the input, and the input before anything runs', async () => {
  const { id } = await product()
  const send = (as: typeof ann | 'anonymous', body: unknown) =>
    its.request('POST', '/api/products/buy', { as, body })
  assert.equal((await send('anonymous', { nonsense: 1 })).status, 401)
  assert.equal((await send(ann, { product: id, quantity: 51 })).status, 403)
  const wrong = await send(ann, { quantity: 'three', extra: 1 })
  const { errors } = wrong.json() as { errors: readonly { pointer: string; code: string }[] }
  assert.equal(wrong.status, 422)
  assert.deepEqual(errors.map(({ pointer, code }) => `${pointer} ${code}`).sort(), [
    '/extra unknown_field',
    '/product required',
    '/quantity wrong_type',
  ])
  for (const body of [[], '"text"', 7, [{ product: id }]]) {
    assert.equal((await send(ann, body)).status, 422, JSON.stringify(body))
  }
  assert.equal((await its.data.product.get(id)).stock, 10)
})

test('input inside of input is checked in its place', async () => {
  const send = (body: unknown) => its.request('POST', '/api/shop/nested', { body })
  const wrong = await send({ order: { lines: [{ product: 'x', quantity: 0 }] } })
  const { errors } = wrong.json() as { errors: readonly { pointer: string }[] }
  assert.deepEqual(errors.map(({ pointer }) => pointer).sort(), [
    '/order/lines/0/product',
    '/order/lines/0/quantity',
  ])
  const { id } = await product()
  const fine = await send({ order: { lines: [{ product: id, quantity: 1 }] } })
  assert.deepEqual(fine.json(), { count: 1 })
})

test('what only reads is served by GET and QUERY, too, and may not write', async () => {
  const byGet = await its.request('GET', '/api/shop/look?few=2')
  const byQuery = await its.request('QUERY', '/api/shop/look', { body: { few: 2 } })
  assert.equal(byGet.status, 200)
  assert.equal(byGet.text, byQuery.text)
  assert.equal((await its.call(look, {})).few, 3)
  // A client that knows the declaration by its types alone cannot tell which actions only read.
  const byPost = await its.request('POST', '/api/shop/look', { body: { few: 2 } })
  assert.deepEqual([byPost.status, byPost.text], [200, byGet.text])
})

test('a record that is answered is the one that its caller may read', async () => {
  const { id } = await product({ cost: 250 })
  for (const past of ['no', 'yes']) {
    assert.equal('cost' in (await its.call(peek, { product: id, past }, { as: ann })), false)
    const { cost } = await its.call(peek, { product: id, past }, { as: boss })
    assert.deepEqual(cost, { amount: 250, currency: 'GBP' })
  }
})

test('a called action obeys its own rule, and what a failed one did is undone', async () => {
  await assert.rejects(its.call(asksStaff, {}, { as: ann }), { code: 'forbidden' })
  assert.deepEqual(await its.call(asksStaff, {}, { as: boss }), { said: 'only to staff' })
  const { id } = await product()
  const before = await eventCount()
  assert.deepEqual(await its.call(both, { product: id }, { as: ann }), { outcome: 'no_way' })
  const notes = (await its.data.note.find()).data.map(({ body }) => body)
  assert.deepEqual(notes.toSorted(), ['after', 'before'])
  assert.equal((await its.data.product.get(id)).stock, 10)
  assert.equal(await eventCount(), before + 1)
  await assert.rejects(its.call(both, { product: id, catches: 'no' }, { as: ann }), {
    code: 'no_way',
    status: 409,
  })
  assert.equal((await its.data.note.find()).data.length, 2)
  assert.equal(await eventCount(), before + 1)
})

async function eventCount(): Promise<number> {
  const { rows } = await its.running.runtime.database.query({
    text: 'select count(*) from plinth.event where type = $1',
    values: [`${sold.kit}.${sold.name}`],
  })
  return Number(rows[0]?.[0])
}

test('transfers at once keep the sum, and none fails on our side', async () => {
  const accounts = await Promise.all(
    [100, 100, 100, 100].map((balance) => its.data.account.create({ owner: 'x', balance })),
  )
  const draw = (count: number) => Math.floor(Math.random() * count)
  const moves = Array.from({ length: 80 }, () => {
    const from = draw(4)
    const to = (from + 1 + draw(3)) % 4
    return { from: accounts[from]?.id, to: accounts[to]?.id, amount: 1 + draw(60) }
  })
  const answers = await Promise.all(
    moves.map((body, index) =>
      its.request('POST', '/api/shop/transfer', {
        body,
        headers: { 'idempotency-key': `move-${index}` },
      }),
    ),
  )
  const statuses = new Set(answers.map(({ status }) => status))
  assert.deepEqual(statuses.difference(new Set([204, 409, 503])), new Set())
  const { data } = await its.data.account.find({ limit: 10 })
  const balances = data.map(({ balance }) => balance)
  assert.equal(
    balances.reduce((sum, each) => sum + each, 0),
    400,
  )
  assert.ok(
    balances.every((balance) => balance >= 0),
    String(balances),
  )
  assert.ok(answers.some(({ status }) => status === 204))
})

test('calls from code are typed by the action', async () => {
  const { id } = await product()
  const { left }: { readonly left: number } = await its.call(buy, { product: id }, { as: ann })
  assert.equal(left, 9)
  const input = { from: id, to: id, amount: 1 }
  const nothing: undefined = await its.call(transfer, input).catch(() => undefined)
  assert.equal(nothing, undefined)
})

test("a word too long to name something limited is its sender's mistake", async () => {
  const send = (word: string) =>
    its.request('POST', '/api/shop/quota', { body: { word, limit: 0 } })
  assert.equal((await send('w'.repeat(200))).status, 200)
  const long = await send('w'.repeat(300))
  assert.equal(long.status, 422)
  assert.equal((long.json() as { code: string }).code, 'invalid_input')
})
