import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openReceiver, saying } from './receiver.ts'
import { openShop } from './shop.ts'

test('endpoints are their owner’s and the admin’s; nobody reads secrets', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const [ann, bob, admin] = await Promise.all([
    shop.user(),
    shop.user(),
    shop.user({ roles: ['admin'] }),
  ])
  const { id, secret = '' } = await shop.add(ann, { url: receiver.url })
  await shop.order('o1', ann)
  await shop.drain()
  for (const path of ['webhookEndpoints', 'webhookDeliveries', 'webhookAttempts']) {
    const ask = async (as: typeof ann) => shop.request('GET', `/api/${path}`, { as })
    const counts = await Promise.all(
      [ann, bob, admin].map(async (who) => {
        const answer = await ask(who)
        assert.ok(!answer.text.includes(secret.slice(6)) && !answer.text.includes('sealed'))
        return (answer.json() as { data: unknown[] }).data.length
      }),
    )
    assert.deepEqual(counts, [1, 0, 1], path)
    assert.equal((await shop.request('GET', `/api/${path}`)).status, 401)
  }
  const deliveries = await shop.data.webhookDelivery.find()
  const delivery = deliveries.data[0]?.id
  const range = { from: '2025-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' }
  const calls: readonly (readonly [string, object])[] = [
    ['rotate-secret', { endpoint: id }],
    ['test-endpoint', { endpoint: id }],
    ['redeliver', { delivery }],
    ['replay', { endpoint: id, ...range }],
  ]
  for (const [path, body] of calls) {
    const foreign = await shop.request('POST', `/api/webhooks/${path}`, { as: bob, body })
    const missing = { endpoint: bob.id, delivery: bob.id }
    const named = Object.fromEntries(
      Object.entries(body).map(([key, value]) => [key, missing[key as 'endpoint'] ?? value]),
    )
    const absent = await shop.request('POST', `/api/webhooks/${path}`, { as: bob, body: named })
    assert.equal(foreign.status, 404, `${path} ${foreign.text}`)
    assert.equal(absent.status, 404, `${path} ${absent.text}`)
    const anonymous = await shop.request('POST', `/api/webhooks/${path}`, { body })
    assert.equal(anonymous.status, 401, path)
  }
  const quiet = { as: bob, body: { status: 'off' } }
  assert.equal((await shop.request('PATCH', `/api/webhookEndpoints/${id}`, quiet)).status, 404)
  const taken = { as: ann, body: { ownerId: bob.id } }
  assert.ok((await shop.request('PATCH', `/api/webhookEndpoints/${id}`, taken)).status >= 400)
  const made = { as: ann, body: { ownerId: ann.id, url: receiver.url } }
  assert.ok((await shop.request('POST', '/api/webhookEndpoints', made)).status >= 400)
})

test('a test message arrives, whatever the endpoint asked for', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id: endpoint } = await shop.add(ann, { url: receiver.url, events: ['shop.placed'] })
  const asked = { as: ann, body: { endpoint } }
  const answer = await shop.request('POST', '/api/webhooks/test-endpoint', asked)
  assert.equal(answer.status, 202)
  await shop.drain()
  const { body = '' } = receiver.calls[0] ?? {}
  assert.equal((JSON.parse(body) as { type: string }).type, 'webhooks.test')
  const { delivery } = answer.json() as { delivery: string }
  assert.equal((await shop.as(ann).webhookDelivery.get(delivery)).status, 'delivered')
})

test('G05: forbidden addresses are refused when added, and when called', async (t) => {
  const shop = await openShop(t)
  const ann = await shop.user()
  for (const url of [
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://[fd00:ec2::254]/',
    'http://user:secret@evil.example/',
    'http://[::ffff:192.168.0.1]/',
  ]) {
    const added = await shop.request('POST', '/api/webhooks/add-endpoint', {
      as: ann,
      body: { url },
    })
    assert.equal(added.status, 422, url)
    const { errors } = added.json() as { errors: { pointer: string }[] }
    assert.equal(errors[0]?.pointer, '/url')
  }
  const { id } = await shop.add(ann, { url: 'https://shop.example/hook' })
  // However it is to be stored, and whoever asks for it.
  const url = 'http://192.168.0.1/hook'
  const patch = { as: ann, body: { url } }
  const patched = await shop.request('PATCH', `/api/webhookEndpoints/${id}`, patch)
  assert.equal(patched.status, 422)
  const { errors } = patched.json() as { errors: { pointer: string; code: string }[] }
  assert.deepEqual([errors[0]?.pointer, errors[0]?.code], ['/url', 'bad_address'])
  const operations = [{ operation: 'webhookEndpoint.update', id, input: { url } }]
  const batch = await shop.request('POST', '/api/batch', { as: ann, body: { operations } })
  assert.equal(batch.status, 422)
  assert.match(batch.text, /bad_address/)
  await assert.rejects(shop.data.webhookEndpoint.update(id, { url }), { code: 'invalid_input' })
  assert.equal((await shop.data.webhookEndpoint.get(id)).url, 'https://shop.example/hook')
  // Changed past all of us: the guard at the call itself is what counts.
  const { database } = shop.running.runtime
  const text = 'update webhooks.webhook_endpoint set url = $1'
  await database.query({ text, values: [url] })
  await shop.order('o1', ann)
  await shop.drain()
  const { data } = await shop.data.webhookDelivery.find()
  assert.equal(data[0]?.status, 'dead')
  assert.match(data[0]?.detail ?? '', /private address/)
})

test('a user who is suspended, or no longer an admin, gets nothing more', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const [ann, boss] = await Promise.all([shop.user(), shop.user({ roles: ['admin'] })])
  await shop.add(ann, { url: `${receiver.url}/ann` })
  await shop.add(boss, { url: `${receiver.url}/boss` })
  await shop.order('o1', ann)
  await shop.drain()
  const { records } = shop.running.users
  await records.update('user', ann.id, { suspended: true })
  await records.update('user', boss.id, { roles: [] })
  await shop.order('o2', ann)
  await shop.drain()
  assert.deepEqual(receiver.calls.map(({ path }) => path).sort(), ['/hook/ann', '/hook/boss'])
})

test('what waits for who is suspended, demoted or gone meanwhile stays here', async (t) => {
  const receiver = await openReceiver(t, saying(500))
  const shop = await openShop(t)
  const [ann, boss, gone] = await Promise.all([
    shop.user(),
    shop.user({ roles: ['admin'] }),
    shop.user(),
  ])
  await shop.add(ann, { url: `${receiver.url}/ann` })
  await shop.add(boss, { url: `${receiver.url}/boss` })
  await shop.add(gone, { url: `${receiver.url}/gone` })
  await shop.order('o1', ann)
  await shop.order('o2', gone)
  await shop.order('o3', boss)
  await shop.drain()
  assert.equal(receiver.calls.length, 5)
  const { records } = shop.running.users
  await records.update('user', ann.id, { suspended: true })
  await records.update('user', boss.id, { roles: [] })
  await records.delete('user', gone.id)
  receiver.calls.length = 0
  shop.clock.advance(10_000)
  await shop.drain()
  // The one that is about the former admin themself still is theirs to know.
  assert.deepEqual(
    receiver.calls.map(({ path, body }) => [path, body.includes('"o3"')]),
    [['/hook/boss', true]],
  )
  const { data } = await shop.data.webhookDelivery.find()
  const dead = data.filter(({ status }) => status === 'dead').map(({ detail }) => detail)
  assert.deepEqual(dead.sort(), [
    'Withheld: the owner of the endpoint is suspended.',
    'Withheld: the owner of the endpoint may not know of this event any more.',
    'Withheld: the owner of the endpoint may not know of this event any more.',
  ])
})

test('an event that there is not is asked for by nobody', async (t) => {
  const shop = await openShop(t)
  const ann = await shop.user()
  const url = 'https://shop.example/hook'
  const path = '/api/webhooks/add-endpoint'
  const told = async (method: string, to: string, events: readonly string[]) => {
    const body = method === 'POST' ? { url, events } : { events }
    const answer = await shop.request(method, to, { as: ann, body })
    const { errors } = answer.json() as { errors?: { pointer: string; detail: string }[] }
    return [answer.status, errors?.[0]?.pointer, errors?.[0]?.detail]
  }
  const near = 'No event is called "shop.plaecd"; did you mean shop.placed?'
  assert.deepEqual(await told('POST', path, ['*', 'shop.plaecd']), [422, '/events/1', near])
  assert.deepEqual((await told('POST', path, ['shops.*'])).slice(0, 2), [422, '/events/0'])
  const { id } = await shop.add(ann, { url, events: ['shop.*', 'shop.placed'] })
  const endpoint = `/api/webhookEndpoints/${id}`
  assert.deepEqual(await told('PATCH', endpoint, ['shop.plaecd']), [422, '/events/0', near])
  assert.equal((await told('PATCH', endpoint, ['webhooks.endpointDisabled']))[0], 200)
})
