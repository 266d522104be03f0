import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomBytes } from '../base/ids.ts'
import { sealer } from '../base/secret/sealer.ts'
import { openSecrets, rotated } from './secrets.ts'

const hourMs = 3_600_000

test('a secret is shown once, signs, and is stored sealed', async () => {
  const using = sealer(randomBytes(32))
  const made = await rotated([], using, { endpoint: 'e1', scheme: 'hmac', nowMs: 0 })
  assert.ok('secret' in made.shown)
  const { secret } = made.shown
  assert.ok(!JSON.stringify(made.secrets).includes(secret.slice(10)))
  assert.deepEqual(await openSecrets(made.secrets, using, { endpoint: 'e1', nowMs: 0 }), [secret])
})

test('L06: a sealed secret opens in its own place only, and whole', async () => {
  const using = sealer(randomBytes(32))
  const { secrets } = await rotated([], using, { endpoint: 'e1', scheme: 'hmac', nowMs: 0 })
  assert.equal(await openSecrets(secrets, using, { endpoint: 'e2', nowMs: 0 }), undefined)
  const other = sealer(randomBytes(32))
  assert.equal(await openSecrets(secrets, other, { endpoint: 'e1', nowMs: 0 }), undefined)
  const [first] = secrets
  assert.ok(first)
  for (const changed of [
    { ...first, id: 'another' },
    { ...first, sealed: `${first.sealed.slice(0, -2)}AA` },
    { ...first, sealed: '' },
  ]) {
    assert.equal(await openSecrets([changed], using, { endpoint: 'e1', nowMs: 0 }), undefined)
  }
  const again = await using.seal('same', 'p')
  assert.notEqual(again, await using.seal('same', 'p'))
})

test('while secrets change both sign, then the old one no longer does', async () => {
  const using = sealer(randomBytes(32))
  const about = { endpoint: 'e1', scheme: 'hmac' } as const
  const one = await rotated([], using, { ...about, nowMs: 0 })
  const two = await rotated(one.secrets, using, { ...about, nowMs: 0, overlapMs: hourMs })
  const at = (nowMs: number) => openSecrets(two.secrets, using, { endpoint: 'e1', nowMs })
  assert.equal((await at(hourMs - 1))?.length, 2)
  assert.equal((await at(hourMs))?.length, 1)
  const now = await rotated(two.secrets, using, { ...about, nowMs: 0, overlapMs: 0 })
  assert.equal(now.secrets.length, 1)
})

test('of a key pair only the public half is shown', async () => {
  const using = sealer(randomBytes(32))
  const made = await rotated([], using, { endpoint: 'e1', scheme: 'ed25519', nowMs: 0 })
  assert.ok('publicKey' in made.shown)
  assert.deepEqual(made.publicKeys, [made.shown.publicKey])
  const opened = await openSecrets(made.secrets, using, { endpoint: 'e1', nowMs: 0 })
  assert.match(opened?.[0] ?? '', /^whsk_/)
})
