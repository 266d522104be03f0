import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAway } from '../../app/housekeeping.ts'
import { newSessionToken } from '../../app/people/sessions.ts'
import { sleep } from '../../base/time.ts'
import { openDatabase } from '../../database/open.ts'
import { onBothServers, say } from '../../database/proof/servers.ts'
import { openPeople, password, tokenIn } from './people.ts'

const dayMs = 86_400_000

onBothServers('sessions', (server) => {
  async function signedIn(context: Parameters<typeof openPeople>[1]) {
    const people = await openPeople(server, context)
    const user = await people.tested.user({ email: 'eve@people.example', password })
    const sign = async () =>
      tokenIn(await people.ask('identity.signIn', { email: user.email, password }))
    const who = async (token: string) => {
      const { status, text } = await people.ask('identity.me', {}, { token })
      return status === 200
        ? (JSON.parse(text) as { user: { roles: string[] } }).user.roles.join()
        : status
    }
    return { ...people, user, sign, who }
  }

  test('ASVS 7.2.3: a token is 256 random bits, none like another', async (context) => {
    const { sign } = await signedIn(context)
    const token = await sign()
    const shape = /^pls_([A-Za-z0-9_-]{43})$/
    assert.match(token, shape)
    const made = [token, ...Array.from({ length: 2_000 }, () => newSessionToken().token)]
    const bytes = made.map((one) => Buffer.from(shape.exec(one)?.[1] ?? '', 'base64url'))
    assert.equal(new Set(made).size, made.length)
    // Of a bit that is random each value comes about a thousand times: never as far off as this.
    for (let bit = 0; bit < 256; bit++) {
      const set = bytes.filter((one) => ((one[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
      assert.ok(Math.abs(set - made.length / 2) < 200, `bit ${bit} is set ${set} times`)
    }
    for (const [index, one] of bytes.entries()) {
      assert.equal(one.length, 32)
      const before = bytes[index - 1]
      const alike = before ? one.filter((byte, at) => byte === before[at]).length : 0
      assert.ok(alike < 8, 'nothing of it is counted up')
    }
  })

  test('a token stands in no table', async (context) => {
    const { sign, tested } = await signedIn(context)
    const token = await sign()
    const database = await openDatabase(tested.database)
    context.after(() => database.close())
    const tables = await database.query(
      say(
        `select format('%I.%I', table_schema, table_name) from information_schema.tables
         where table_schema not in ('pg_catalog', 'information_schema')
           and table_type = 'BASE TABLE'`,
      ),
    )
    assert.ok(tables.rows.length >= 4)
    for (const [table] of tables.rows) {
      const found = await database.query(
        say(`select 1 from ${table} t where t::text like '%' || $1 || '%'`, token.slice(4)),
      )
      assert.equal(found.rows.length, 0, `${table}`)
    }
    const hashed = await database.query(say('select token_hash from identity.session'))
    assert.equal(hashed.rows.length, 1)
    const stored = await database.query(say('select password_hash from identity."user"'))
    assert.match(stored.rows[0]?.[0] ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  test('sign-out ends the session at once, also twice at once, and no other', async (context) => {
    const { ask, sign, who, tested } = await signedIn(context)
    const [one, two] = [await sign(), await sign()]
    const outs = await Promise.all(
      [1, 2, 3].map(() => ask('identity.signOut', {}, { token: one, from: 'cookie' })),
    )
    assert.deepEqual(
      outs.map(({ status, session }) => [status, session]),
      [
        [204, null],
        [204, null],
        [204, null],
      ],
    )
    assert.deepEqual([await who(one), await who(two)], [401, ''])
    const { data } = await tested.data.session.find()
    await tested.data.session.delete(data[0]?.id ?? '')
    assert.equal(await who(two), 401, 'a revoked session is dead for the next call')
  })

  test('a session ends when it is unused for a week, and after thirty days', async (context) => {
    const { sign, who, tested, runtime } = await signedIn(context)
    const token = await sign()
    const lastUse = async () => {
      const { data } = await tested.data.session.find({ sort: ['-lastUsedAt'], limit: 1 })
      return Date.parse(data[0]?.lastUsedAt ?? '')
    }
    for (let day = 0; day < 29; day += 6) {
      tested.clock.advance(6 * dayMs - (day === 24 ? 60_000 : 0))
      assert.equal(await who(token), '', `alive after ${day + 6} days`)
      // Written down beside the call, not in it.
      for (let tries = 0; (await lastUse()) < tested.clock.now(); tries += 1) {
        assert.ok(tries < 500, 'the use is written down')
        await sleep(10)
      }
    }
    tested.clock.advance(60_001)
    assert.equal(await who(token), 401)
    const idle = await sign()
    tested.clock.advance(7 * dayMs - 1)
    assert.equal(await who(idle), '')
    const unused = await sign()
    tested.clock.advance(7 * dayMs)
    assert.equal(await who(unused), 401)
    await clearAway(runtime)
    tested.clock.advance(-14 * dayMs)
    assert.deepEqual((await tested.data.session.find()).data, [], 'and is cleared away')
  })

  test('what changes an account counts from the next call on (C11)', async (context) => {
    const { sign, who, tested, user } = await signedIn(context)
    const token = await sign()
    assert.equal(await who(token), '')
    await tested.data.user.update(user.id, { roles: ['editor'] })
    assert.equal(await who(token), 'editor')
    const headers = { authorization: `Bearer ${token}` }
    const write = () => tested.request('POST', '/api/posts', { headers, body: { title: 'a' } })
    assert.equal((await write()).status, 201)
    await tested.data.user.update(user.id, { roles: [] })
    assert.equal((await write()).status, 403)
    await tested.data.user.update(user.id, { suspended: true })
    assert.deepEqual([await who(token), (await write()).status], [401, 401])
    await tested.data.user.update(user.id, { suspended: false })
    assert.equal(await who(token), 401, 'a suspension ends sessions for good')
    const next = await sign()
    assert.equal(await who(next), '')
    await tested.data.user.delete(user.id)
    assert.equal(await who(next), 401)
  })

  test('nobody grants themself anything (B11)', async (context) => {
    const { tested, user } = await signedIn(context)
    const admin = await tested.user({ roles: ['admin'] })
    const path = `/api/users/${user.id}`
    const change = (as: typeof user, body: object) => tested.request('PATCH', path, { as, body })
    for (const body of [
      { roles: ['admin'] },
      { suspended: false },
      { passwordHash: 'x' },
      { email: 'other@people.example' },
      { id: admin.id },
      { version: 9 },
      { createdAt: '2020-01-01T00:00:00Z' },
    ]) {
      const refused = await change(user, { name: 'x', ...body })
      assert.equal(refused.status, 422, JSON.stringify(body))
      assert.equal((await change(user, body)).status, 422)
    }
    assert.equal((await change(user, { name: 'Eve' })).status, 200)
    assert.equal((await change(admin, { passwordHash: 'x' })).status, 422)
    assert.equal((await change(admin, { roles: ['editor'] })).status, 200)
    assert.equal((await tested.request('GET', `/api/users/${admin.id}`, { as: user })).status, 404)
    // What no caller may ever do has no address at all.
    for (const as of [user, admin, 'anonymous'] as const) {
      const body = { email: 'x@people.example' }
      assert.equal((await tested.request('POST', '/api/users', { as, body })).status, 405)
      const session = { userId: user.id, tokenHash: 'x' }
      assert.equal(
        (await tested.request('POST', '/api/sessions', { as, body: session })).status,
        405,
      )
    }
    assert.equal((await tested.request('DELETE', path, { as: user })).status, 403)
  })

  test('hashes are beyond every syntax, for every role', async (context) => {
    const { tested, user, sign } = await signedIn(context)
    await sign()
    const admin = await tested.user({ roles: ['admin', 'editor'] })
    const asked = [
      [
        'users',
        'passwordHash',
        [
          'filter[NAME][startsWith]=$',
          'sort=NAME',
          'fields=NAME',
          'include=NAME',
          'filter[NAME][isNull]=false',
        ],
      ],
      ['sessions', 'tokenHash', ['filter[NAME][startsWith]=A', 'sort=-NAME', 'fields=id,NAME']],
      [
        'users',
        'tokenHash',
        ['filter[sessions.NAME][startsWith]=A', 'include=sessions&fields=sessions.NAME'],
      ],
      [
        'sessions',
        'passwordHash',
        ['filter[user.NAME][startsWith]=A', 'sort=user.NAME', 'include=user&fields=user.NAME'],
      ],
    ] as const
    for (const as of ['anonymous', user, admin] as const) {
      for (const [plural, name, queries] of asked) {
        for (const query of queries) {
          const ask = async (field: string) => {
            const path = `/api/${plural}?${query.replace('NAME', field)}`
            const { status, text } = await tested.request('GET', path, { as })
            const body = text.replace(/"(?:traceId|instance)":"[^"]*",?/g, '')
            return `${status} ${body.replaceAll(field, 'NAME')}`
          }
          const hidden = await ask(name)
          assert.equal(hidden, await ask('zzzzzzzzzzzz'), query)
          assert.match(hidden, /^4/)
        }
      }
      const lists = await Promise.all(
        ['users?include=sessions', 'sessions?include=user'].map(
          async (path) => (await tested.request('GET', `/api/${path}`, { as })).text,
        ),
      )
      assert.doesNotMatch(lists.join(), /argon2|tokenHash|passwordHash/)
    }
  })
})
