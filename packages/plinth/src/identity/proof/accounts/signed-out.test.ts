import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minuteMs } from '../../../base/time.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { codeOf, openShop, password } from './shop.ts'

const nobody = '01900000-0000-7000-8000-999999999999'
const [anns, bobs, roots] = ['ann@shop.example', 'bob@shop.example', 'root@shop.example']

onBothServers('sessions that staff ends', (server) => {
  test('C11: an admin signs somebody out everywhere, who can sign in again', async (context) => {
    const { tested, post, get, signIn, mailed } = await openShop(server, context)
    const ann = await tested.user({ email: anns, password })
    await tested.user({ email: bobs, password, roles: ['staff'] })
    const root = await tested.user({ email: roots, password, roles: ['admin'] })
    const [one, two] = [await signIn(anns), await signIn(anns)]
    const lent = await post('make-agent-token', { agent: 'helper', scopes: ['read'] }, one)
    const agent = String(lent.body.token)
    const [bob, own] = [await signIn(bobs), await signIn(roots)]
    const out = (token?: string, user = ann.id) => post('sign-out-user', { user }, token)
    const all = [one, two, agent]
    const works = async (token: string) => (await get('identity/me', token)).status === 200
    const told = [await out(), await out(bob), await out(one), await out(own, root.id)]
    assert.deepEqual(told.map(codeOf), ['forbidden', 'forbidden', 'forbidden', 'conflict'])
    tested.clock.advance(6 * minuteMs)
    assert.equal(codeOf(await out(own)), 'step_up_required', 'no old proof')
    for (const token of all) assert.ok(await works(token))

    const fresh = await signIn(roots)
    assert.equal(codeOf(await out(fresh, nobody)), 'not_found')
    assert.equal((await out(fresh)).status, 204)
    for (const token of all) assert.ok(!(await works(token)), 'dead at once')
    assert.ok(await works(bob), 'and nobody else')
    assert.ok(await works(await signIn(anns)))
    const mails = (await mailed()).filter((mail) => mail.includes(anns))
    assert.ok(mails.some((mail) => /signed you out on all devices/.test(mail)))
    const path = `audit/entries?operation=identity.signOutUser`
    const { data } = (await get(path, fresh)).body as unknown as {
      readonly data: readonly { readonly actor: string }[]
    }
    assert.equal(data[0]?.actor, `user:${root.id}`)
  })
})
