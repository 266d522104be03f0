import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { apple, google } from '../../identity/outside/presets/openid.ts'
import { oidc } from '../../identity/outside/provider.ts'
import { readProviderKeys } from './provider-keys.ts'

const own = oidc('our-house', { issuer: 'https://id.house.example' })
const set = {
  ...{ GOOGLE_CLIENT_ID: 'g', GOOGLE_CLIENT_SECRET: 's' },
  ...{ OUR_HOUSE_CLIENT_ID: 'h', OUR_HOUSE_CLIENT_SECRET: 't' },
}
const publicUrl = 'https://shop.example'

test('keys are read from variables that are named after their providers', () => {
  const { keys, missing } = readProviderKeys([google(), own], { production: true, publicUrl }, set)
  assert.deepEqual(keys.get('google'), { is: 'secret', clientId: 'g', clientSecret: 's' })
  assert.deepEqual(keys.get('our-house'), { is: 'secret', clientId: 'h', clientSecret: 't' })
  assert.deepEqual(missing, [])
})

test('what is missing is left out in development, and refused in production with all cures', () => {
  const few = { GOOGLE_CLIENT_ID: 'g' }
  const { keys, missing } = readProviderKeys([google(), own], { production: false }, few)
  assert.equal(keys.size, 0)
  assert.equal(missing.length, 3)
  assert.match(missing[0] ?? '', /^GOOGLE_CLIENT_SECRET: It is not set/)
  assert.throws(
    () => readProviderKeys([google(), own], { production: true }, few),
    (error) => error instanceof Failure && error.problems.length === 4,
  )
})

test('the key of Apple is one of P-256; its lines may stand in one', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const known = { APPLE_CLIENT_ID: 'a', APPLE_TEAM_ID: 'b', APPLE_KEY_ID: 'c' }
  const line = { ...known, APPLE_PRIVATE_KEY: pem.replaceAll('\n', '\\n') }
  const { keys } = readProviderKeys([apple()], { production: false }, line)
  const read = keys.get('apple')
  assert.ok(read?.is === 'apple-key' && read.privateKey === pem)
  const wrong = { ...known, APPLE_PRIVATE_KEY: 'no key' }
  assert.throws(() => readProviderKeys([apple()], { production: false }, wrong), /no private key/)
})
