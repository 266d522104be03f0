/** Proves attacks on rights (groups C, E, F) through every door: whose calls count for how much. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clubScene, password, signIn, withTotp } from './stage.ts'

const scene = clubScene()

const absent = '01900000-0000-7000-8000-999999999999'

/** All operations, as a caller would name them. */
function operations(): readonly string[] {
  return [...scene.club.tested.running.catalog.operations.keys()]
}

test('C11: what changes an account counts for its old sessions, by every door', async () => {
  const { direct, post, send, tested } = scene.club
  await tested.data.user.update(scene.annId, { roles: ['admin'] })
  const [one, other] = [await signIn(scene.club, scene.anns), await signIn(scene.club, scene.anns)]
  assert.equal((await send('GET /api/audit/entries', { token: one })).status, 200)
  await tested.data.user.update(scene.annId, { roles: [] })
  assert.equal((await send('GET /api/audit/entries', { token: one })).status, 403)
  assert.equal(await direct('audit.entries', {}, one), 'forbidden')
  const changed = await post(
    'change-password',
    { password, newPassword: 'another horse battery' },
    { token: one },
  )
  assert.equal(changed.status, 200, changed.text)
  for (const old of [one, other]) {
    assert.equal((await send('GET /api/identity/me', { token: old })).status, 401)
    assert.equal(await direct('identity.me', {}, old), 'invalid_credentials')
  }
})

test('C11: an address that staff has changed ends what was shown by the old one', async () => {
  const { send, tested } = scene.club
  const admin = await tested.user({
    email: `boss${scene.count}@club.example`,
    roles: ['admin'],
    password,
  })
  const token = await signIn(scene.club, scene.anns)
  const body = { email: `new${scene.count}@club.example` }
  const staff = await signIn(scene.club, admin.email)
  assert.equal((await send(`PATCH /api/users/${scene.annId}`, { body, token: staff })).status, 200)
  assert.equal((await send('GET /api/identity/me', { token })).status, 401)
  assert.equal((await tested.data.user.get(scene.annId)).emailVerifiedAt, null)
})

test('C13: a sign-in that waits for its second factor opens nothing', async () => {
  const { direct, post, send } = scene.club
  await withTotp(scene.club, scene.anns)
  const pending = String((await post('sign-in', { email: scene.anns, password })).body.pending)
  for (const operation of operations()) {
    assert.equal(await direct(operation, {}, pending), 'invalid_credentials', operation)
  }
  const headers = { cookie: `__Host-sid=${pending}` }
  assert.equal((await send('GET /api/identity/me', { headers })).text, '{"user":null}')
  const page = await send('GET /account', { headers })
  assert.equal(page.status, 303, 'led to where one signs in')
})

test('E02: a wrong credential is nobody, and nobody may nothing', async () => {
  const { direct, send, token } = scene.club
  const { token: made } = token('session')
  for (const operation of operations()) {
    assert.equal(await direct(operation, {}, made), 'invalid_credentials', operation)
  }
  for (const line of [
    'GET /api/users',
    'GET /api/audit/entries',
    `GET /api/users/${scene.annId}`,
  ]) {
    const { status, text } = await send(line)
    assert.ok(status === 401 || status === 404, `${line} ${text}`)
  }
  for (const authorization of ['Bearer', 'Bearer null', 'Bearer undefined', 'Basic YTpi', 'x']) {
    const { status, text } = await send('GET /api/users', { headers: { authorization } })
    assert.ok(status === 401 || status === 400, `${authorization}: ${text}`)
  }
})

test('E03: what a client says of itself counts for nothing', async () => {
  const { post, send } = scene.club
  const token = await signIn(scene.club, scene.anns)
  const claims = {
    ...{ sub: scene.annId, role: 'admin', roles: ['admin'], 'x-hasura-role': 'admin', admin: true },
  }
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`
  const refused = await send('GET /api/users', { token: forged })
  assert.equal(refused.status, 401, refused.text)
  const headers = {
    ...{
      'x-role': 'admin',
      'x-user-id': absent,
      'x-hasura-role': 'admin',
      'x-plinth-roles': 'admin',
    },
    ...{ 'x-forwarded-user': 'admin', 'x-original-url': '/api/audit/entries' },
  }
  const asked = await send('GET /api/audit/entries', { token, headers })
  assert.equal(asked.status, 403, asked.text)
  const body = { email: scene.anns, password, roles: ['admin'], assurance: 2, userId: absent }
  assert.equal((await post('sign-in', body)).status, 422)
  const me = await send('GET /api/identity/me?as=admin', { token })
  assert.ok(me.status === 400 || !me.text.includes('admin'), me.text)
})

test('E04: nobody writes their own roles, proofs or state, by any input', async () => {
  const { direct, post, send, tested } = scene.club
  const token = await signIn(scene.club, scene.anns)
  const state = async (): Promise<string> => {
    const { updatedAt: _, ...rest } = await tested.data.user.get(scene.annId)
    return JSON.stringify(rest)
  }
  const untouched = await state()
  for (const [field, value] of Object.entries({
    ...{ roles: ['admin'], emailVerifiedAt: '2026-01-01T00:00:00Z', suspended: false },
    ...{ secondFactor: true, guest: true, unclaimed: true, passwordHash: '$argon2id$x' },
    ...{ email: 'admin@club.example', deletionAt: null, erasedAt: null, id: absent },
  })) {
    const body = { name: 'Ann', [field]: value }
    const steps = [{ operation: 'user.update', id: scene.annId, input: body }]
    const answers = [
      await send(`PATCH /api/users/${scene.annId}`, { body, token }),
      await send('POST /api/batch', { body: { operations: steps }, token }),
      await post('sign-up', { email: `x${scene.count}@club.example`, password, [field]: value }),
      await post('change-password', { password, newPassword: password, [field]: value }, { token }),
    ]
    for (const { status, text } of answers) {
      if (field === 'email' && status === 201) continue
      assert.ok(status >= 400 && status < 500, `${field}: ${status} ${text}`)
    }
    assert.notEqual(await direct(`user.update ${scene.annId}`, body, token), '200', field)
  }
  assert.equal(await state(), untouched)
  const session = (await send('GET /api/sessions', { token })).body.data as { id: string }[]
  const raised = { body: { assurance: 2, userId: absent }, token }
  const refused = await send(`PATCH /api/sessions/${session[0]?.id}`, raised)
  assert.ok(refused.status >= 400, refused.text)
})

test('F02: no state is written past its steps, nor a step signed for somebody else', async () => {
  const { send, tested } = scene.club
  await tested.data.user.update(scene.annId, { roles: ['staff'] })
  const token = await signIn(scene.club, scene.anns)
  const ben = await tested.user({ email: `ben${scene.count}@club.example`, roles: ['staff'] })
  for (const body of [
    { what: 'a', requestedById: scene.annId, approvedById: scene.annId },
    { what: 'b', requestedById: scene.annId, approvedById: ben.id },
    { what: 'c', requestedById: ben.id },
  ]) {
    assert.equal((await send('POST /api/payouts', { body, token })).status, 403, body.what)
  }
})

test('F06: what takes a second person is let pass by nobody alone', async () => {
  const { direct, send, tested } = scene.club
  const bens = `ben${scene.count}@club.example`
  const ben = await tested.user({ email: bens, roles: ['staff'], password })
  await tested.data.user.update(scene.annId, { roles: ['staff'] })
  const [hers, his] = [await signIn(scene.club, scene.anns), await signIn(scene.club, bens)]
  const asked = { what: 'all of it', requestedById: scene.annId }
  const made = await send('POST /api/payouts', { body: asked, token: hers })
  assert.equal(made.status, 201, made.text)
  const path = `/api/payouts/${String(made.body.id)}`
  for (const body of [
    { approvedById: scene.annId },
    { approvedById: ben.id },
    { requestedById: ben.id, approvedById: scene.annId },
  ]) {
    const refused = await send(`PATCH ${path}`, { body, token: hers })
    assert.ok(refused.status === 403 || refused.status === 422, refused.text)
    const step = { operation: 'payout.update', id: made.body.id, input: body }
    const batch = await send('POST /api/batch', { body: { operations: [step, step] }, token: hers })
    assert.ok(batch.status === 403 || batch.status === 422, batch.text)
  }
  assert.notEqual(
    await direct(`payout.update ${String(made.body.id)}`, { approvedById: scene.annId }, hers),
    '200',
  )
  const passed = await send(`PATCH ${path}`, { body: { approvedById: ben.id }, token: his })
  assert.equal(passed.status, 200, passed.text)
})

test('H01: a cookie counts for our own pages alone', async () => {
  const { post, send } = scene.club
  const page = { 'sec-fetch-site': 'same-origin' }
  const begun = await post(
    'sign-in',
    { email: scene.anns, password, cookie: true },
    { headers: page },
  )
  assert.ok(begun.cookie, begun.text)
  const cookie = `__Host-sid=${begun.cookie}`
  for (const headers of [
    { cookie, 'sec-fetch-site': 'cross-site' },
    { cookie, 'sec-fetch-site': 'same-site' },
    { cookie, origin: 'https://evil.example' },
    { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' },
  ]) {
    const body = JSON.stringify({ name: 'Mallory' })
    const refused = await send(`PATCH /api/users/${scene.annId}`, { body, headers })
    assert.ok(refused.status === 403 || refused.status === 415, refused.text)
  }
  const own = { cookie, 'sec-fetch-site': 'same-origin' }
  const done = await send(`PATCH /api/users/${scene.annId}`, {
    body: { name: 'Anna' },
    headers: own,
  })
  assert.equal(done.status, 200, done.text)
})
