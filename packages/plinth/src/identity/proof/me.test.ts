import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openApp } from '../../app/compose.ts'
import { askLocally } from '../../app/local-request.ts'
import { tokens } from '../../app/people/sessions.ts'
import { instantText } from '../../base/time.ts'
import { onBothServers, type ProvenServer, say } from '../../database/proof/servers.ts'
import { invoke } from '../../engine/invoke.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { prefixes } from '../tokens.ts'
import { openShop, password, tokenOf } from './accounts/shop.ts'
import { secret } from './people.ts'

const anns = 'ann@shop.example'
const staffs = 'staff@shop.example'

/** A shop with somebody signed in, and a second process of it whose statements are counted. */
async function scene(server: ProvenServer, context: TestContext) {
  const shop = await openShop(server, context)
  const { tested, signIn, site } = shop
  const ann = await tested.user({ email: anns, password, name: 'Ann "A" Ö', roles: ['editor'] })
  await tested.user({ email: staffs, password, roles: ['admin', 'support'] })
  const token = await signIn(anns)
  const { database, clock } = tested
  const setup = { database, secret, production: false, schema: 'settled', work: 'manual' } as const
  const running = await openApp(site, setup, { clock })
  context.after(() => running.close())
  const me = async (whose: string, path = '/api/identity/me') => {
    const headers = { authorization: `Bearer ${whose}` }
    const { status, text } = await askLocally(running.handler, {
      ...{ method: 'GET', path, headers, body: new Uint8Array() },
    })
    return { status, text }
  }
  return { ...shop, ann, token, me, runtime: running.runtime }
}

async function asked(runtime: Runtime, token: string): Promise<string | undefined> {
  const as = { credential: { from: 'bearer', token } } as const
  const call = { operation: 'identity.me', as, input: {}, remoteAddress: '', traceId: '' }
  return (await invoke(runtime, call)).body
}

onBothServers('who somebody is', (server) => {
  test('is told by one statement, and by no transaction', async (context) => {
    const { me, runtime, token, guest } = await scene(server, context)
    const { database } = runtime
    const guests = await guest()
    const queries = context.mock.method(database, 'query').mock
    const transactions = context.mock.method(database, 'transaction').mock
    for (const whose of [token, guests, token]) {
      const before = queries.callCount()
      assert.equal((await me(whose)).status, 200)
      assert.equal(queries.callCount() - before, 1)
    }
    assert.equal(transactions.callCount(), 0)
    // A read is guessed as before: sent together with the look-up, and not once more behind it.
    await me(token, '/api/reviews')
    await me(token)
    const before = queries.callCount()
    assert.equal((await me(token, '/api/reviews')).status, 200)
    assert.equal(queries.callCount() - before, 2)
    assert.match(String(queries.calls[0]?.arguments[0]?.text), /^select /)
  })

  test('is told by one statement by keys and agents too, and as it is', async (context) => {
    const { ann, me, runtime, tested, token } = await scene(server, context)
    const { records } = tested.running.users
    const { database } = runtime
    const expiresAt = instantText(runtime.clock.now() + 60_000)
    const lastUsedAt = instantText(runtime.clock.now())
    const told = (await me(token)).text
    for (const [model, sort] of [['apiKey', 'key'] as const, ['agentToken', 'agent'] as const]) {
      const { token: whose, hash } = tokens.makeKey(prefixes[sort])
      const named = { userId: ann.id, name: sort, prefix: whose.slice(0, 8), tokenHash: hash }
      await records.create(model, { ...named, scopes: ['review.read'], expiresAt, lastUsedAt })
      const queries = context.mock.method(database, 'query').mock
      assert.equal((await me(whose)).text, told)
      assert.equal(queries.callCount(), 1, sort)
      assert.equal((await me(whose, '/api/reviews')).status, 200)
      queries.restore()
    }
  })

  test('is told as it is where it is looked up', async (context) => {
    const { ann, guest, me, post, runtime, signIn, token } = await scene(server, context)
    const staff = await signIn(staffs)
    const acting = await post('impersonate', { user: ann.id, reason: 'Order 7' }, staff)
    const identify: Runtime['identify'] = (whose, came) => {
      return runtime.identify(whose, came && { ...came, profile: false })
    }
    const looking: Runtime = { ...runtime, identify }
    for (const whose of [token, staff, await guest(), tokenOf(acting)]) {
      const { status, text } = await me(whose)
      assert.equal(status, 200, text)
      assert.equal(text, await asked(looking, whose))
    }
    const { text } = await me(token)
    const user = { id: ann.id, email: anns, name: 'Ann "A" Ö', roles: ['editor'] }
    assert.deepEqual(JSON.parse(text), { user })
    const { impersonator } = JSON.parse((await me(tokenOf(acting))).text)
    assert.equal(impersonator.email, staffs)
  })

  test('is told as it is now, and to nobody whose session has ended', async (context) => {
    const { ann, me, runtime, signIn, token } = await scene(server, context)
    const { database } = runtime
    const user = (set: string) =>
      database.query(say(`update identity."user" set ${set} where id = $1::uuid`, ann.id))
    assert.match((await me(token)).text, /"roles":\["editor"\]/)
    await user(`roles = array[]::text[], name = null`)
    assert.match((await me(token)).text, /"name":null,"roles":\[\]/)
    await user('suspended = true')
    assert.equal((await me(token)).status, 401, 'suspended')
    await user('suspended = false')
    assert.equal((await me(token)).status, 200)
    const other = await signIn(anns)
    await database.query(say('delete from identity.session where user_id = $1::uuid', ann.id))
    for (const whose of [token, other]) assert.equal((await me(whose)).status, 401, 'ended')
  })
})
