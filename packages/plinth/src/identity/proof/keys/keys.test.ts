import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { invoke } from '../../../engine/invoke.ts'
import { type Answer, openPeople, password, tokenIn } from '../people.ts'

const anns = 'ann@people.example'
const minuteMs = 60_000
const dayMs = 86_400_000

function bodyOf<T>({ text }: Answer): T {
  return JSON.parse(text) as T
}

interface Made {
  readonly id: string
  readonly token: string
  readonly prefix: string
  readonly expiresAt: string
}

onBothServers('keys', (server) => {
  async function ann(context: Parameters<typeof openPeople>[1]) {
    const people = await openPeople(server, context)
    const { tested, ask, runtime } = people
    const user = await tested.user({ email: anns, password, verified: true, roles: ['editor'] })
    const session = { token: tokenIn(await ask('identity.signIn', { email: anns, password })) }
    const make = async (input: object = {}) => {
      const whole = { name: 'till', scopes: ['post.read'], ...input }
      const answer = await ask('identity.makeApiKey', whole, session)
      assert.equal(answer.status, 200, answer.text)
      return bodyOf<Made>(answer)
    }
    const lend = async (input: object = {}) => {
      const whole = { agent: 'helper', scopes: ['post.read'], ...input }
      return bodyOf<Made>(await ask('identity.makeAgentToken', whole, session))
    }
    const me = (token: string, remoteAddress = '192.0.2.1') =>
      ask('identity.me', {}, { token, remoteAddress })
    const rows = async (model: 'apiKey' | 'agentToken') =>
      (await tested.running.users.records.find(model, {})) as readonly Record<string, unknown>[]
    return { ...people, user, session, make, lend, me, rows, runtime }
  }

  test('a key is shown once, kept as a hash, and acts for its owner', async (context) => {
    const { make, me, ask, rows, session, tested } = await ann(context)
    const made = await make()
    assert.match(made.token, /^plk_[\w-]{43}[A-Za-z0-9]{6}$/)
    assert.equal(made.prefix, made.token.slice(0, 8))
    assert.equal(Date.parse(made.expiresAt), tested.clock.now() + 90 * dayMs)
    assert.match((await me(made.token)).text, /ann@people\.example/)
    assert.equal((await ask('post.list', {}, { token: made.token })).status, 200)
    const create = await ask('post.create', { title: 'x' }, { token: made.token })
    assert.equal(bodyOf<{ code: string }>(create).code, 'insufficient_scope')
    const listed = await ask('apiKey.list', {}, session)
    assert.equal(listed.status, 200)
    assert.doesNotMatch(listed.text, /tokenHash/)
    const kept = JSON.stringify([await rows('apiKey'), listed.text])
    assert.ok(!kept.includes(made.token), 'the key itself is nowhere')
    await tested.drain()
    assert.ok(
      (await tested.mails()).some(({ text }) => /An API key was made: “till”/.test(text ?? '')),
    )
  })

  test('C28: no wider scope, no later expiry, under no old proof', async (context) => {
    const { ask, session, make, tested, lend, user } = await ann(context)
    const key = (await make({ scopes: ['write'] })).token
    const agent = (await lend({ scopes: ['write'] })).token
    const refused = async (input: object, token = session.token) => {
      const whole = { name: 'till', scopes: ['post.read'], ...input }
      return bodyOf<{ code: string; problems?: { code: string; detail: string }[] }>(
        await ask('identity.makeApiKey', whole, { token }),
      )
    }
    const unknown = await refused({ scopes: ['post.reed'] })
    assert.equal(unknown.code, 'invalid_input')
    assert.match(unknown.problems?.[0]?.detail ?? '', /did you mean post\.read\?/)
    for (const scopes of [['*'], ['session.read'], ['user.write'], ['identity.stepUp'], [], ['']]) {
      assert.equal((await refused({ scopes })).code, 'invalid_input', String(scopes))
    }
    assert.equal((await refused({ expiresInDays: 366 })).code, 'invalid_input')
    assert.equal((await refused({ expiresInDays: 0 })).code, 'invalid_input')
    assert.equal((await refused({ networks: ['here'] })).code, 'invalid_input')
    const extra = { userId: user.id, tokenHash: 'x', createdAt: '2030-01-01T00:00:00Z' }
    assert.equal((await refused(extra)).code, 'invalid_input')
    for (const token of [key, agent]) {
      assert.equal((await refused({}, token)).code, 'session_required')
      for (const flow of ['identity.rotateApiKey', 'identity.makeAgentToken']) {
        const input = { key: user.id, agent: 'x', scopes: ['read'] }
        assert.equal(
          bodyOf<{ code: string }>(await ask(flow, input, { token })).code,
          'session_required',
        )
      }
    }
    const direct = await ask('apiKey.create', { name: 'x', scopes: ['write'] }, session)
    assert.equal(bodyOf<{ code: string }>(direct).code, 'forbidden')
    tested.clock.advance(6 * minuteMs)
    assert.equal((await refused({})).code, 'step_up_required')
  })

  test('a typo is told without a look-up', async (context) => {
    const { make, me } = await ann(context)
    const { token } = await make()
    const typo = `${token.slice(0, 20)}${token[20] === 'a' ? 'b' : 'a'}${token.slice(21)}`
    const answer = await me(typo)
    assert.equal(answer.status, 401)
    assert.match(answer.text, /mistyped/)
    assert.equal((await me(token.slice(0, -1))).status, 401)
    assert.equal((await me(`${token}a`)).status, 401)
  })

  test('C21: a key is no cookie', async (context) => {
    const { make, lend, ask } = await ann(context)
    for (const { token } of [await make(), await lend()]) {
      const answer = await ask('identity.me', {}, { token, from: 'cookie' })
      assert.deepEqual(bodyOf<{ user: unknown }>(answer).user, null)
    }
  })

  test('C11: ended, run out, suspended, deleted: dead for the next call', async (context) => {
    const { make, lend, me, ask, session, tested, user } = await ann(context)
    const [ended, short, other] = [await make(), await make({ expiresInDays: 1 }), await make()]
    const agent = await lend()
    const gone = await ask('apiKey.delete', {}, { ...session, id: ended.id })
    assert.equal(gone.status, 204)
    assert.equal((await me(ended.token)).status, 401)
    tested.clock.advance(dayMs)
    assert.equal((await me(short.token)).status, 401)
    assert.equal((await me(agent.token)).status, 401)
    assert.equal((await me(other.token)).status, 200)
    await tested.data.user.update(user.id, { suspended: true })
    assert.equal((await me(other.token)).status, 401)
    await tested.data.user.update(user.id, { suspended: false })
    assert.equal((await me(other.token)).status, 200)
    await tested.data.user.delete(user.id)
    assert.equal((await me(other.token)).status, 401)
  })

  test('a key of somebody else is none: neither listed nor ended', async (context) => {
    const { make, ask, me, tested } = await ann(context)
    const { id, token } = await make()
    await tested.user({ email: 'ben@people.example', password, verified: true })
    const signed = await ask('identity.signIn', { email: 'ben@people.example', password })
    const ben = { token: tokenIn(signed) }
    assert.deepEqual(bodyOf<{ data: unknown[] }>(await ask('apiKey.list', {}, ben)).data, [])
    assert.equal((await ask('apiKey.delete', {}, { ...ben, id })).status, 404)
    assert.equal((await ask('identity.rotateApiKey', { key: id }, ben)).status, 404)
    assert.equal((await me(token)).status, 200)
  })

  test('a rotated key goes on for a while, then only the new one is good', async (context) => {
    const { make, ask, session, me, tested, rows } = await ann(context)
    const old = await make({ expiresInDays: 10, scopes: ['post.read'] })
    const rotate = (key: string, more: object = {}) =>
      ask('identity.rotateApiKey', { key, overlapHours: 2, ...more }, session)
    const both = await Promise.all([rotate(old.id), rotate(old.id)])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409], 'one heir')
    const next = bodyOf<Made>(both.find(({ status }) => status === 200) ?? (both[0] as Answer))
    assert.equal((await rotate(old.id)).status, 409)
    const heir = (await rows('apiKey')).find(({ id }) => id === next.id)
    assert.equal(heir?.rotatedFromId, old.id)
    assert.deepEqual(heir?.scopes, ['post.read'])
    assert.equal(Date.parse(next.expiresAt), tested.clock.now() + 10 * dayMs)
    assert.equal((await me(old.token)).status, 200)
    assert.equal((await me(next.token)).status, 200)
    tested.clock.advance(2 * 60 * minuteMs)
    assert.equal((await me(old.token)).status, 401)
    assert.equal((await me(next.token)).status, 200)
  })

  test('a key is good from its networks alone', async (context) => {
    const { make, me } = await ann(context)
    const { token } = await make({ networks: ['198.51.100.0/24', '2001:db8::/32'] })
    assert.equal((await me(token, '198.51.100.9')).status, 200)
    assert.equal((await me(token, '::ffff:198.51.100.9')).status, 200)
    assert.equal((await me(token, '2001:db8::9')).status, 200)
    assert.equal((await me(token, '198.51.101.9')).status, 401)
    assert.equal((await me(token, '')).status, 401)
  })

  test('the last use is written once a minute', async (context) => {
    const { make, me, rows, tested } = await ann(context)
    const { token } = await make()
    const used = async () => {
      // Beside the call: the next one comes behind it on its connection, or soon.
      for (let look = 0; look < 50; look++) {
        const [row] = await rows('apiKey')
        if (row?.lastUsedAt) return Date.parse(String(row.lastUsedAt))
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return undefined
    }
    await me(token)
    const first = await used()
    assert.equal(first, tested.clock.now())
    tested.clock.advance(30_000)
    await Promise.all([me(token), me(token)])
    assert.equal(await used(), first)
  })

  test('agents: ended together, with all sessions, and at most a month', async (context) => {
    const { lend, me, ask, session, make } = await ann(context)
    const [one, two] = [await lend(), await lend({ expiresInDays: 30 })]
    assert.match(one.token, /^plg_/)
    const long = { agent: 'x', scopes: ['read'], expiresInDays: 31 }
    assert.equal((await ask('identity.makeAgentToken', long, session)).status, 422)
    assert.equal((await me(two.token)).status, 200)
    assert.equal((await ask('identity.endAgentTokens', {}, session)).status, 204)
    for (const { token } of [one, two]) assert.equal((await me(token)).status, 401)
    const key = await make()
    const three = await lend()
    await ask('identity.signOutEverywhere', { keepThis: true }, session)
    assert.equal((await me(three.token)).status, 401)
    assert.equal((await me(key.token)).status, 200, 'a key has a life of its own')
  })

  test('C28: PostgreSQL refuses writes for a key that only reads', async (context) => {
    const { make, runtime } = await ann(context)
    const { token } = await make({ scopes: ['read'] })
    const writer = await make({ scopes: ['write'] })
    const asked: unknown[] = []
    const database = new Proxy(runtime.database, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          if (name === 'transaction') asked.push(given[1])
          return Reflect.apply(value, target, given) as unknown
        }
      },
    })
    const call = { operation: 'post.list', query: {}, remoteAddress: '192.0.2.1' }
    const ask = (bearer: string) =>
      invoke(
        { ...runtime, database },
        {
          ...call,
          as: { credential: { from: 'bearer', token: bearer } },
          traceId: '0'.repeat(32),
        },
      )
    assert.equal((await ask(token)).status, 200)
    assert.equal((asked[0] as { readOnly?: boolean } | undefined)?.readOnly, true)
    assert.equal((await ask(writer.token)).status, 200)
    assert.equal(asked.length, 1)
  })
})
