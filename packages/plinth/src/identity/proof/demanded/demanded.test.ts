import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openApp } from '../../../app/compose.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import type { SecondFactorSpec } from '../../../define/app/sign-in.ts'
import { app } from '../../../define/kit.ts'
import { codeOf, openGuild, password } from './guild.ts'

const anns = 'ann@guild.example'
const dayMs = 86_400_000
const demanded = 'second_factor_required'

onBothServers('a second factor that is demanded', (server) => {
  async function scene(context: TestContext, secondFactor: SecondFactorSpec, roles = ['staff']) {
    const guild = await openGuild(server, context, secondFactor)
    const ann = await guild.tested.user({ email: anns, password, roles })
    return { ...guild, ann, token: await guild.signIn(anns) }
  }

  test('C13: holds an account off everything until it is set up, then no more', async (context) => {
    const { send, post, token, setUp, signIn, ann } = await scene(context, { required: 'everyone' })
    for (const [method, path, body] of [
      ['GET', 'posts'],
      ['POST', 'posts', { title: 'held' }],
      ['GET', `users/${ann.id}`],
      ['PATCH', `users/${ann.id}`, { name: 'Held' }],
      ['GET', 'sessions'],
      ['POST', 'batch', { operations: [{ operation: 'identity.me' }] }],
      ['POST', 'identity/make-api-key', { name: 'k', scopes: ['read'] }],
      ['POST', 'identity/export-account', {}],
      ['POST', 'identity/change-password', { password, newPassword: 'lavender moose pickle' }],
      ['POST', 'identity/create-organisation', { name: 'Held' }],
    ] as const) {
      const refused = await send(`${method} ${path}`, token, body)
      assert.deepEqual([refused.status, codeOf(refused)], [403, demanded], `${method} ${path}`)
      assert.match(String(refused.body.detail), /\/account\/factors/)
    }
    assert.equal((await send('GET posts')).status, 200, 'whoever is nobody reads as before')
    const { body: me } = await send('GET identity/me', token)
    assert.equal(me.secondFactorRequired, true)
    const raised = String((await setUp(token)).body.token)
    assert.equal((await send('GET posts', raised)).status, 200)
    assert.equal((await send('GET identity/me', raised)).body.secondFactorRequired, undefined)
    assert.equal((await post('sign-in', { email: anns, password })).body.token, undefined)
    assert.equal(await signIn(anns), 'undefined', 'from now on it is asked for')
  })

  test('C13: GraphQL, several reads, live and keys are held as well', async (context) => {
    const { tested, send, post, ann } = await scene(context, { required: { roles: ['staff'] } }, [])
    const token = String((await post('sign-in', { email: anns, password })).body.token)
    const made = await post('make-api-key', { name: 'k', scopes: ['read'] }, token)
    const key = String(made.body.token)
    assert.equal((await send('GET posts', key)).status, 200, 'no staff yet')
    await tested.data.user.update(ann.id, { roles: ['staff'] })
    const query = { query: '{ posts(first: 1) { nodes { title } } }' }
    const live = await tested.request('GET', '/api/posts', {
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    })
    assert.equal(live.status, 403, live.text)
    const graphql = await send('POST graphql', token, query)
    assert.match(JSON.stringify(graphql.body), new RegExp(demanded))
    assert.doesNotMatch(JSON.stringify(graphql.body), /"posts":\{/)
    assert.equal(codeOf(await send('GET posts', key)), demanded, 'a key from before')
    await tested.data.user.update(ann.id, { roles: [] })
    assert.equal((await send('GET posts', key)).status, 200)
    assert.equal((await send('GET posts', token)).status, 200)
  })

  test('C11: what is followed live ends where the factor is demanded', async (context) => {
    const { tested, token, ann } = await scene(context, { required: { roles: ['staff'] } }, [])
    const told: string[] = []
    const credential = { from: 'bearer', token } as const
    const call = { operation: 'post.list', as: { credential }, remoteAddress: '192.0.2.1' }
    const followed = await tested.running.live.follow(
      { ...call, query: {}, traceId: '0'.repeat(32) },
      {
        listener: {
          take({ type }) {
            told.push(type)
            return true
          },
        },
        after: undefined,
      },
    )
    followed.ready()
    await tested.data.user.update(ann.id, { roles: ['staff'] })
    for (let look = 0; look < 300 && !told.includes('end'); look++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (look % 40 === 39) tested.clock.advance(60_000)
    }
    assert.ok(told.includes('end'), told.join())
  })

  test('members are asked: all, or those of some roles', async (context) => {
    const { tested, send, post, token, signIn } = await scene(
      context,
      { required: { members: ['clerk', 'owner'] } },
      [],
    )
    assert.equal((await send('GET posts', token)).status, 200)
    const bob = await tested.user({ email: 'bob@guild.example', password })
    const bobs = await signIn('bob@guild.example')
    const founded = await post('create-organisation', { name: 'Hall' }, token)
    const organisationId = String((founded.body.organisation as { id?: string } | undefined)?.id)
    assert.match(organisationId, /^[\w-]{36}$/, JSON.stringify(founded.body))
    assert.equal(codeOf(await send('GET posts', token)), demanded, 'its owner')
    const member = { organisationId, userId: bob.id, role: 'member' } as const
    const { id } = await tested.data.membership.create(member)
    assert.equal((await send('GET posts', bobs)).status, 200, 'a member is not meant')
    await tested.data.membership.update(id, { role: 'clerk' })
    assert.equal(codeOf(await send('GET posts', bobs)), demanded)
  })

  test('days of grace are counted once, from the first call on', async (context) => {
    const required = { roles: ['staff'] }
    const { tested, send, token, ann } = await scene(context, { required, graceDays: 3 })
    assert.equal((await send('GET posts', token)).status, 200)
    const due = async () => {
      for (let looks = 0; looks < 200; looks++) {
        const { secondFactorDueAt } = await tested.data.user.get(ann.id)
        if (secondFactorDueAt !== null) return secondFactorDueAt
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return 'never'
    }
    assert.equal(Date.parse(await due()), tested.clock.now() + 3 * dayMs)
    tested.clock.advance(2 * dayMs)
    assert.equal((await send('GET posts', token)).status, 200)
    tested.clock.advance(dayMs)
    assert.equal(codeOf(await send('GET posts', token)), demanded)
    await tested.data.user.update(ann.id, { roles: [] })
    assert.equal((await send('GET posts', token)).status, 200)
    await tested.data.user.update(ann.id, { roles: ['staff'] })
    assert.equal(codeOf(await send('GET posts', token)), demanded, 'no second time')
  })

  test('nobody writes when it is due, or calls it off', async (context) => {
    const { tested, ann } = await scene(context, { required: { members: true } })
    const dueAt = '2099-01-01T00:00:00Z'
    const admin = await tested.user({ email: 'root@guild.example', roles: ['admin'] })
    for (const as of [ann, admin]) {
      const path = `/api/users/${ann.id}`
      const sent = await tested.request('PATCH', path, { as, body: { secondFactorDueAt: dueAt } })
      assert.match(String(sent.status), /^4/, sent.text)
    }
    assert.equal((await tested.data.user.get(ann.id)).secondFactorDueAt, null)
  })

  test('C16: staff takes lost factors off, in person and freshly proved', async (context) => {
    const { tested, post, send, setUp, ann, token, signIn } = await scene(context, {
      required: 'everyone',
      graceDays: 30,
    })
    const raised = String((await setUp(token)).body.token)
    await tested.user({ email: 'root@guild.example', password, roles: ['admin'] })
    const root = String((await setUp(await signIn('root@guild.example'))).body.token)
    const lost = { user: ann.id }
    assert.equal(codeOf(await post('reset-factors', lost)), 'forbidden')
    assert.equal(codeOf(await post('reset-factors', lost, raised)), 'forbidden', 'no admin')
    const me = (await send('GET identity/me', root)).body.user as { id: string }
    assert.equal(codeOf(await post('reset-factors', { user: me.id }, root)), 'conflict')
    tested.clock.advance(6 * 60_000)
    assert.equal(codeOf(await post('reset-factors', lost, root)), 'step_up_required')
    tested.clock.advance(-6 * 60_000)
    assert.equal((await post('reset-factors', lost, root)).status, 204)
    assert.equal((await send('GET posts', raised)).status, 401, 'its sessions have ended')
    const again = await signIn(anns)
    assert.equal(codeOf(await send('GET posts', again)), demanded, 'and no days of grace anew')
    await tested.drain()
    assert.match((await tested.mails())[0]?.text ?? '', /second factor and your passkeys/)
    const { body } = await send('GET audit/entries?operation=identity.resetFactors', root)
    assert.equal((body.data as object[]).length > 0, true)
    assert.equal((await setUp(again)).status, 200)
  })
})

test('a declaration that means nobody, or nobody who exists, is a mistake', async () => {
  const wrong: readonly SecondFactorSpec[] = [
    { required: {} },
    { required: { roles: ['stuff'] } },
    { required: { members: true } },
    { required: 'everyone', graceDays: 1.5 },
    { required: 'everyone', graceDays: 366 },
  ]
  for (const secondFactor of wrong) {
    const bad = app({ kits: [], roles: ['staff'], signIn: { secondFactor } })
    const setup = { database: { url: 'postgres://nowhere' }, secret: 'x'.repeat(40) }
    const opening = openApp(bad, { ...setup, production: false, schema: 'settled' } as never)
    await assert.rejects(opening, { code: 'declaration_invalid' }, JSON.stringify(secondFactor))
  }
})
