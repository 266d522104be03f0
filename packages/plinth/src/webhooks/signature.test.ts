import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { demandKey, isSigned, newSecret, signatureHeaders } from './signature.ts'

const text = new TextEncoder()
const content = {
  id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
  timestamp: 1_674_087_231,
  body: text.encode('{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z"}'),
}

/** The independent implementation judges by its own clock. */
const now = Math.floor(performance.timeOrigin / 1_000)

test('the independent implementation accepts what we sign, for any body', async () => {
  const { secret } = await newSecret('hmac')
  const other = await newSecret('hmac')
  const webhook = new Webhook(secret)
  await fc.assert(
    fc.asyncProperty(fc.json(), fc.uuid(), async (body, id) => {
      const signed = { id, timestamp: now, body: text.encode(body) }
      const headers = await signatureHeaders(signed, [other.secret, secret])
      assert.deepEqual(webhook.verify(body, { ...headers }), JSON.parse(body))
      assert.throws(() => webhook.verify(`${body} `, { ...headers }))
    }),
    { numRuns: 60 },
  )
})

test('we accept what the independent implementation signs, and nothing that differs', async () => {
  const { secret } = await newSecret('hmac')
  const body = '{"a":1}'
  const header = new Webhook(secret).sign('m1', new Date(now * 1_000), body)
  const genuine = { id: 'm1', timestamp: now, body: text.encode(body) }
  assert.equal(await isSigned(genuine, header, [secret]), true)
  assert.equal(await isSigned(genuine, `v1,AAAA v2,x ${header}`, [secret]), true)
  const forged = [
    { ...genuine, id: 'm2' },
    { ...genuine, timestamp: now + 1 },
    { ...genuine, body: text.encode('{"a":2}') },
  ]
  for (const one of forged) assert.equal(await isSigned(one, header, [secret]), false)
  const { secret: foreign } = await newSecret('hmac')
  assert.equal(await isSigned(genuine, header, [foreign]), false)
  assert.equal(await isSigned(genuine, header.replace('v1,', 'v1a,'), [secret]), false)
  assert.equal(await isSigned(genuine, '', [secret]), false)
})

test('the example of the specification has the signature that is known for it', async () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const body = text.encode('{"test": 2432232314}')
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body }
  const headers = await signatureHeaders(signed, [secret])
  const known = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
  assert.equal(headers['webhook-signature'], known)
})

test('a key pair signs with v1a, and beside a secret while they change', async () => {
  const pair = await newSecret('ed25519')
  const shared = await newSecret('hmac')
  assert.match(pair.secret, /^whsk_/)
  assert.match(pair.publicKey ?? '', /^whpk_/)
  const headers = await signatureHeaders(content, [shared.secret, pair.secret])
  const header = headers['webhook-signature']
  assert.match(header, /^v1,\S{44} v1a,\S{88}$/)
  assert.equal(await isSigned(content, header, [pair.publicKey ?? '']), true)
  assert.equal(await isSigned(content, header, [shared.secret]), true)
  const stranger = await newSecret('ed25519')
  assert.equal(await isSigned(content, header, [stranger.publicKey ?? '']), false)
  const changed = { ...content, body: text.encode('{}') }
  assert.equal(await isSigned(changed, header, [pair.publicKey ?? '', shared.secret]), false)
})

test('secrets differ, and what is none is told at once, without being shown', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => newSecret('hmac')))
  assert.equal(new Set(made.map(({ secret }) => secret)).size, 20)
  for (const bad of ['', 'whsec_', 'whsec_c2hvcnQ=', 'secret', 'whpk_AAAA', 'whsec_%%%%']) {
    assert.throws(() => demandKey(bad), { code: 'configuration_invalid' })
  }
  const shown = 'whsec_c2hvcnRBbmRTaG93bg=='
  assert.throws(
    () => demandKey(shown),
    (error: Error) => !error.message.includes('c2hvcnR'),
  )
  const { secret } = await newSecret('ed25519')
  await assert.rejects(isSigned(content, 'v1a,AAAA', [secret]), { code: 'configuration_invalid' })
})
