import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { testApp } from 'plinth/testing'
import { shopApp, sold } from './shop.ts'

const its = await testApp(shopApp)
after(() => its.close())
const ann = await its.user()

async function ask(text: string, ...values: readonly unknown[]): Promise<number> {
  const { rows } = await its.running.runtime.database.query({ text, values })
  return Number(rows[0]?.[0])
}

async function products(count: number, stock: number): Promise<readonly string[]> {
  const made = Array.from({ length: count }, () => its.data.product.create({ name: 'pen', stock }))
  return (await Promise.all(made)).map(({ id }) => id)
}

const buying = (product: string, key: string) =>
  its.request('POST', '/api/products/buy', {
    as: ann,
    body: { product },
    headers: { 'idempotency-key': key },
  })

test('calls that come together share transactions, and each is itself', async () => {
  const [full, empty] = [await products(60, 1), await products(3, 0)]
  const ids = [...full.slice(0, 30), ...empty, ...full.slice(30)]
  const answers = await Promise.all(ids.map((id, at) => buying(id, `shared-${at}`)))
  const statuses = answers.map(({ status }) => status)
  assert.deepEqual(
    statuses,
    ids.map((id) => (empty.includes(id) ? 409 : 200)),
  )
  const list = `{${ids.join(',')}}`
  assert.equal(await ask('select sum(stock) from shop.product where id = any($1::uuid[])', list), 0)
  const eventText = 'select count(*) from plinth.event where type = $1'
  assert.equal(await ask(eventText, `${sold.kit}.${sold.name}`), 60)
  const together = `select count(distinct xmin::text) from shop.product
    where id = any($1::uuid[]) and version = 2`
  const transactions = await ask(together, list)
  assert.ok(transactions < 60, `60 calls took ${transactions} transactions`)
  const again = await Promise.all(ids.map((id, at) => buying(id, `shared-${at}`)))
  for (const [at, { status, text, headers }] of again.entries()) {
    assert.equal(status, statuses[at])
    if (status !== 200) continue
    assert.equal(text, answers[at]?.text)
    assert.equal(headers['idempotency-replayed'], 'true')
  }
  assert.equal(await ask(eventText, `${sold.kit}.${sold.name}`), 60)
})
