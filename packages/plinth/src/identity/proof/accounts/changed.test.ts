import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { codeOf, openShop, password, tokenOf } from './shop.ts'

const anns = 'ann@shop.example'
const eves = 'eve@shop.example'

onBothServers('an account that others change', (server) => {
  async function scene(context: TestContext) {
    const shop = await openShop(server, context)
    const ann = await shop.tested.user({ email: anns, password })
    const admin = await shop.tested.user({ email: 'a@shop.example', password, roles: ['admin'] })
    const { user, session } = shop.tested.data
    await user.update(ann.id, { emailVerifiedAt: '2026-01-01T00:00:00Z' })
    const [hers, staffs] = [await shop.signIn(anns), await shop.signIn('a@shop.example')]
    const verified = async () => (await user.get(ann.id)).emailVerifiedAt
    const sessions = async () => (await session.find({ filter: { userId: ann.id } })).data.length
    return { ...shop, ann, admin, hers, staffs, verified, sessions }
  }

  async function demandTold(mailed: () => Promise<readonly string[]>): Promise<void> {
    const mails = await mailed()
    for (const to of [anns, eves]) {
      assert.ok(
        mails.some((mail) => mail.startsWith(to) && mail.includes(`changed to ${eves}`)),
        to,
      )
    }
    assert.ok(mails.some((mail) => mail.startsWith(eves) && mail.includes('token=plv_')))
  }

  test('C11: by REST: its address is nobody’s yet, its sessions are dead', async (context) => {
    const { ann, get, hers, mailed, post, send, sessions, staffs, verified } = await scene(context)
    await post('forgot-password', { email: anns })
    const [reset = ''] = await mailed()
    const token = /token=([\w-]+)/.exec(reset)?.[1]
    const change = { body: { email: eves }, token: staffs }
    assert.equal((await send('PATCH', `users/${ann.id}`, change)).status, 200)
    assert.equal(await verified(), null)
    assert.equal((await get('identity/me', hers)).status, 401)
    assert.equal(await sessions(), 0)
    await demandTold(mailed)
    // What was mailed to the address before opens nothing any more.
    const used = await post('reset-password', { token, newPassword: 'another horse battery' })
    assert.equal(codeOf(used), 'invalid_credentials')
  })

  test('C11: in a batch, and by code of the app', async (context) => {
    const { ann, get, hers, mailed, send, signIn, staffs, tested, verified } = await scene(context)
    const operations = [{ operation: 'user.update', id: ann.id, input: { email: eves } }]
    const batch = await send('POST', 'batch', { body: { operations }, token: staffs })
    assert.equal(batch.status, 200)
    assert.equal(await verified(), null)
    assert.equal((await get('identity/me', hers)).status, 401)
    await demandTold(mailed)
    const again = await signIn(eves)
    await tested.data.user.update(ann.id, { email: anns, name: 'Ann' })
    assert.equal((await get('identity/me', again)).status, 401)
    // Code that vouches for the address says so, and no session ends.
    const third = await signIn(anns)
    const vouched = { email: eves, emailVerifiedAt: '2026-01-02T00:00:00Z' }
    await tested.data.user.update(ann.id, vouched)
    assert.equal((await get('identity/me', third)).status, 200)
  })

  test('the same address, or another field, ends nothing', async (context) => {
    const { ann, get, hers, send, staffs, verified } = await scene(context)
    for (const body of [{ email: anns }, { email: 'ANN@shop.example' }, { name: 'Ann' }]) {
      assert.equal((await send('PATCH', `users/${ann.id}`, { body, token: staffs })).status, 200)
    }
    assert.notEqual(await verified(), null)
    assert.equal((await get('identity/me', hers)).status, 200)
  })

  test('C11: an admin who changes their own keeps this session alone', async (context) => {
    const { admin, get, send, signIn, staffs } = await scene(context)
    const other = await signIn('a@shop.example')
    const change = { body: { email: eves }, token: staffs }
    assert.equal((await send('PATCH', `users/${admin.id}`, change)).status, 200)
    assert.equal((await get('identity/me', staffs)).status, 200)
    assert.equal((await get('identity/me', other)).status, 401)
  })

  test('C11: a suspension by REST ends sessions for good', async (context) => {
    const { ann, get, hers, send, sessions, staffs } = await scene(context)
    const set = (suspended: boolean) =>
      send('PATCH', `users/${ann.id}`, { body: { suspended }, token: staffs })
    assert.equal((await set(true)).status, 200)
    assert.equal(await sessions(), 0)
    assert.equal((await set(false)).status, 200)
    assert.equal((await get('identity/me', hers)).status, 401)
  })

  test('nobody else changes an address, and a change that fails leaves all', async (context) => {
    const { ann, get, hers, post, send, staffs, verified } = await scene(context)
    const others = tokenOf(await post('sign-in', { email: anns, password }))
    const own = await send('PATCH', `users/${ann.id}`, { body: { email: eves }, token: others })
    assert.equal(codeOf(own), 'invalid_input')
    const taken = { body: { email: 'a@shop.example' }, token: staffs }
    assert.equal((await send('PATCH', `users/${ann.id}`, taken)).status, 409)
    assert.notEqual(await verified(), null)
    assert.equal((await get('identity/me', hers)).status, 200)
  })
})
