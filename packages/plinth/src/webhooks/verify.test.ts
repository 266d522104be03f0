import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { newSecret, signatureHeaders } from './signature.ts'
import { hmacWebhook, standardWebhook, stripeWebhook } from './verify.ts'

const receivedAt = '2026-01-01T00:00:00Z'
const nowSeconds = Date.parse(receivedAt) / 1_000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const body = bytes('{"id":"evt_1","type":"paid","customer":"c1"}')
const data = { id: 'evt_1', type: 'paid', customer: 'c1' }

test('J02: a standard webhook is taken when signed and recent, by any of its secrets', async () => {
  const [old, fresh, pair] = await Promise.all([
    newSecret('hmac'),
    newSecret('hmac'),
    newSecret('ed25519'),
  ])
  const verify = standardWebhook({
    secret: [old.secret, fresh.secret, pair.publicKey ?? ''],
    key: (message) => (message as { customer: string }).customer,
  })
  for (const { secret } of [old, fresh, pair]) {
    const content = { id: 'm1', timestamp: nowSeconds, body }
    const headers = { ...(await signatureHeaders(content, [secret])) }
    const request = { body, headers, receivedAt }
    assert.deepEqual(await verify(request), { id: 'm1', data, key: 'c1' })
    const forged = [
      { ...request, body: bytes('{"id":"evt_2"}') },
      { ...request, headers: { ...headers, 'webhook-id': 'm2' } },
      { ...request, headers: { ...headers, 'webhook-timestamp': String(nowSeconds + 1) } },
      { ...request, headers: { ...headers, 'webhook-signature': 'v1,AAAA' } },
      { ...request, headers: {} },
    ]
    for (const one of forged) assert.equal(await verify(one), undefined)
  }
})

test('J02: the window of replay is five minutes, both ways', async () => {
  const { secret } = await newSecret('hmac')
  const verify = standardWebhook({ secret })
  const at = async (timestamp: number) => {
    const headers = { ...(await signatureHeaders({ id: 'm1', timestamp, body }, [secret])) }
    return verify({ body, headers, receivedAt })
  }
  for (const inside of [-300, -1, 0, 300]) assert.ok(await at(nowSeconds + inside), String(inside))
  for (const outside of [-301, 301, -86_400]) {
    assert.equal(await at(nowSeconds + outside), undefined, String(outside))
  }
})

test('an id with a dot cannot stand for two messages', async () => {
  const { secret } = await newSecret('hmac')
  const content = { id: 'a.b', timestamp: nowSeconds, body }
  const headers = { ...(await signatureHeaders(content, [secret])) }
  assert.equal(await standardWebhook({ secret })({ body, headers, receivedAt }), undefined)
})

test('a body that is no JSON is refused although it is signed', async () => {
  const { secret } = await newSecret('hmac')
  for (const broken of [bytes('{'), bytes(''), Uint8Array.of(0xff, 0xfe)]) {
    const content = { id: 'm1', timestamp: nowSeconds, body: broken }
    const headers = { ...(await signatureHeaders(content, [secret])) }
    const request = { body: broken, headers, receivedAt }
    assert.equal(await standardWebhook({ secret })(request), undefined)
  }
})

test('J02: Stripe’s header is read with several signatures, and its age counts', async () => {
  const secret = 'whsec_test_of_stripe'
  const verify = stripeWebhook({ secret: ['whsec_older', secret] })
  const sign = (stamp: number, key = secret): string =>
    createHmac('sha256', key).update(`${stamp}.`).update(body).digest('hex')
  const ask = (header: string) =>
    verify({ body, headers: { 'stripe-signature': header }, receivedAt })
  const good = `t=${nowSeconds},v1=${'0'.repeat(64)},v1=${sign(nowSeconds)},v0=x`
  assert.deepEqual(await ask(good), { id: 'evt_1', data })
  assert.ok(await ask(`t=${nowSeconds},v1=${sign(nowSeconds, 'whsec_older')}`))
  assert.equal(await ask(`t=${nowSeconds},v1=${sign(nowSeconds, 'other')}`), undefined)
  assert.equal(await ask(`t=${nowSeconds},v0=${sign(nowSeconds)}`), undefined)
  assert.equal(await ask(`t=${nowSeconds - 301},v1=${sign(nowSeconds - 301)}`), undefined)
  assert.equal(await ask(''), undefined)
})

test('J02: any HMAC over the raw body, hexadecimal or base64, with or without a time', async () => {
  const secret = 'a secret of the supplier'
  const hub = hmacWebhook({
    ...{ secret, header: 'X-Hub-Signature-256', prefix: 'sha256=' },
    id: { header: 'X-GitHub-Delivery' },
  })
  const hex = createHmac('sha256', secret).update(body).digest('hex')
  const headers = { 'x-hub-signature-256': `sha256=${hex}`, 'x-github-delivery': 'd1' }
  assert.deepEqual(await hub({ body, headers, receivedAt }), { id: 'd1', data })
  assert.equal(await hub({ body: bytes('{}'), headers, receivedAt }), undefined)
  const nameless = { 'x-hub-signature-256': `sha256=${hex}` }
  assert.equal(await hub({ body, headers: nameless, receivedAt }), undefined)
  const shop = hmacWebhook({
    ...{ secret, header: 'x-shop-hmac', encoding: 'base64', hash: 'SHA-512' },
    ...{ id: { member: 'id' }, timestamp: 'x-shop-time' },
  })
  const at = (stamp: number) => {
    const digest = createHmac('sha512', secret).update(`${stamp}.`).update(body).digest('base64')
    const signed = { 'x-shop-hmac': digest, 'x-shop-time': String(stamp) }
    return shop({ body, headers: signed, receivedAt })
  }
  assert.deepEqual(await at(nowSeconds), { id: 'evt_1', data })
  assert.equal(await at(nowSeconds - 301), undefined)
  for (const header of ['', '!', 'a'.repeat(2_000), 'sha256=zz', `sha256=${hex}00`]) {
    const forged = { ...headers, 'x-hub-signature-256': header }
    assert.equal(await hub({ body, headers: forged, receivedAt }), undefined, header)
  }
})

test('a webhook without a secret is a mistake at the start', () => {
  for (const secret of ['', [], ['']]) {
    assert.throws(() => stripeWebhook({ secret }), { code: 'configuration_invalid' })
    assert.throws(() => standardWebhook({ secret }), { code: 'configuration_invalid' })
  }
  assert.throws(() => standardWebhook({ secret: 'not a secret' }), {
    code: 'configuration_invalid',
  })
})
