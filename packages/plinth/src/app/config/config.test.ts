import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { base64url, hex, randomBytes } from '../../base/ids.ts'
import { readConfig, wantsColour } from './config.ts'
import { deriveKey, keptSecret, secretProblem } from './secret.ts'

const appFile = '/srv/shop/app.ts'

function refusal(environment: Record<string, string>): Failure {
  let refused: unknown
  assert.throws(
    () => readConfig({ appFile }, environment),
    (error) => {
      refused = error
      return true
    },
  )
  assert.ok(refused instanceof Failure)
  assert.equal(refused.code, 'configuration_invalid')
  return refused
}

test('an empty environment is a configuration', () => {
  const config = readConfig({ appFile }, {})
  assert.equal(config.port, 3000)
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.dataDirectory, '/srv/shop/.plinth')
  assert.equal(config.database, undefined)
  assert.equal(config.production, false)
  assert.equal(config.callsPerMinute, 600)
})

test('a set variable is read, an empty one is not set', () => {
  const config = readConfig(
    { appFile },
    {
      PORT: '0',
      HOST: '',
      DATABASE_URL: 'postgres://ann:x@db.example:6000/shop',
      PLINTH_DATA: 'data',
      PLINTH_LOG: 'info',
      PLINTH_URL: 'https://shop.example/',
      PLINTH_TRUSTED_PROXIES: '2',
    },
  )
  assert.equal(config.port, 0)
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.database?.host, 'db.example')
  assert.equal(config.dataDirectory, '/srv/shop/data')
  assert.equal(config.logLevel, 'information')
  assert.equal(config.publicUrl, 'https://shop.example')
  assert.equal(config.trustedProxies, 2)
})

test('a variable that looks like a setting and is none is told, with the one meant', () => {
  const given = {
    ...{ PLINTH_PORT: '4700', PLINTH_SECERT: 'x', PLINTH_COLOUR: 'red', OTHER: 'y' },
    PLINTH_NODE: '/bin/node',
  }
  assert.deepEqual(readConfig({ appFile }, given).unknown, [
    'PLINTH_COLOUR is no setting and changes nothing.',
    'PLINTH_PORT is no setting and changes nothing; the setting is PORT.',
    'PLINTH_SECERT is no setting and changes nothing; did you mean PLINTH_SECRET?',
  ])
  const { detail } = refusal({ ...given, NODE_ENV: 'production' })
  assert.match(detail, /PLINTH_SECRET: It is not set.*\n.*\n.*\nPLINTH_SECERT is no setting/s)
  const settings = readFileSync(join(import.meta.dirname, 'config.ts'), 'utf8')
  const read = Object.fromEntries(
    [...settings.matchAll(/PLINTH_[A-Z_]+/g)].map(([name]) => [name, '']),
  )
  assert.deepEqual(readConfig({ appFile }, read).unknown, [], 'every one that is read is known')
})

test('all problems are told together, and no secret is', () => {
  const { problems, detail } = refusal({
    PORT: '70000',
    DATABASE_URL: 'mysql://ann:hunter2@db/shop',
    PLINTH_SECRET: 'hunter2-is-my-secret',
    PLINTH_TRUSTED_PROXIES: '-1',
    PLINTH_CALLS_PER_MINUTE: 'many',
    PLINTH_LOG: 'loud',
    PLINTH_URL: 'shop.example',
  })
  assert.deepEqual(
    problems.map(({ pointer }) => pointer),
    [
      'PORT',
      'DATABASE_URL',
      'PLINTH_SECRET',
      'PLINTH_TRUSTED_PROXIES',
      'PLINTH_CALLS_PER_MINUTE',
      'PLINTH_LOG',
      'PLINTH_URL',
    ],
  )
  assert.ok(!detail.includes('hunter2'))
})

test('mail needs a server and a sender, and keeps its password to itself', () => {
  const nothing = readConfig({ appFile }, {})
  assert.equal(nothing.mail.smtp, undefined)
  assert.equal(nothing.mail.kept, false)
  const set = {
    SMTP_URL: 'smtp://ann:hunter2@mail.example.com',
    MAIL_FROM: 'Shop <s@shop.example>',
  }
  const { mail } = readConfig({ appFile }, set)
  assert.deepEqual(mail.from, { name: 'Shop', address: 's@shop.example' })
  assert.equal(mail.smtp?.encryption, 'demanded')
  assert.equal(readConfig({ appFile }, { SMTP_URL: 'mailbox' }).mail.kept, true)
  const pointers = (environment: Record<string, string>): unknown => {
    const { problems, detail } = refusal(environment)
    assert.ok(!detail.includes('hunter2'))
    return problems.map(({ pointer }) => pointer)
  }
  assert.deepEqual(pointers({ SMTP_URL: 'imap://ann:hunter2@x', MAIL_FROM: 'nobody' }), [
    'MAIL_FROM',
    'SMTP_URL',
  ])
  assert.deepEqual(pointers({ SMTP_URL: set.SMTP_URL }), ['MAIL_FROM'])
})

test('in production calls go out by https and the usual ports', () => {
  const { outbound } = readConfig({ appFile }, {})
  assert.deepEqual([outbound.secureOnly, outbound.ports], [false, undefined])
  assert.ok(outbound.classes.has('loopback'))
  const production = { NODE_ENV: 'production', PLINTH_SECRET: base64url(randomBytes(32)) }
  const strict = readConfig(
    { appFile },
    { ...production, PLINTH_OUTBOUND_ALLOW: '10.1.0.0/16, ::1' },
  )
  assert.deepEqual([...(strict.outbound.ports ?? [])], [443, 8443])
  assert.equal(strict.outbound.secureOnly, true)
  assert.equal(strict.outbound.classes.size, 0)
  assert.ok(strict.outbound.allowed.has('10.1.2.3'))
  const wrong = { PLINTH_OUTBOUND_ALLOW: 'shop.example', PLINTH_OUTBOUND_PORTS: '443,x' }
  assert.deepEqual(
    refusal(wrong).problems.map(({ pointer }) => pointer),
    ['PLINTH_OUTBOUND_PORTS', 'PLINTH_OUTBOUND_ALLOW'],
  )
})

test('H07: production without a secret, with a placeholder or a weak one is refused', () => {
  const weak = [
    undefined,
    '',
    'changeme',
    'secret',
    'x'.repeat(64),
    '0'.repeat(64),
    'abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz',
    '0123456789abcdef'.repeat(4),
    'q8Zk2Lw9Xb4TfR'.repeat(5),
    'please-change-me-please-change-me-please-change-me-now',
    'this-is-the-development-key-of-our-shop-1234567890',
    hex(randomBytes(16)),
    base64url(randomBytes(20)),
  ]
  for (const secret of weak) {
    const set = secret === undefined ? {} : { PLINTH_SECRET: secret }
    const { problems } = refusal({ NODE_ENV: 'production', ...set })
    assert.equal(problems[0]?.pointer, 'PLINTH_SECRET', String(secret))
    assert.match(problems[0]?.detail ?? '', /openssl rand -base64 32/)
  }
})

test('H07: random secrets of 32 bytes are taken, in every usual spelling', () => {
  for (let count = 0; count < 200; count += 1) {
    const bytes = randomBytes(32)
    for (const secret of [hex(bytes), base64url(bytes), Buffer.from(bytes).toString('base64')]) {
      assert.equal(secretProblem(secret), undefined, secret)
    }
  }
  const secret = base64url(randomBytes(32))
  const config = readConfig({ appFile }, { NODE_ENV: 'production', PLINTH_SECRET: secret })
  assert.equal(config.secret, secret)
})

test('a made secret is private, stable, and the same for starts at once', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-secret-'))
  context.after(() => rm(folder, { recursive: true }))
  const made = await Promise.all(Array.from({ length: 5 }, () => keptSecret(folder)))
  assert.equal(new Set(made).size, 1)
  assert.equal(await keptSecret(folder), made[0])
  const file = join(folder, 'keys', 'secret')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await stat(join(folder, 'keys'))).mode & 0o777, 0o700)
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 10))
  await assert.rejects(keptSecret(folder), /is damaged/)
})

test('keys of different purposes have nothing in common', () => {
  const secret = base64url(randomBytes(32))
  assert.notDeepEqual(deriveKey(secret, 'cursors'), deriveKey(secret, 'cookies'))
  assert.deepEqual(deriveKey(secret, 'cursors'), deriveKey(secret, 'cursors'))
})

test('colours are for terminals whose owner wants them', () => {
  assert.equal(wantsColour({ isTTY: true }, {}), true)
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false)
  assert.equal(wantsColour({ isTTY: false }, {}), false)
  assert.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false)
})

test('faults are read where a folder allows them, and refused everywhere else', () => {
  const faulty = { FAILPOINTS: 'commit.sent@17=kill', SABOTAGE: 'two-step-take' }
  const { faults } = readConfig({ appFile }, { ...faulty, PLINTH_FAULTS: '/tmp/faults' })
  assert.equal(faults?.folder, '/tmp/faults')
  assert.deepEqual(
    faults.points.map(({ name, hit }) => [name, hit]),
    [['commit.sent', 17]],
  )
  assert.deepEqual(faults.sabotages, ['two-step-take'])
  assert.equal(readConfig({ appFile }, {}).faults, undefined)
  assert.match(refusal(faulty).detail, /^FAILPOINTS: Set PLINTH_FAULTS.*\nSABOTAGE: /)
  const production = { NODE_ENV: 'production', PLINTH_SECRET: base64url(randomBytes(32)) }
  for (const [name, value] of Object.entries({ ...faulty, PLINTH_FAULTS: '/tmp/faults' })) {
    const { detail } = refusal({ ...production, [name]: value, PLINTH_FAULTS: '/tmp/faults' })
    assert.match(detail, new RegExp(`${name}: Faults are for tests`))
  }
})

test('faults that nobody knows are told by their variable', () => {
  const environment = { FAILPOINTS: 'commit.gone=kill', SABOTAGE: 'luck', PLINTH_FAULTS: 'here' }
  const { detail } = refusal(environment)
  assert.match(detail, /^FAILPOINTS: There is no failpoint/)
  assert.match(detail, /\nSABOTAGE: There is no sabotage "luck"/)
  assert.match(detail, /\nPLINTH_FAULTS: Give an absolute path/)
})
