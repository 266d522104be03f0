import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import { testApp } from 'plinth/testing'
import { armFailpoints, parseFailpoints } from '../../../packages/plinth/src/base/failpoint.ts'
import { shopApp } from './shop.ts'

const its = await testApp(shopApp)
after(() => its.close())
afterEach(() => arm(''))
const ann = await its.user()

/** Sets failpoints in this process, which nothing here kills. */
function arm(text: string): void {
  armFailpoints(parseFailpoints(text), {
    kill: () => assert.fail('nothing is killed here'),
    stop: () => assert.fail('nothing is stopped here'),
    claim: () => true,
  })
}

async function stocked() {
  const { id: product } = await its.data.product.create({ name: 'pen', stock: 10 })
  const send = (headers: Record<string, string>) =>
    its.request('POST', '/api/products/buy', { as: ann, body: { product }, headers })
  // The session is looked up, and noted as used, before anything is armed.
  await its.request('GET', '/api/identity/me', { as: ann })
  return { send, left: async () => (await its.data.product.get(product)).stock }
}

test('a commit whose reply is lost is settled by the key: done once, answered once', async () => {
  const { send, left } = await stocked()
  arm('commit.sent@1=dropReply')
  const answer = await send({ 'idempotency-key': 'doubt-1' })
  arm('')
  assert.equal(answer.status, 200, answer.text)
  assert.deepEqual(answer.json(), { left: 9 })
  // It is the answer of this very call, not of one before it.
  assert.equal(answer.headers['idempotency-replayed'], undefined)
  assert.equal(await left(), 9)
  const again = await send({ 'idempotency-key': 'doubt-1' })
  assert.equal(again.text, answer.text)
  assert.equal(await left(), 9)
})

test('without a key nobody can know, and the answer says so', async () => {
  const { send, left } = await stocked()
  arm('commit.sent@1=dropReply')
  const answer = await send({})
  arm('')
  assert.equal(answer.status, 503)
  const { code, detail } = answer.json() as { readonly code: string; readonly detail: string }
  assert.equal(code, 'unavailable')
  assert.match(detail, /may be stored or not\. Look before repeating/)
  assert.ok([9, 10].includes(await left()))
})
