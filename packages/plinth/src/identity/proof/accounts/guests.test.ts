import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAway } from '../../../app/housekeeping.ts'
import { sleep } from '../../../base/time.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { codeOf, openShop, password, tokenOf } from './shop.ts'

const anns = 'ann@shop.example'
const dayMs = 86_400_000

onBothServers('a guest', (server) => {
  test('owns what it makes, and is not signed in', async (context) => {
    const { get, guest, post, send } = await openShop(server, context)
    const token = await guest()
    const me = (await get('identity/me', token)).body as { guest: boolean; user: { id: string } }
    assert.equal(me.guest, true)
    const ownerId = me.user.id
    const made = await send('POST', 'baskets', { body: { what: 'tea', ownerId }, token })
    assert.equal(made.status, 201)
    const { body } = await get('baskets', token)
    assert.equal((body.data as unknown[]).length, 1)
    assert.equal((body.data as unknown[]).length, 1)
    const other = await get('baskets', await guest())
    assert.deepEqual(other.body.data, [])
    const review = await send('POST', 'reviews', {
      body: { words: 'good', authorId: ownerId },
      token,
    })
    assert.equal(review.status, 401)
    assert.equal(codeOf(review), 'sign_in_required')
    const again = await post('continue-as-guest', {}, token)
    assert.equal(codeOf(again), 'conflict')
  })

  test('is taken only where the app says so', async (context) => {
    const { post } = await openShop(server, context, {})
    assert.equal((await post('continue-as-guest', {})).status, 404)
    assert.equal((await post('upgrade', { email: anns, password })).status, 404)
  })

  test('can be begun only so often from one network (C02)', async (context) => {
    const { send } = await openShop(server, context)
    const from = (at: number) => `2001:db8:1:2:${at.toString(16)}::1`
    const statuses: number[] = []
    for (let at = 0; at < 62; at += 1) {
      const asked = { body: {}, remoteAddress: from(at) }
      statuses.push((await send('POST', 'identity/continue-as-guest', asked)).status)
    }
    assert.equal(statuses.filter((status) => status === 201).length, 60)
    assert.deepEqual(statuses.slice(60), [429, 429])
  })

  test('has no password, no address and no factor to change', async (context) => {
    const { guest, post } = await openShop(server, context)
    const token = await guest()
    const tries: readonly (readonly [string, object])[] = [
      ['change-password', { password, newPassword: 'another horse battery' }],
      ['change-email', { email: anns, password }],
      ['send-verification', {}],
      ['set-up-totp', {}],
      ['new-recovery-codes', {}],
      ['step-up', { password }],
      ['sign-out-everywhere', {}],
    ]
    for (const [flow, input] of tries) {
      assert.equal(codeOf(await post(flow, input, token)), 'sign_in_required', flow)
    }
    assert.equal((await post('sign-out', {}, token)).status, 204)
    assert.equal((await post('sign-out', {}, token)).status, 401)
  })

  test('becomes an account with all that is its own (C12)', async (context) => {
    const { get, guest, mailed, post, send, signIn } = await openShop(server, context)
    const token = await guest()
    const { user } = (await get('identity/me', token)).body as { user: { id: string } }
    await send('POST', 'baskets', { body: { what: 'tea', ownerId: user.id }, token })
    const asked = await post('upgrade', { email: anns, password, name: 'Ann' }, token)
    assert.equal(asked.status, 202)
    assert.equal((await get('identity/me', token)).body.guest, true, 'not before the mail')
    assert.equal((await post('sign-in', { email: anns, password })).status, 401)
    const [mail = ''] = await mailed()
    const shown = /token=(plu_[\w-]+)/.exec(mail)?.[1]
    assert.equal((await post('confirm-upgrade', { token: shown })).status, 409, 'nobody')
    const foreign = await post('confirm-upgrade', { token: shown }, await guest())
    assert.equal(foreign.status, 401, 'another guest')
    const done = await post('confirm-upgrade', { token: shown }, token)
    assert.equal(done.status, 200, JSON.stringify(done.body))
    assert.equal((done.body.user as { id: string }).id, user.id)
    assert.equal((await get('identity/me', token)).status, 401, 'the old token is dead')
    const fresh = tokenOf(done)
    assert.equal((await get('identity/me', fresh)).body.guest, undefined)
    assert.equal(((await get('baskets', fresh)).body.data as unknown[]).length, 1)
    assert.equal((await post('confirm-upgrade', { token: shown }, fresh)).status, 409, 'once')
    const later = await signIn(anns)
    assert.equal(((await get('baskets', later)).body.data as unknown[]).length, 1)
  })

  test('can type the code, five times at most (C04)', async (context) => {
    const { guest, mailed, post } = await openShop(server, context)
    const token = await guest()
    await post('upgrade', { email: anns, password }, token)
    const [mail = ''] = await mailed()
    const code = /asked for it: (\d{8})/.exec(mail)?.[1]
    assert.ok(code)
    const wrong = code === '00000000' ? '11111111' : '00000000'
    const tries = Array.from({ length: 8 }, () => post('confirm-upgrade', { code: wrong }, token))
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 401).length, 5)
    assert.equal((await post('confirm-upgrade', { code }, token)).status, 429)
  })

  test('learns nothing of who has an account (C06)', async (context) => {
    const { get, guest, mailed, post, tested } = await openShop(server, context)
    await tested.user({ email: anns, password })
    const [one, two] = [await guest(), await guest()]
    const taken = await post('upgrade', { email: anns, password }, one)
    const free = await post('upgrade', { email: 'bob@shop.example', password }, two)
    assert.deepEqual([taken.status, free.status], [202, 202])
    const shape = async (token: string) => Object.keys((await get('identity/me', token)).body)
    assert.deepEqual(await shape(one), await shape(two))
    const mails = await mailed()
    const told = mails.filter((mail) => mail.includes(anns))
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /You have an account/)
    assert.doesNotMatch(told[0] ?? '', /plu_/)
  })

  test('that signs in hands over what the app says, and is gone', async (context) => {
    const { get, guest, send, signIn, tested } = await openShop(server, context)
    const ann = await tested.user({ email: anns, password })
    const token = await guest()
    const { user } = (await get('identity/me', token)).body as { user: { id: string } }
    await send('POST', 'baskets', { body: { what: 'tea', ownerId: user.id }, token })
    await tested.data.order.create({ number: 'goes', buyerId: user.id })
    await tested.data.order.create({ number: 'stays', buyerId: user.id })
    const session = await signIn(anns, token)
    const { data: baskets } = await tested.data.basket.find()
    assert.deepEqual(
      baskets.map(({ ownerId }) => ownerId),
      [ann.id],
    )
    assert.equal(((await get('orders', session)).body.data as unknown[]).length, 1)
    assert.equal((await get('identity/me', token)).status, 401, 'the guest is gone')
  })

  test('is forgotten when idle; one that others refer to is kept', async (context) => {
    const { get, guest, send, tested } = await openShop(server, context)
    const tokens = [await guest(), await guest(), await guest()]
    const ids: string[] = []
    for (const token of tokens) {
      const { user } = (await get('identity/me', token)).body as { user: { id: string } }
      ids.push(user.id)
      await send('POST', 'baskets', { body: { what: 'tea', ownerId: user.id }, token })
    }
    await tested.data.order.create({ number: '1', buyerId: ids[1] ?? '' })
    tested.clock.advance(20 * dayMs)
    assert.equal((await get('identity/me', tokens[2])).status, 200, 'idle for 20 days')
    await usedNow(tested)
    tested.clock.advance(20 * dayMs)
    await clearAway(tested.running.runtime)
    await clearAway(tested.running.runtime)
    const { data: users } = await tested.data.user.find({ sort: ['createdAt', 'id'] })
    const left = users.map(({ id, guest: is, erasedAt }) => [id, is, erasedAt !== null])
    assert.deepEqual(left, [
      [ids[1], false, true],
      [ids[2], true, false],
    ])
    const { data: baskets } = await tested.data.basket.find()
    assert.deepEqual(
      baskets.map(({ ownerId }) => ownerId),
      [ids[2]],
    )
    assert.equal((await get('identity/me', tokens[2])).status, 200)
  })
})

/** A use is written down beside the call that made it: until it is, nobody was there. */
async function usedNow({ clock, data }: Awaited<ReturnType<typeof openShop>>['tested']) {
  const now = new Date(clock.now()).toISOString()
  for (let looks = 0; looks < 500; looks++) {
    const { data: used } = await data.session.find({ filter: { lastUsedAt: { gte: now } } })
    if (used.length > 0) return
    await sleep(20)
  }
  assert.fail('the use of the session was not written down')
}
