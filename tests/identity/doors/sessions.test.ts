/** Proves that sessions, factors and keys (C11 to C17, C28) hold by each door alike. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clubScene, password, signIn, withTotp } from '../stage.ts'
import { client } from './client.ts'
import { type Asked, type Door, direct, rest, type Told } from './door.ts'
import { graphql } from './graphql.ts'

const scene = clubScene()
const newPassword = 'another horse battery'
const absent = '01900000-0000-7000-8000-999999999999'

const ask = (door: Door, operation: string, asked: Omit<Asked, 'operation'> = {}) =>
  door.ask(scene.club, { operation, ...asked })

const flow =
  (door: Door) =>
  (name: string, input: object, token?: string): Promise<Told> =>
    ask(door, `identity.${name}`, { input, token })

/** Whose token it is by this door; undefined: nobody’s. */
async function whose(door: Door, token: string): Promise<unknown> {
  const { code, value } = await ask(door, 'identity.me', { token })
  if (code !== 'ok') assert.equal(code, 'invalid_credentials')
  return (value.user as { readonly email: string } | null | undefined)?.email
}

for (const door of [rest, graphql, client, direct]) {
  test(`C11: what changes an account counts for its sessions, by ${door.name}`, async () => {
    const { tested } = scene.club
    await tested.data.user.update(scene.annId, { roles: ['staff'] })
    const [token, other] = [
      await signIn(scene.club, scene.anns),
      await signIn(scene.club, scene.anns),
    ]
    assert.equal((await ask(door, 'payout.list', { token })).code, 'ok')
    await tested.data.user.update(scene.annId, { roles: [] })
    assert.equal((await ask(door, 'payout.list', { token })).code, 'forbidden')
    const changed = await flow(door)('changePassword', { password, newPassword }, token)
    assert.equal(changed.code, 'ok', changed.text)
    for (const old of [token, other]) assert.equal(await whose(door, old), undefined)
    assert.equal(await whose(door, String(changed.value.token)), scene.anns)
  })

  test(`C12: a fresh proof has a fresh token, a planted one stays, by ${door.name}`, async () => {
    const eve = await scene.club.tested.user({ email: `eve${scene.count}@club.example`, password })
    const planted = await signIn(scene.club, eve.email)
    const begun = await flow(door)('signIn', { email: scene.anns, password }, planted)
    const token = String(begun.value.token)
    assert.equal(await whose(door, planted), eve.email)
    assert.equal(await whose(door, token), scene.anns)
    const stepped = await flow(door)('stepUp', { password }, token)
    assert.equal(await whose(door, String(stepped.value.token)), scene.anns)
    assert.equal(await whose(door, token), undefined)
  })

  test(`C13: a sign-in that waits opens nothing, by ${door.name}`, async () => {
    await withTotp(scene.club, scene.anns)
    const waiting = await flow(door)('signIn', { email: scene.anns, password })
    const token = String(waiting.value.pending)
    assert.match(token, /^plp_/)
    assert.equal(waiting.value.token, undefined)
    for (const [operation, more] of Object.entries({
      'identity.me': {},
      'user.list': {},
      'user.get': { id: scene.annId },
      'user.update': { id: scene.annId, input: { name: 'Eve' } },
      'payout.create': { input: { what: 'x', requestedById: scene.annId } },
      'identity.removeTotp': {},
      'identity.setUpTotp': {},
      'identity.changePassword': { input: { password, newPassword } },
    })) {
      const { code } = await ask(door, operation, { ...more, token })
      assert.equal(code, 'invalid_credentials', operation)
    }
  })

  test(`C14: every way in asks for the second factor, by ${door.name}`, async () => {
    const { mailed, tested } = scene.club
    await withTotp(scene.club, scene.anns)
    const { value } = await flow(door)('sendLink', { email: scene.anns })
    await mailed(scene.anns)
    const [mail] = await tested.mails()
    const code = /\b(\d{4} ?\d{4})\b/.exec(mail?.text ?? '')?.[1] ?? ''
    const byCode = await flow(door)('signInByCode', { attempt: value.attempt, code })
    await flow(door)('sendLink', { email: scene.anns })
    const [token] = await mailed(scene.anns)
    const ways = [
      ...[byCode, await flow(door)('signInByLink', { token })],
      await flow(door)('signIn', { email: scene.anns, password }),
    ]
    for (const way of ways) {
      assert.match(String(way.value.pending), /^plp_/, way.text)
      assert.equal(way.value.token, undefined)
    }
    await flow(door)('forgotPassword', { email: scene.anns })
    const [reset] = await mailed(scene.anns)
    assert.equal((await flow(door)('resetPassword', { token: reset, newPassword })).code, 'ok')
    const after = await flow(door)('signIn', { email: scene.anns, password: newPassword })
    assert.match(String(after.value.pending), /^plp_/, 'nor does a reset go past it')
  })

  test(`C15: a code of time, and one of recovery, is good once, by ${door.name}`, async () => {
    const { tested } = scene.club
    const { code, recoveryCodes } = await withTotp(scene.club, scene.anns)
    const pending = async () =>
      (await flow(door)('signIn', { email: scene.anns, password })).value.pending
    tested.clock.advance(60_000)
    const first = code()
    const once = await flow(door)('secondFactor', { pending: await pending(), code: first })
    assert.equal(once.code, 'ok', once.text)
    const replayed = await flow(door)('secondFactor', { pending: await pending(), code: first })
    assert.equal(replayed.code, 'invalid_credentials')
    tested.clock.advance(3_600_000)
    const waiting = [await pending(), await pending(), await pending(), await pending()]
    const tries = waiting.map((each) =>
      flow(door)('secondFactor', { pending: each, code: recoveryCodes[0] }),
    )
    const codes = (await Promise.all(tries)).map((each) => each.code)
    assert.equal(codes.filter((each) => each === 'ok').length, 1, codes.join())
  })

  test(`C16: no factor changes by an old proof, by ${door.name}`, async () => {
    const { token } = await withTotp(scene.club, scene.anns)
    scene.club.tested.clock.advance(6 * 60_000)
    for (const name of ['removeTotp', 'newRecoveryCodes', 'setUpTotp', 'beginPasskey']) {
      assert.equal((await ask(door, `identity.${name}`, { token })).code, 'step_up_required', name)
    }
  })

  test(`C17: who reads the mails of an address takes its account, by ${door.name}`, async () => {
    const { mailed, tested } = scene.club
    await tested.data.user.update(scene.annId, { emailVerifiedAt: null })
    const eves = String((await flow(door)('signIn', { email: scene.anns, password })).value.token)
    assert.equal(await whose(door, eves), scene.anns)
    await flow(door)('sendLink', { email: scene.anns })
    const [token] = await mailed(scene.anns)
    const hers = await flow(door)('signInByLink', { token })
    assert.equal(await whose(door, String(hers.value.token)), scene.anns)
    assert.equal(await whose(door, eves), undefined)
    const again = await flow(door)('signIn', { email: scene.anns, password })
    assert.equal(again.code, 'invalid_credentials')
  })

  test(`C28: a key does no more than its scopes, and mints nothing, by ${door.name}`, async () => {
    const { tested } = scene.club
    await tested.data.user.update(scene.annId, { roles: ['staff'] })
    const session = await signIn(scene.club, scene.anns)
    const key = async (scopes: readonly string[]) =>
      flow(door)('makeApiKey', { name: 'till', scopes }, session)
    const token = String((await key(['payout.read'])).value.token)
    assert.match(token, /^plk_/)
    assert.equal((await ask(door, 'payout.list', { token })).code, 'ok')
    for (const [operation, more] of Object.entries({
      'payout.create': { input: { what: 'x', requestedById: scene.annId } },
      'payout.update': { id: absent, input: { what: 'y' } },
      'user.list': {},
      'user.update': { id: scene.annId, input: { name: 'Eve' } },
    })) {
      const { code } = await ask(door, operation, { ...more, token })
      assert.match(code, /^(?:insufficient_scope|session_required)$/, operation)
    }
    const minted = await flow(door)('makeApiKey', { name: 'x', scopes: ['payout.read'] }, token)
    assert.equal(minted.code, 'session_required')
    assert.equal((await key(['*'])).code, 'invalid_input')
    assert.equal((await key(['identity.stepUp'])).code, 'invalid_input')
    const wider = { name: 'x', scopes: ['read'], expiresInDays: 366 }
    assert.equal((await flow(door)('makeApiKey', wider, session)).code, 'invalid_input')
    const planted = { name: 'x', scopes: ['read'], userId: absent }
    assert.equal((await flow(door)('makeApiKey', planted, session)).code, 'invalid_input')
  })
}
