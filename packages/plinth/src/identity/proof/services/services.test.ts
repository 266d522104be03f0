import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type JWTPayload, SignJWT } from 'jose'
import { serviceTokens } from '../../../app/services/credential.ts'
import {
  listServiceKeys,
  makeServiceKey,
  revokeServiceKey,
  rotateServiceKey,
  type ServiceParts,
} from '../../../app/services/keys.ts'
import { audienceOf, checkServices } from '../../../app/services/services.ts'
import { limits } from '../../../base/limits.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { type Answer, openPeople, secret } from '../people.ts'

const dayMs = 86_400_000

onBothServers('services', (server) => {
  async function press(context: Parameters<typeof openPeople>[1]) {
    const people = await openPeople(server, context)
    const { ask, runtime, serviceToken } = people
    const list = (token: string) => ask('post.list', {}, { token })
    const write = (token: string) => ask('post.create', { title: 'News' }, { token })
    const parts: ServiceParts = { runtime, secret, audience: audienceOf(secret) }
    return { ...people, list, write, parts, serviceToken }
  }

  /** A service of its own process, whose key a test holds, to sign what an attacker would. */
  async function forger(context: Parameters<typeof openPeople>[1]) {
    const people = await press(context)
    const { parts, tested } = people
    const { id, credential } = await makeServiceKey(parts, { service: 'press' })
    const held = JSON.parse(
      Buffer.from(credential.slice(4, -6), 'base64url').toString(),
    ) as Readonly<Record<string, string>>
    const { publicKey: x = '', privateKey: d = '' } = held
    const privateKey = createPrivateKey({
      key: { kty: 'OKP', crv: 'Ed25519', x, d },
      format: 'jwk',
    })
    const seconds = Math.floor(tested.clock.now() / 1_000)
    const good: JWTPayload = {
      ...{ iss: 'service:press', aud: parts.audience, jti: 'j'.repeat(24) },
      ...{ iat: seconds, exp: seconds + 60 },
    }
    const head = { alg: 'EdDSA', typ: 'plinth-service+jwt', kid: id }
    const forge = async (claims: object = {}, header: object = {}, key: unknown = privateKey) => {
      const whole = { ...good, ...claims } as JWTPayload
      const signing = new SignJWT(whole).setProtectedHeader({ ...head, ...header })
      return `pln_${await signing.sign(key as typeof privateKey)}`
    }
    return { ...people, forge, good, head, held, id, privateKey, seconds }
  }

  const refused = async (answer: Promise<Answer>, why: string) => {
    const { status, text } = await answer
    assert.equal(status, 401, `${why}: ${text}`)
    assert.match(text, /invalid_credentials/, why)
  }

  test('a service calls under its scopes and its roles, and is nobody', async (context) => {
    const { list, write, serviceToken, ask, tested } = await press(context)
    const token = await serviceToken('press')
    assert.match(token, /^pln_[\w-]+\.[\w-]+\.[\w-]{86}$/)
    assert.equal((await list(token)).status, 200)
    assert.equal((await write(token)).status, 201)
    assert.equal((await ask('user.list', {}, { token })).status, 403)
    assert.equal((await ask('identity.me', {}, { token })).text, '{"user":null}')
    const makeKey = { name: 'x', scopes: ['read'] }
    assert.match((await ask('identity.makeApiKey', makeKey, { token })).text, /session_required/)
    const narrow = await serviceToken('press', { scopes: ['post.read'] })
    assert.equal((await list(narrow)).status, 200)
    assert.match((await write(narrow)).text, /insufficient_scope/)
    const wider = await serviceToken('press', { scopes: ['write', 'user.read', 'post.create'] })
    assert.match((await ask('user.list', {}, { token: wider })).text, /insufficient_scope/)
    assert.equal((await write(wider)).status, 201, 'narrowed to what is within')
    const { rows } = await tested.running.runtime.database.query({
      text: `select distinct actor, operation from plinth.audit
        where model in ('post', 'serviceKey') order by operation`,
      values: [],
    })
    const told = JSON.stringify(rows)
    assert.match(told, /code:built-in action","serviceKey\.create/)
    assert.match(told, /\["service:press via service:[0-9a-f-]{36}","post\.create"\]/)
  })

  test('C21: of an app without services, and of one that is declared no more', async (context) => {
    const { serviceToken, list, runtime } = await press(context)
    const token = await serviceToken('press')
    const services = runtime.catalog.services as Map<string, unknown>
    const press_ = services.get('press')
    services.delete('press')
    await refused(list(token), 'declared no more')
    await assert.rejects(serviceToken('press'), /no service "press"/)
    services.set('press', press_)
    assert.equal((await list(token)).status, 200)
    await assert.rejects(serviceToken('pres'), /did you mean press\?/)
  })

  test('C21: no algorithm, another one, another type', async (context) => {
    const { forge, list, good, head, held, parts } = await forger(context)
    assert.equal((await list(await forge())).status, 200, 'the forger signs as the service does')
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const none = `pln_${part({ ...head, alg: 'none' })}.${part(good)}.`
    await refused(list(none), 'none')
    await refused(list(`${none}${'A'.repeat(86)}`), 'none with something behind')
    const hmac = Buffer.from(held.publicKey ?? '', 'base64url')
    const padded = Buffer.concat([hmac, hmac])
    await refused(list(await forge({}, { alg: 'HS512' }, padded)), 'the public key as a secret')
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    await refused(list(await forge({}, { alg: 'RS256' }, rsa)), 'RSA')
    const { privateKey: own, publicKey } = generateKeyPairSync('ed25519')
    await refused(list(await forge({}, {}, own)), 'another key under the id of a known one')
    const jwk = publicKey.export({ format: 'jwk' })
    await refused(list(await forge({}, { jwk }, own)), 'a key that the token brings')
    await refused(list(await forge({}, { typ: 'JWT' })), 'another type')
    await refused(list(await forge({}, { typ: undefined })), 'no type')
    const [first = '', claims = '', sign = ''] = (await forge()).slice(4).split('.')
    const more = part({ ...good, iss: 'service:wire' })
    await refused(list(`pln_${first}.${more}.${sign}`), 'claims of another token')
    const flipped = `${sign[0] === 'A' ? 'B' : 'A'}${sign.slice(1)}`
    await refused(list(`pln_${first}.${claims}.${flipped}`), 'a changed signature')
    assert.ok(parts.audience.length > 20)
  })

  test('C21: another audience, another issuer, no id', async (context) => {
    const { forge, list, tested, serviceToken, parts } = await forger(context)
    const audience = [parts.audience, 'other']
    for (const aud of ['plinth:other', undefined, audience, `${parts.audience}x`]) {
      await refused(list(await forge({ aud })), `audience ${aud}`)
    }
    for (const iss of ['service:wire', 'press', 'user:press', undefined]) {
      await refused(list(await forge({ iss })), `issuer ${iss}`)
    }
    for (const jti of [undefined, '', 'short', 'x'.repeat(65), 'a b'.repeat(8), 7]) {
      await refused(list(await forge({ jti })), `id ${jti}`)
    }
    await refused(list(await forge({ scope: ['post.read'] })), 'scopes as a list')
    // The same database under another secret: what it signs is for another installation.
    await refused(list(await tested.running.serviceToken('press')), 'another installation')
    assert.equal((await list(await serviceToken('press'))).status, 200)
  })

  test('C21: ended, not yet, and longer than any may live', async (context) => {
    const { forge, list, seconds, tested } = await forger(context)
    const skew = limits.serviceTokenSkewSeconds
    const ended = { iat: seconds - 120, exp: seconds - skew }
    await refused(list(await forge(ended)), 'ended')
    const justEnded = { iat: seconds - 120, exp: seconds - skew + 2 }
    assert.equal((await list(await forge(justEnded))).status, 200, 'clocks differ a little')
    const soon = { iat: seconds + skew, exp: seconds + 200 }
    assert.equal((await list(await forge(soon))).status, 200)
    await refused(list(await forge({ iat: seconds + skew + 2, exp: seconds + 200 })), 'future')
    await refused(list(await forge({ nbf: seconds + 90 })), 'not before')
    await refused(list(await forge({ exp: seconds + 301 })), 'longer than five minutes')
    await refused(list(await forge({ exp: undefined })), 'without an end')
    await refused(list(await forge({ iat: undefined })), 'without a beginning')
    await refused(list(await forge({ exp: '99999999999' as never })), 'an end that is no number')
    const long = await forge({ exp: seconds + 300 })
    tested.clock.advance(299_000)
    assert.equal((await list(long)).status, 200)
    tested.clock.advance((skew + 1) * 1_000)
    await refused(list(long), 'after its life')
  })

  test('C21: a key that is not known, one that ended, and one too long', async (context) => {
    const { forge, list, id, parts, tested, runtime } = await forger(context)
    const unknown = `${id.slice(0, -4)}0000`
    for (const kid of [unknown, 'x', "' or true --", '', undefined]) {
      await refused(list(await forge({}, { kid })), `key ${kid}`)
    }
    await refused(list(await forge({ note: 'x'.repeat(4_000) })), 'oversized')
    const token = await forge()
    assert.equal((await list(token)).status, 200)
    await revokeServiceKey(parts, id)
    tested.clock.advance(limits.serviceKeyKnownMs)
    await refused(list(token), 'revoked')
    assert.equal(await runtime.clock.now(), tested.clock.now())
    await assert.rejects(revokeServiceKey(parts, id), /No key .* counts/)
    await assert.rejects(revokeServiceKey(parts, 'nothing'), /No key nothing counts/)
  })

  test('C21: where a token is good once, a copy of it is good for nothing', async (context) => {
    const { serviceToken, list, tested, runtime } = await press(context)
    const token = await serviceToken('wire')
    const many = await Promise.all(Array.from({ length: 8 }, () => list(token)))
    assert.deepEqual(many.filter(({ status }) => status === 200).length, 1)
    await refused(list(token), 'used')
    assert.equal((await list(await serviceToken('wire'))).status, 200)
    const press_ = await serviceToken('press')
    for (const _ of [1, 2]) assert.equal((await list(press_)).status, 200, 'good until it ends')
    tested.clock.advance(3_600_000)
    const { forgetProofs } = await import('../../../engine/identify/forget.ts')
    await forgetProofs(runtime.database, tested.clock.now())
    const uses = await tested.running.users.records.find('serviceTokenUse', {})
    assert.deepEqual(uses, [], 'and is forgotten when it could come no more')
  })

  test('a known key costs one look-up in five seconds, a bad token none', async (context) => {
    const { forge, list, runtime, tested } = await forger(context)
    const { Failure } = await import('../../../base/failure.ts')
    assert.ok(Failure)
    const asked: string[] = []
    const database = runtime.database as { query(query: { name?: string }): unknown }
    const query = database.query.bind(database)
    Object.defineProperty(database, 'query', {
      configurable: true,
      value: (one: { name?: string }) => {
        if (one.name?.startsWith('plinth_service')) asked.push(one.name)
        return query(one)
      },
    })
    context.after(() => Reflect.deleteProperty(database, 'query'))
    const token = await forge()
    await Promise.all([list(token), list(token)])
    for (let call = 0; call < 5; call++) await list(token)
    const finds = () => asked.filter((name) => name === 'plinth_service_key_find').length
    assert.equal(finds(), 1)
    await refused(list(await forge({ aud: 'plinth:other' }, { kid: crypto.randomUUID() })), 'x')
    await refused(list(await forge({ exp: 1 }, { kid: crypto.randomUUID() })), 'x')
    assert.equal(finds(), 1)
    tested.clock.advance(limits.serviceKeyKnownMs)
    await list(token)
    assert.equal(finds(), 2)
  })

  test('a process signs with its own key; a changed one goes on for a while', async (context) => {
    const { parts, list, tested, runtime } = await press(context)
    const made = await makeServiceKey(parts, { service: 'press', days: 10 })
    assert.match(made.credential, /^plq_/)
    assert.throws(() => serviceTokens(undefined), /missing, mistyped or cut off/)
    assert.throws(() => serviceTokens(made.credential.slice(0, -1)), /mistyped/)
    // A process has the clock of its machine: the app takes it as its own.
    tested.clock.advance(Date.now() - tested.clock.now())
    const again = await makeServiceKey(parts, { service: 'press', days: 10 })
    const sign = serviceTokens(again.credential)
    assert.equal((await list(await sign())).status, 200)
    assert.equal((await list(await sign({ lifeSeconds: 5, scopes: ['post.read'] }))).status, 200)
    await assert.rejects(sign({ lifeSeconds: 301 }), /1 to 300 seconds/)
    await assert.rejects(sign({ lifeSeconds: 0 }), /1 to 300 seconds/)
    await assert.rejects(sign({ scopes: Array(300).fill('a.scope.of.words') }), /too long/)
    const next = await rotateServiceKey(parts, { id: again.id, overlapHours: 1 })
    const keys = await listServiceKeys(parts)
    assert.deepEqual(
      keys.map(({ holder }) => holder),
      ['service', 'service'],
    )
    const old = keys.find(({ id }) => id === again.id)
    assert.equal(Date.parse(old?.expiresAt ?? ''), runtime.clock.now() + 3_600_000)
    const heir = keys.find(({ id }) => id === next.id)
    assert.equal(Date.parse(heir?.expiresAt ?? ''), runtime.clock.now() + 10 * dayMs)
    assert.equal((await list(await sign())).status, 200)
    assert.equal((await list(await serviceTokens(next.credential)())).status, 200)
    await assert.rejects(makeServiceKey(parts, { service: 'press', days: 366 }), /1 to 365 days/)
    await assert.rejects(makeServiceKey(parts, { service: 'pres' }), /did you mean press/)
    const stored = JSON.stringify(await tested.running.users.records.find('serviceKey', {}))
    const { privateKey } = JSON.parse(
      Buffer.from(made.credential.slice(4, -6), 'base64url').toString(),
    ) as { privateKey: string }
    assert.ok(!stored.includes(privateKey), 'the private half is nowhere')
  })

  test('the installation changes its keys by itself, with an overlap', async (context) => {
    const { parts, serviceToken, list, tested } = await press(context)
    const first = await serviceToken('press')
    const keys = async () => (await listServiceKeys(parts)).filter((one) => one.service === 'press')
    assert.deepEqual(
      (await keys()).map(({ holder }) => holder),
      ['installation'],
    )
    const [{ id = '' } = {}] = await keys()
    await assert.rejects(rotateServiceKey(parts, { id, overlapHours: 1 }), /by itself/)
    tested.clock.advance(29 * dayMs)
    await serviceToken('press')
    assert.equal((await keys()).length, 1)
    tested.clock.advance(dayMs - 60_000)
    const last = await serviceToken('press')
    tested.clock.advance(60_000)
    assert.equal((await list(await serviceToken('press'))).status, 200)
    assert.equal((await keys()).length, 2)
    assert.equal((await list(last)).status, 200, 'what the old one has signed')
    await refused(list(first), 'ended')
    tested.clock.advance(dayMs)
    assert.equal((await keys()).length, 1)
    // One that is lost is ended, and the next token comes by a new one.
    await revokeServiceKey(parts, (await keys())[0]?.id ?? '')
    tested.clock.advance(limits.serviceKeyKnownMs)
    assert.equal((await list(await serviceToken('press'))).status, 200)
  })

  test('scopes that there are not are mistakes of the declaration', async (context) => {
    const { runtime } = await press(context)
    const bad = { name: 'b', scopes: new Set(['post.reed']), roles: new Set<string>() }
    const services = new Map([['b', { ...bad, singleUse: false }]])
    assert.throws(
      () => checkServices({ ...runtime.catalog, services }),
      /services\.b: There is no scope "post\.reed"; did you mean post\.read\?/,
    )
  })
})
