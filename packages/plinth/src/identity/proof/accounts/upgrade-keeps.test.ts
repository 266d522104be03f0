import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openShop, password } from './shop.ts'

test('a guest who becomes an account keeps every row that refers to them', async (context) => {
  const shop = await openShop(undefined, context)
  const { tested } = shop
  const { catalog, users } = tested.running
  const token = await shop.guest()
  const [{ id: userId } = { id: '' }] = (await users.records.find('user', {})) as { id: string }[]
  await tested.data.basket.create({ what: 'tea', ownerId: userId })
  await tested.data.review.create({ words: 'fine', authorId: userId })
  await tested.data.order.create({ number: '1', buyerId: userId })
  await users.records.create('knownDevice', {
    ...{ userId, fingerprint: 'x', lastSeenAt: new Date(tested.clock.now()).toISOString() },
  })
  // What of the account itself waits for the mail, and ends with its answer.
  const passing = new Set(['guestUpgrade', 'upgradeLink'])
  const links = [...catalog.models.values()].flatMap((model) =>
    [...model.relations.values()].flatMap(({ type, target, local }) =>
      type === 'belongsTo' && target === 'user' && model.exposed && !passing.has(model.name)
        ? [{ model: model.name, field: local }]
        : [],
    ),
  )
  assert.ok(links.length > 12, 'every relation of the app is looked at')
  const referring = async () => {
    const all: string[] = []
    for (const { model, field } of links) {
      const found = await users.records.find(model, { filter: { [field]: userId }, limit: 200 })
      all.push(...found.map(({ id }) => `${model}.${field} ${String(id)}`))
    }
    return all
  }
  const before = await referring()
  assert.equal(before.length, 5, before.join())
  const email = 'ann@shop.example'
  assert.equal((await shop.post('upgrade', { email, password }, token)).status, 202)
  const [mail] = await shop.mailed()
  const mailed = /token=([\w-]+)/.exec(mail ?? '')?.[1] ?? assert.fail(mail)
  const made = await shop.post('confirm-upgrade', { token: mailed }, token)
  assert.equal(made.status, 200)
  const after = new Set(await referring())
  assert.deepEqual(
    before.filter((one) => !after.has(one)),
    [],
    'the same rows, the session too',
  )
  assert.equal((await shop.get('identity/me', token)).status, 401, 'under a new token')
  // The device in which it was made is known from now on: the next one is told of.
  const body = { email, password }
  for (const remoteAddress of ['192.0.2.1', '198.51.100.9']) {
    assert.equal((await shop.send('POST', 'identity/sign-in', { body, remoteAddress })).status, 200)
  }
  const told = (await shop.mailed()).filter((one) => /New sign-in/.test(one))
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /198\.51\.100\.9/)
})
