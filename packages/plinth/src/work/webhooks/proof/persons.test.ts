import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { beginSession, tokens } from '../../../app/people/sessions.ts'
import { limits } from '../../../base/limits.ts'
import { instantText, minuteMs } from '../../../base/time.ts'
import { prefixes } from '../../../identity/tokens.ts'
import type { TestUser } from '../../../testing/test-app.ts'
import { openReceiver } from './receiver.ts'
import { openShop } from './shop.ts'

/** Ann, an endpoint and a delivery of hers; a key and an agent that may all that scopes give. */
async function scene(t: TestContext) {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id } = await shop.add(ann, { url: receiver.url })
  await shop.order('o1', ann)
  await shop.drain()
  const { records } = shop.running.users
  const { runtime } = shop.running
  const [row] = await records.find('webhookDelivery', {})
  const delivery = String(row?.id)
  const expiresAt = instantText(runtime.clock.now() + minuteMs)
  const lent = async (model: 'apiKey' | 'agentToken', sort: 'key' | 'agent') => {
    const { token, hash } = tokens.makeKey(prefixes[sort])
    const scopes = ['write', 'webhookDelivery.read', 'webhookEndpoint.write']
    const named = { userId: ann.id, name: sort, prefix: token.slice(0, 8), tokenHash: hash }
    await records.create(model, { ...named, scopes, expiresAt })
    return token
  }
  const ask = (token: string, [method, path, body]: Asked) => {
    const headers = { authorization: `Bearer ${token}` }
    return shop.request(method, `/api/${path}`, { headers, ...(body ? { body } : {}) })
  }
  /** Somebody of the staff who acts as a user. */
  const actAs = async ({ id: userId }: TestUser) => {
    const staff = await shop.user({ roles: ['admin'] })
    await beginSession(runtime, staff.id)
    const [own] = await records.find('session', { filter: { userId: staff.id } })
    const token = await beginSession(runtime, userId)
    const filter = { tokenHash: tokens.hash(token) }
    const [session] = await records.find('session', { filter })
    await records.update('session', String(session?.id), {
      ...{ method: 'impersonation', reason: 'a test', impersonatorId: staff.id },
      staffSessionId: own?.id,
      expiresAt: instantText(runtime.clock.now() + limits.impersonationMinutes * minuteMs),
    })
    return token
  }
  return { ...shop, receiver, ann, endpoint: id, delivery, lent, ask, actAs }
}

type Asked = readonly [method: string, path: string, body?: object | undefined]

type Scene = Awaited<ReturnType<typeof scene>>

/** What would send somebody's events elsewhere, or end them, and go on. */
function changes({ endpoint, delivery, receiver }: Scene) {
  const url = `${receiver.url}/evil`
  const range = { endpoint, from: '2025-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' }
  return [
    ['POST', 'webhooks/add-endpoint', { url }],
    ['POST', 'webhooks/rotate-secret', { endpoint }],
    ['POST', 'webhooks/test-endpoint', { endpoint }],
    ['POST', 'webhooks/redeliver', { delivery }],
    ['POST', 'webhooks/replay', { ...range, only: 'all' }],
    ['PATCH', `webhookEndpoints/${endpoint}`, { url }],
    ['DELETE', `webhookEndpoints/${endpoint}`, undefined],
    [
      'POST',
      'batch',
      { operations: [{ operation: 'webhookEndpoint.update', id: endpoint, input: { url } }] },
    ],
  ] as const
}

async function isUnchanged({ data, endpoint, receiver }: Scene): Promise<void> {
  const { data: all } = await data.webhookEndpoint.find()
  assert.deepEqual(
    all.map((one) => [one.id, one.url]),
    [[endpoint, receiver.url]],
  )
}

test('E04: staff who acts as a user sends none of their events elsewhere', async (t) => {
  const shop = await scene(t)
  const token = await shop.actAs(shop.ann)
  assert.equal((await shop.ask(token, ['GET', 'identity/me'])).status, 200)
  for (const [method, path, body] of changes(shop)) {
    const { status, text } = await shop.ask(token, [method, path, body])
    assert.equal(status, 403, `${method} ${path} ${text}`)
  }
  await isUnchanged(shop)
})

test('C28: no key, agent or program makes what goes on after it, or reads past it', async (t) => {
  const shop = await scene(t)
  for (const token of [await shop.lent('apiKey', 'key'), await shop.lent('agentToken', 'agent')]) {
    assert.equal((await shop.ask(token, ['GET', 'identity/me'])).status, 200)
    for (const [method, path, body] of changes(shop)) {
      const { status, text } = await shop.ask(token, [method, path, body])
      assert.equal(status, 403, `${method} ${path} ${text}`)
      assert.match(text, /session_required/, `${method} ${path}`)
    }
    for (const path of ['webhookEndpoints', 'webhookDeliveries', 'webhookAttempts']) {
      const { status, text } = await shop.ask(token, ['GET', path])
      assert.equal(status, 403, `${path} ${text}`)
    }
  }
  await isUnchanged(shop)
})
