import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { onBothServers, type ProvenServer } from '../../../database/proof/servers.ts'
import type { TestUser } from '../../../testing/test-app.ts'
import { type Answer, codeOf, openShop, password } from './shop.ts'

const anns = 'ann@shop.example'

onBothServers('accounts that staff changes', (server) => {
  test('are deleted in the one way: anonymised where others refer to them', async (context) => {
    const { admin, ann, tested, del } = await scene(server, context)
    await tested.data.order.create({ number: '1', buyerId: ann.id })
    await tested.data.basket.create({ what: 'tea', ownerId: ann.id })
    assert.equal((await del(ann.id, admin)).status, 204)
    const left = await tested.data.user.get(ann.id)
    assert.deepEqual([left.email, left.name, left.passwordHash], [null, null, null])
    assert.notEqual(left.erasedAt, null)
    assert.equal((await tested.data.basket.find()).data.length, 0)
    assert.equal((await tested.data.order.find()).data.length, 1)
    const path = `/api/audit/entries?model=user&record=${ann.id}`
    const { text } = await tested.request('GET', path, { as: admin })
    assert.doesNotMatch(text, /ann@shop/, 'nothing of the person in the audit')
    const bob = await tested.user({ email: 'bob@shop.example' })
    assert.equal((await del(bob.id, admin)).status, 204)
    assert.equal((await tested.data.user.find({ filter: { id: bob.id } })).data.length, 0)
    assert.equal((await del(bob.id, admin)).status, 404)
  })

  test('E01: are deleted by an admin alone, and not in a batch', async (context) => {
    const { admin, ann, tested, del, send } = await scene(server, context)
    const bob = await tested.user({ email: 'bob@shop.example' })
    assert.equal(codeOf(await del(ann.id, bob)), 'forbidden')
    assert.equal(codeOf(await del(bob.id, bob)), 'forbidden')
    const batch = { operations: [{ operation: 'user.delete', id: ann.id }] }
    const inBatch = await send('POST /api/batch', admin, { body: batch })
    assert.equal(codeOf(inBatch), 'conflict')
    assert.match(String(inBatch.body.detail), /DELETE \/api\/users/)
    const headers = { 'idempotency-key': '"a-key"' }
    const keyed = await send(`DELETE /api/users/${ann.id}`, admin, { headers })
    assert.match(String(keyed.body.detail), /without an Idempotency-Key/)
    const stale = await send(`DELETE /api/users/${ann.id}`, admin, {
      headers: { 'if-match': '"99"' },
    })
    assert.equal(stale.status, 412)
    const own = await del(admin.id, admin)
    assert.equal(codeOf(own), 'conflict')
    assert.match(String(own.body.detail), /\/api\/identity\/delete-account/)
    assert.equal((await tested.data.user.find()).data.length, 3)
  })

  test('E01: keep their last admin, whoever asks, in a batch too', async (context) => {
    const { admin, ann, tested, patch, send } = await scene(server, context)
    for (const input of [{ roles: [] }, { roles: ['staff'] }, { suspended: true }]) {
      const refused = await patch(admin.id, admin, input)
      assert.equal(codeOf(refused), 'conflict', JSON.stringify(input))
    }
    assert.equal((await patch(admin.id, admin, { name: 'Root' })).status, 200)
    assert.equal((await patch(admin.id, admin, { roles: ['admin', 'staff'] })).status, 200)
    assert.equal((await patch(ann.id, admin, { roles: ['admin'] })).status, 200)
    const slip = await patch(admin.id, admin, { roles: ['staff'] })
    assert.equal(codeOf(slip), 'conflict', 'nobody takes their own rights')
    const demoted = await patch(admin.id, ann, { roles: [] })
    assert.equal(demoted.status, 200, 'by another one')
    const operations = [{ operation: 'user.update', id: ann.id, input: { roles: [] } }]
    const batched = await send('POST /api/batch', ann, { body: { operations } })
    assert.equal(codeOf(batched), 'conflict')
    assert.deepEqual((await tested.data.user.get(ann.id)).roles, ['admin'])
  })

  test('E01: two admins who demote each other at once leave one', async (context) => {
    const { admin, ann, tested, patch, del } = await scene(server, context)
    for (let round = 0; round < 5; round++) {
      for (const { id } of [admin, ann]) await tested.data.user.update(id, { roles: ['admin'] })
      const tries = [patch(admin.id, ann, { roles: [] }), patch(ann.id, admin, { suspended: true })]
      await Promise.all(tries)
      const filter = { roles: { has: 'admin' }, suspended: false } as const
      const { data } = await tested.data.user.find({ filter })
      assert.ok(data.length >= 1, `round ${round}`)
      for (const { id } of [admin, ann]) await tested.data.user.update(id, { suspended: false })
    }
    for (const { id } of [admin, ann]) await tested.data.user.update(id, { roles: ['admin'] })
    await Promise.all([del(admin.id, ann), del(ann.id, admin)])
    assert.ok(
      (await tested.data.user.find({ filter: { roles: { has: 'admin' } } })).data.length >= 1,
    )
  })

  test('C11: a suspension by REST ends sessions for good', async (context) => {
    const { admin, ann, tested, patch, shop } = await scene(server, context)
    const token = await shop.signIn(anns)
    assert.equal((await patch(ann.id, admin, { suspended: true })).status, 200)
    assert.equal((await shop.get('identity/me', token)).status, 401)
    assert.equal((await patch(ann.id, admin, { suspended: false })).status, 200)
    assert.equal((await shop.get('identity/me', token)).status, 401, 'nor does it come back')
    assert.equal((await tested.data.session.find({ filter: { userId: ann.id } })).data.length, 0)
    assert.equal((await shop.post('sign-in', { email: anns, password })).status, 200)
  })
})

interface Sent {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

async function scene(server: ProvenServer, context: TestContext) {
  const shop = await openShop(server, context)
  const { tested } = shop
  const admin = await tested.user({ email: 'root@shop.example', roles: ['admin'] })
  const ann = await tested.user({ email: anns, password, name: 'Ann' })
  const send = async (address: string, as: TestUser, sent: Sent = {}) => {
    const [method = '', path = ''] = address.split(' ')
    const { status, text } = await tested.request(method, path, { as, ...sent })
    return { status, body: text === '' ? {} : JSON.parse(text) } as Answer
  }
  return {
    ...{ shop, tested, admin, ann, send },
    del: (id: string, as: TestUser) => send(`DELETE /api/users/${id}`, as),
    patch: (id: string, as: TestUser, body: object) => send(`PATCH /api/users/${id}`, as, { body }),
  }
}
