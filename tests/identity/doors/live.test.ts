/** Proves attacks of groups C, E and F through live reads: streams over SSE, and WebSockets. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HttpServer } from '../../../packages/plinth/src/http/server.ts'
import { handshake, openSocket } from '../../../packages/plinth/src/live/proof/socket-client.ts'
import { clubScene, password, signIn, withTotp } from '../stage.ts'
import { graphqlEvents, graphqlSockets } from './followed/graphql.ts'
import { events, type Followed, type Following, type LiveDoor, sockets } from './live.ts'

let url: string
const scene = clubScene(async ({ tested }) => {
  const { handler, sockets: links } = tested.running
  const server = new HttpServer({ handler, sockets: links, log: () => undefined })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${port}`
  return () => server.close()
})

async function follow(
  context: TestContext,
  door: LiveDoor,
  followed: Followed,
): Promise<Following> {
  const following = await door.follow(url, followed)
  context.after(() => following.close())
  return following
}

const setRoles = (roles: readonly string[]) =>
  scene.club.tested.data.user.update(scene.annId, { roles: [...roles] })

const payout = (what: string) =>
  scene.club.tested.data.payout.create({ what, requestedById: scene.annId })

for (const door of [
  ...[events, sockets('head'), sockets('message')],
  ...[graphqlEvents, graphqlSockets],
]) {
  test(`C11: what changes an account ends what its sessions follow, by ${door.name}`, async (t) => {
    const { post } = scene.club
    await setRoles(['staff'])
    const token = await signIn(scene.club, scene.anns)
    const payouts = await follow(t, door, { operation: 'payout.list', token })
    const own = await follow(t, door, { operation: 'user.list', token })
    assert.deepEqual([payouts.code, own.code], ['ok', 'ok'])
    assert.match(own.told(), new RegExp(scene.anns))
    await setRoles([])
    assert.equal(await payouts.ended(), 'forbidden')
    const unseen = `unseen ${scene.count}`
    await payout(unseen)
    await post('change-password', { password, newPassword: 'another horse battery' }, { token })
    assert.equal(await own.ended(), 'invalid_credentials')
    assert.ok(!(payouts.told() + own.told()).includes(unseen))
    const late = await follow(t, door, { operation: 'user.list', token })
    assert.equal(late.code, 'invalid_credentials')
  })

  test(`C12: what the token before a fresh proof followed ends, by ${door.name}`, async (t) => {
    const token = await signIn(scene.club, scene.anns)
    const before = await follow(t, door, { operation: 'user.list', token })
    const { body } = await scene.club.post('step-up', { password }, { token })
    assert.equal(await before.ended(), 'invalid_credentials')
    const fresh = String(body.token)
    const later = await follow(t, door, { operation: 'user.list', token: fresh })
    assert.equal(later.code, 'ok')
  })

  test(`C13: a sign-in that waits follows nothing, by ${door.name}`, async (t) => {
    await withTotp(scene.club, scene.anns)
    const { body } = await scene.club.post('sign-in', { email: scene.anns, password })
    const token = String(body.pending)
    assert.match(token, /^plp_/)
    for (const operation of ['user.list', 'session.list', 'payout.list']) {
      const { code } = await follow(t, door, { operation, token })
      assert.equal(code, 'invalid_credentials', operation)
    }
  })

  test(`C17: whoever took a foreign address follows it no longer, by ${door.name}`, async (t) => {
    const { mailed, post, tested } = scene.club
    await tested.data.user.update(scene.annId, { emailVerifiedAt: null })
    const eves = await signIn(scene.club, scene.anns)
    const followed = await follow(t, door, { operation: 'user.list', token: eves })
    await post('send-link', { email: scene.anns })
    const [link] = await mailed(scene.anns)
    assert.equal((await post('sign-in-by-link', { token: link })).status, 200)
    assert.equal(await followed.ended(), 'invalid_credentials')
  })

  test(`C28: a key follows what it may, as long as it counts, by ${door.name}`, async (t) => {
    const { post, tested } = scene.club
    await setRoles(['staff'])
    const token = await signIn(scene.club, scene.anns)
    const made = await post('make-api-key', { name: 'till', scopes: ['payout.read'] }, { token })
    const key = String(made.body.token)
    const seen = await follow(t, door, { operation: 'payout.list', token: key })
    assert.equal(seen.code, 'ok')
    const beyond = await follow(t, door, { operation: 'user.list', token: key })
    assert.equal(beyond.code, 'insufficient_scope')
    const { data } = await tested.data.apiKey.find({ filter: { userId: scene.annId } })
    for (const { id } of data) await tested.data.apiKey.delete(id)
    assert.equal(await seen.ended(), 'invalid_credentials')
  })

  test(`E01: nothing is done by following it, by ${door.name}`, async (t) => {
    const token = await signIn(scene.club, scene.anns)
    const { catalog } = scene.club.tested.running
    const reads = new Set(['list', 'get', 'entries'])
    for (const name of catalog.operations.keys()) {
      if (reads.has(name.split('.')[1] ?? '') || door === events) continue
      const { code, close } = await door.follow(url, { operation: name, token })
      close()
      assert.notEqual(code, 'ok', name)
    }
    for (const operation of ['payout.list', 'audit.entries', 'passwordReset.list']) {
      const { code } = await follow(t, door, { operation, token })
      assert.match(code, /^(?:forbidden|not_found|not_acceptable|invalid_input)$/, operation)
    }
  })

  test(`E02: who has no good credential follows nothing, by ${door.name}`, async (t) => {
    const { token } = scene.club.token('session')
    for (const operation of ['user.list', 'payout.list', 'session.list']) {
      const wrong = await follow(t, door, { operation, token })
      assert.equal(wrong.code, 'invalid_credentials', operation)
      assert.equal((await follow(t, door, { operation })).code, 'sign_in_required', operation)
    }
  })

  test(`E03: what a client says of itself counts for nothing, by ${door.name}`, async (t) => {
    const genuine = await scene.club.tested.running.serviceToken('clerk')
    const own = await follow(t, door, { operation: 'payout.list', token: genuine })
    assert.equal(own.code, 'ok')
    const [head, said = '', signature] = genuine.slice('pln_'.length).split('.')
    const claims = JSON.parse(Buffer.from(said, 'base64url').toString()) as object
    const more = Buffer.from(JSON.stringify({ ...claims, jti: 'j'.repeat(24), admin: true }))
    const token = `pln_${head}.${more.toString('base64url')}.${signature}`
    const forged = await follow(t, door, { operation: 'payout.list', token })
    assert.equal(forged.code, 'invalid_credentials')
    const headers = { 'x-role': 'staff', 'x-hasura-role': 'staff', 'x-user-id': scene.annId }
    const hers = await signIn(scene.club, scene.anns)
    const claimed = await follow(t, door, { operation: 'payout.list', token: hers, headers })
    assert.equal(claimed.code, 'forbidden')
  })
}

test('C05, E03: a message is one guess, and tells nothing of whoever sends it', async (context) => {
  const socket = await openSocket(url, {})
  context.after(() => socket.destroy())
  for (let index = 0; index < 20; index++) {
    socket.say({ type: 'authenticate', token: scene.club.token('session').token })
  }
  assert.equal((await socket.closed).code, 4401)
  assert.deepEqual(socket.types, [], 'the first one was the last')
  for (const more of [{ roles: ['staff'] }, { userId: scene.annId }, { 'x-role': 'staff' }]) {
    const claiming = await openSocket(url, {})
    claiming.say({ type: 'authenticate', token: 'x', ...more })
    assert.equal((await claiming.closed).code, 4400)
  }
})

test('C03: a forged host or origin opens no connection for a cookie', async () => {
  const cookie = `__Host-sid=${await signIn(scene.club, scene.anns)}`
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' },
    { origin: 'null', forwarded: 'host=evil.example' },
  ]) {
    assert.match(await handshake(url, { cookie, ...headers }), /^HTTP\/1\.1 403 /)
  }
})
