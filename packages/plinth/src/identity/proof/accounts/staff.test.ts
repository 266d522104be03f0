import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setRoles, setSuspended } from '../../../app/people/users.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import type { AccountsSpec } from '../../../define/accounts.ts'
import { codeOf, openShop, password, tokenOf } from './shop.ts'

const anns = 'ann@shop.example'
const staffs = 'staff@shop.example'

onBothServers('staff who acts as a user', (server) => {
  async function scene(
    context: TestContext,
    accounts: AccountsSpec = {},
    roles: readonly string[] = ['admin'],
  ) {
    const shop = await openShop(server, context, accounts)
    const ann = await shop.tested.user({ email: anns, password })
    const staff = await shop.tested.user({ email: staffs, password, roles })
    const own = await shop.signIn(staffs)
    const act = (user: string, token = own) =>
      shop.post('impersonate', { user, reason: 'Order 7 is stuck' }, token)
    return { ...shop, ann, staff, own, act }
  }

  test('is seen: by the user, by rules, by themselves, and in the audit', async (context) => {
    const { act, ann, get, mailed, own, send, signIn, staff, tested } = await scene(context)
    const begun = await act(ann.id)
    assert.equal(begun.status, 200, JSON.stringify(begun.body))
    const token = tokenOf(begun)
    const me = (await get('identity/me', token)).body as Record<string, { id: string }>
    assert.deepEqual([me.user?.id, me.impersonator?.id], [ann.id, staff.id])
    const review = await tested.data.review.create({ words: 'fine', authorId: ann.id })
    const refused = await send('DELETE', `reviews/${review.id}`, { token })
    assert.equal(codeOf(refused), 'forbidden', 'me.impersonated')
    const posted = { body: { words: 'more', authorId: ann.id }, token }
    assert.equal((await send('POST', 'reviews', posted)).status, 201)
    const { data: seen } = (await get('sessions', await signIn(anns))).body as {
      data: readonly { method: string; reason: string | null; impersonatorId: string }[]
    }
    const shown = seen.find(({ method }) => method === 'impersonation')
    assert.deepEqual([shown?.reason, shown?.impersonatorId], ['Order 7 is stuck', staff.id])
    assert.ok((await mailed()).some((mail) => mail.includes(anns) && /member of staff/.test(mail)))
    const who = `actor=user:${ann.id}&via=staff:${staff.id}`
    const { data: entries } = (await get(`audit/entries?${who}`, own)).body as {
      data: readonly { operation: string }[]
    }
    assert.ok(entries.some(({ operation }) => operation === 'identity.impersonate'))
  })

  test('does nothing that only the person may do (C16, E04)', async (context) => {
    const { act, ann, get, post, send } = await scene(context, { deletionDelayDays: 3 })
    const token = tokenOf(await act(ann.id))
    const tries: readonly (readonly [string, object])[] = [
      ['change-password', { password, newPassword: 'another horse battery' }],
      ['change-email', { email: 'eve@shop.example', password }],
      ['set-up-totp', {}],
      ['new-recovery-codes', {}],
      ['step-up', { password }],
      ['delete-account', {}],
      ['keep-account', {}],
      ['sign-out-everywhere', {}],
      ['impersonate', { user: ann.id, reason: 'again' }],
    ]
    for (const [flow, input] of tries) {
      assert.equal(codeOf(await post(flow, input, token)), 'forbidden', flow)
    }
    const { data } = (await get('sessions', token)).body as { data: readonly { id: string }[] }
    const ending = await send('DELETE', `sessions/${data[0]?.id}`, { token })
    assert.equal(ending.status, 403)
    assert.equal((await post('sign-out', {}, token)).status, 204)
    assert.equal((await get('identity/me', token)).status, 401)
  })

  test('ends no key of whom they act as (C28, E04)', async (context) => {
    const { act, ann, post, send, signIn } = await scene(context)
    const own = await signIn(anns)
    const token = tokenOf(await act(ann.id))
    const scopes = ['read']
    const key = await post('make-api-key', { name: 'till', scopes }, own)
    const lent = await post('make-agent-token', { agent: 'helper', scopes }, own)
    for (const path of [`apiKeys/${key.body.id}`, `agentTokens/${lent.body.id}`]) {
      assert.equal((await send('DELETE', path, { token })).status, 403, path)
      assert.equal((await send('DELETE', path, { token: own })).status, 204, path)
    }
  })

  test('has a role, a fresh proof, and no way to a right they lack (E01, E04)', async (context) => {
    const by = { impersonation: { by: 'support', mail: false } }
    const { act, ann, mailed, signIn, tested } = await scene(context, by, ['support'])
    assert.equal(codeOf(await act(ann.id, await signIn(anns))), 'forbidden', 'no role')
    const editor = await tested.user({ email: 'ed@shop.example', roles: ['editor'] })
    const admin = await tested.user({ email: 'root@shop.example', roles: ['admin'] })
    const other = await tested.user({ email: 'two@shop.example', roles: ['support'] })
    for (const { id } of [editor, admin, other]) assert.equal(codeOf(await act(id)), 'forbidden')
    const token = tokenOf(await act(ann.id))
    assert.equal((await mailed()).filter((mail) => /member of staff/.test(mail)).length, 0)
    // A role that the user gets meanwhile is none of the session's.
    const me = () => tested.request('GET', '/api/identity/me', { headers: bearer(token) })
    assert.equal((await me()).status, 200)
    await setRoles(tested.running.users, anns, ['editor'])
    assert.equal((await me()).status, 401)
    tested.clock.advance(6 * 60_000)
    assert.equal(codeOf(await act(ann.id)), 'step_up_required')
  })

  test('ends with time, their session, their role, their account (C11)', async (context) => {
    const { act, ann, get, own, post, signIn, staff, tested } = await scene(context)
    const status = async (token: string) => (await get('identity/me', token)).status
    const timed = tokenOf(await act(ann.id))
    tested.clock.advance(29 * 60_000)
    assert.equal(await status(timed), 200)
    tested.clock.advance(60_000)
    assert.equal(await status(timed), 401)
    const mine = await signIn(staffs)
    const linked = tokenOf(await act(ann.id, mine))
    await post('sign-out', {}, mine)
    assert.equal(await status(linked), 401, 'signed out')
    const { users } = tested.running
    const next = await signIn(staffs)
    const roled = tokenOf(await act(ann.id, next))
    await setRoles(users, staffs, [])
    assert.equal(await status(roled), 401, 'without the role')
    await setRoles(users, staffs, ['admin'])
    const shut = tokenOf(await act(ann.id, next))
    assert.equal(await status(shut), 200)
    await setSuspended(users, staff.id, true)
    assert.equal(await status(shut), 401, 'suspended')
    assert.equal(await status(own), 401)
  })

  test('suspends: sessions end for good, told as a wrong password (C11)', async (context) => {
    const { ann, get, post, signIn, tested } = await scene(context)
    const token = await signIn(anns)
    const { users } = tested.running
    await setSuspended(users, ann.id, true)
    assert.equal((await get('identity/me', token)).status, 401)
    const shut = await post('sign-in', { email: anns, password })
    const wrong = await post('sign-in', { email: anns, password: `${password}!` })
    assert.deepEqual([shut.status, codeOf(shut)], [wrong.status, codeOf(wrong)])
    assert.equal(shut.body.detail, wrong.body.detail)
    await setSuspended(users, ann.id, false)
    assert.equal((await get('identity/me', token)).status, 401, 'nor does it come back')
    assert.equal((await post('sign-in', { email: anns, password })).status, 200)
  })

  test('is not there where the app says so', async (context) => {
    const { act, ann } = await scene(context, { impersonation: false })
    assert.equal((await act(ann.id)).status, 404)
  })
})

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}
