import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAway } from '../../../app/housekeeping.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { codeOf, openShop, password } from './shop.ts'

const anns = 'ann@shop.example'
const dayMs = 86_400_000

onBothServers('deleting an account', (server) => {
  test('takes what is theirs, and leaves the rest without them', async (context) => {
    const { get, mailed, post, signIn, tested } = await openShop(server, context)
    const admin = await tested.user({ roles: ['admin'] })
    const ann = await tested.user({ email: anns, password, name: 'Ann' })
    await tested.data.basket.create({ what: 'tea', ownerId: ann.id })
    const { id } = await tested.data.review.create({ words: 'fine', authorId: ann.id })
    const token = await signIn(anns)
    const gone = await post('delete-account', {}, token)
    assert.deepEqual(gone.body, { outcome: 'deleted' })
    assert.equal((await get('identity/me', token)).status, 401)
    assert.equal((await tested.data.basket.find()).data.length, 0)
    assert.equal((await tested.data.review.get(id)).authorId, null)
    assert.equal((await tested.data.user.find({ filter: { id: ann.id } })).data.length, 0)
    assert.match((await mailed())[0] ?? '', /was deleted/)
    await tested.user({ email: anns })
    const path = `/api/audit/entries?model=user&record=${ann.id}`
    const { text } = await tested.request('GET', path, { as: admin })
    assert.match(text, /identity\.deleteAccount/)
    assert.doesNotMatch(text, /ann@shop|"Ann"/, 'nothing of the person in the audit')
  })

  test('leaves a row without a person where others refer to it', async (context) => {
    const { get, post, signIn, tested } = await openShop(server, context)
    const ann = await tested.user({ email: anns, password, name: 'Ann' })
    await tested.data.order.create({ number: '1', buyerId: ann.id })
    await tested.data.basket.create({ what: 'tea', ownerId: ann.id })
    const [one, two] = [await signIn(anns), await signIn(anns)]
    assert.deepEqual((await post('delete-account', {}, one)).body, { outcome: 'anonymised' })
    for (const token of [one, two]) assert.equal((await get('identity/me', token)).status, 401)
    const left = await tested.data.user.get(ann.id)
    assert.deepEqual([left.email, left.name, left.passwordHash], [null, null, null])
    assert.notEqual(left.erasedAt, null)
    assert.equal((await tested.data.basket.find()).data.length, 0)
    assert.equal((await tested.data.order.find()).data.length, 1)
    assert.equal((await tested.data.session.find()).data.length, 0)
    assert.equal((await tested.data.knownDevice.find()).data.length, 0)
    assert.equal((await post('sign-in', { email: anns, password })).status, 401)
  })

  test('asks for a fresh proof, and for another admin (C16)', async (context) => {
    const { post, signIn, tested } = await openShop(server, context)
    await tested.user({ email: anns, password, roles: ['admin'] })
    const token = await signIn(anns)
    assert.equal(codeOf(await post('delete-account', {}, token)), 'conflict', 'the last admin')
    await tested.user({ email: 'two@shop.example', roles: ['admin'] })
    tested.clock.advance(6 * 60_000)
    assert.equal(codeOf(await post('delete-account', {}, token)), 'step_up_required')
    assert.equal((await post('delete-account', {}, await signIn(anns))).status, 200)
  })

  test('can wait, and be taken back', async (context) => {
    const { get, post, signIn, tested } = await openShop(server, context, { deletionDelayDays: 7 })
    const ann = await tested.user({ email: anns, password })
    const token = await signIn(anns)
    assert.equal((await post('delete-account', {}, token)).body.outcome, 'scheduled')
    tested.clock.advance(6 * dayMs)
    await clearAway(tested.running.runtime)
    const back = await signIn(anns)
    assert.equal((await post('keep-account', {}, back)).status, 204)
    tested.clock.advance(3 * dayMs)
    await clearAway(tested.running.runtime)
    assert.equal((await get('identity/me', back)).status, 200)
    assert.equal((await post('delete-account', {}, await signIn(anns))).status, 200)
    tested.clock.advance(7 * dayMs)
    await clearAway(tested.running.runtime)
    assert.equal((await tested.data.user.find({ filter: { id: ann.id } })).data.length, 0)
  })
})
