/** Proves that attacks on accounts (C01 to C28) are held off by the account pages alike. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../../packages/plinth/src/base/limits.ts'
import { clubScene, password, signIn, withTotp } from '../../stage.ts'
import { type Sending, type Shown, Visitor } from './visitor.ts'

const scene = clubScene()
const wrong = 'incorrect horse battery'
const newPassword = 'another horse battery'
const most = limits.signInsPerMinutePerAccount
const visitor = () => new Visitor(scene.club)

const guess = (email: string, sending: Sending = {}): Promise<Shown> =>
  visitor().send('/account/sign-in', { email, password: wrong }, sending)

const counted = (told: readonly Shown[], status: number): number =>
  told.filter((each) => each.status === status).length

/** Somebody whose password was right. */
async function entered(email: string, secret = password): Promise<Visitor> {
  const one = visitor()
  const { to, text } = await one.send('/account/sign-in', { email, password: secret })
  assert.match(to, /^\/account/, text)
  return one
}

test('C01: guesses are counted by account, by pages', async () => {
  const told: Shown[] = []
  for (let index = 0; index < most + 3; index++) {
    const email = index % 2 === 0 ? scene.anns : scene.anns.toUpperCase()
    const headers = { 'user-agent': `agent ${index}`, 'x-forwarded-for': `192.0.2.${index}` }
    told.push(await guess(email, { headers }))
  }
  assert.equal(counted(told, 429), 3)
})

test('C02: a network is counted as one, by pages', async () => {
  const told: Shown[] = []
  for (let index = 0; index < limits.signInsPerMinutePerNetwork + 3; index++) {
    const remoteAddress = `2001:db8:fffd:${scene.count}:${index}::${index.toString(16)}`
    told.push(await guess(`nobody${index}@club.example`, { remoteAddress }))
  }
  assert.equal(counted(told, 429), 3)
})

test('C04: guesses at once are counted before they are checked, by pages', async () => {
  const told = await Promise.all(Array.from({ length: 20 }, () => guess(scene.anns)))
  assert.equal(counted(told, 429), 20 - most)
})

test('C05: a page is no other count than the API, by pages', async () => {
  const codes: number[] = []
  for (let index = 0; index < most + 2; index++) {
    const { post } = scene.club
    const byApi = () => post('sign-in', { email: scene.anns, password: wrong })
    codes.push((await (index % 2 === 0 ? guess(scene.anns) : byApi())).status)
  }
  assert.deepEqual(codes.slice(most), [429, 429], codes.join())
})

test('C06: nobody learns who has an account, by pages', async () => {
  for (const [page, more] of [
    ['sign-up', { password: newPassword }],
    ['sign-in', { password: wrong }],
    ['forgot-password', {}],
    ['send-link', {}],
  ] as const) {
    scene.club.tested.clock.advance(3_600_000)
    const said = async (email: string): Promise<string> => {
      const { status, text, to } = await visitor().send(`/account/${page}`, { email, ...more })
      return `${status} ${to} ${text.replaceAll(email, '…').replaceAll(/nonce="[\w-]+"/g, '')}`
    }
    assert.equal(await said(`x${scene.anns}`), await said(scene.anns), page)
  }
})

test('C07: guesses lock no owner out of a device they know, by pages', async () => {
  const home = { remoteAddress: '192.0.2.77', headers: { 'user-agent': 'Firefox/140' } }
  const own = { email: scene.anns, password }
  assert.equal((await visitor().send('/account/sign-in', own, home)).to, '/account')
  for (let index = 0; index < most + 2; index++) await guess(scene.anns)
  assert.equal((await guess(scene.anns)).status, 429)
  assert.equal((await visitor().send('/account/sign-in', own, home)).to, '/account')
})

test('C08: a password that is common or too long is refused, by pages', async () => {
  const email = `new${scene.count}@club.example`
  for (const bad of ['passwordpassword', 'short', 'x'.repeat(257), 'Club club club club']) {
    scene.club.tested.clock.advance(3_600_000)
    const { status } = await visitor().send('/account/sign-up', { email, password: bad })
    assert.equal(status, 422, bad)
  }
})

test('C09: of many who show a reset token one sets the password, by pages', async () => {
  await visitor().send('/account/forgot-password', { email: scene.anns })
  const [token = ''] = await scene.club.mailed(scene.anns)
  const tries = Array.from({ length: 12 }, (_, index) =>
    visitor().send('/account/reset-password', { token, newPassword: `a new phrase no ${index}` }),
  )
  const told = await Promise.all(tries)
  assert.equal(counted(told, 303), 1, told.map(({ status }) => status).join())
})

test('C10: no step is taken by the proof of another one, by pages', async () => {
  const { mailed, post, tested } = scene.club
  await tested.data.user.update(scene.annId, { emailVerifiedAt: null })
  await post('send-verification', {}, { token: await signIn(scene.club, scene.anns) })
  const [token = ''] = await mailed(scene.anns)
  assert.match(token, /^plv_/)
  for (const [page, values] of Object.entries({
    'reset-password': { token, newPassword },
    'confirm-email': { token },
    'sign-in-by-link': { token },
  })) {
    const one = visitor()
    const { status } = await one.send(`/account/${page}`, values)
    assert.equal(status, 401, page)
    assert.equal(await one.isIn(), false, page)
  }
})

test('C11: a new password ends the other browsers, by pages', async () => {
  const [here, other] = [await entered(scene.anns), await entered(scene.anns)]
  assert.ok(await other.isIn())
  const changed = await here.send('/account/change-password', { password, newPassword })
  assert.equal(changed.status, 303, changed.text)
  assert.deepEqual([await here.isIn(), await other.isIn()], [true, false])
})

test('C12: a fresh proof has a fresh cookie, a planted one stays theirs, by pages', async () => {
  const eve = await scene.club.tested.user({ email: `eve${scene.count}@club.example`, password })
  const ann = visitor()
  const planted = (await entered(eve.email)).jar.get('__Host-sid') ?? ''
  ann.jar.set('__Host-sid', planted)
  await ann.send('/account/sign-in', { email: scene.anns, password })
  const begun = ann.jar.get('__Host-sid') ?? ''
  assert.notEqual(begun, planted)
  await ann.send('/account/step-up', { password })
  const stepped = ann.jar.get('__Host-sid') ?? ''
  assert.ok(await ann.isIn())
  assert.notEqual(stepped, begun)
  const old = visitor()
  old.jar.set('__Host-sid', begun)
  assert.equal(await old.isIn(), false)
})

test('C13: a sign-in that waits opens nothing, by pages', async () => {
  await withTotp(scene.club, scene.anns)
  const ann = await entered(scene.anns)
  const pending = ann.jar.get('__Host-pending') ?? ''
  assert.match(pending, /^plp_/)
  ann.jar.set('__Host-sid', pending)
  assert.equal(await ann.isIn(), false)
})

test('C14: every way in asks for the second factor, by pages', async () => {
  await withTotp(scene.club, scene.anns)
  const byPassword = await visitor().send('/account/sign-in', { email: scene.anns, password })
  assert.equal(byPassword.to, '/account/second-factor')
  await visitor().send('/account/send-link', { email: scene.anns })
  const [token = ''] = await scene.club.mailed(scene.anns)
  const byLink = await visitor().send('/account/sign-in-by-link', { token })
  assert.equal(byLink.to, '/account/second-factor')
})

test('C15: a code of time is good once, by pages', async () => {
  const { code } = await withTotp(scene.club, scene.anns)
  const [one, two] = [await entered(scene.anns), await entered(scene.anns)]
  scene.club.tested.clock.advance(60_000)
  const shown = { code: code() }
  const told = [
    await one.send('/account/second-factor', shown),
    await two.send('/account/second-factor', shown),
  ]
  assert.equal(counted(told, 303), 1, told.map(({ status }) => status).join())
  assert.deepEqual([await one.isIn(), await two.isIn()], [true, false])
})

test('C15: a recovery code is good once, by pages', async () => {
  const { recoveryCodes } = await withTotp(scene.club, scene.anns)
  const [one, two] = [await entered(scene.anns), await entered(scene.anns)]
  const shown = { code: recoveryCodes[0] ?? '' }
  const told = [
    await one.send('/account/second-factor', shown),
    await two.send('/account/second-factor', shown),
  ]
  assert.equal(counted(told, 303), 1, told.map(({ status }) => status).join())
})

test('C16: no factor changes by an old proof, by pages', async () => {
  const { code } = await withTotp(scene.club, scene.anns)
  scene.club.tested.clock.advance(60_000)
  const ann = await entered(scene.anns)
  await ann.send('/account/second-factor', { code: code() })
  assert.ok(await ann.isIn())
  scene.club.tested.clock.advance(6 * 60_000)
  const { to } = await ann.send('/account/remove-totp')
  assert.match(to, /^\/account\/step-up/)
  const { secondFactor } = await scene.club.tested.data.user.get(scene.annId)
  assert.equal(secondFactor, true)
})

test('C17: an account under a foreign address goes to its owner, by pages', async () => {
  await scene.club.tested.data.user.update(scene.annId, { emailVerifiedAt: null })
  const eve = await entered(scene.anns)
  assert.ok(await eve.isIn())
  await visitor().send('/account/send-link', { email: scene.anns })
  const [token = ''] = await scene.club.mailed(scene.anns)
  const ann = visitor()
  assert.equal((await ann.send('/account/sign-in-by-link', { token })).status, 303)
  assert.deepEqual([await ann.isIn(), await eve.isIn()], [true, false])
})

test('C21: the token of a mail is good on its own page alone, by pages', async () => {
  for (const [made, page] of [
    ['forgot-password', 'sign-in-by-link'],
    ['send-link', 'reset-password'],
  ] as const) {
    await visitor().send(`/account/${made}`, { email: scene.anns })
    const [token = ''] = await scene.club.mailed(scene.anns)
    const one = visitor()
    assert.equal((await one.send(`/account/${page}`, { token, newPassword })).status, 401, page)
    one.jar.set('__Host-sid', token)
    assert.equal(await one.isIn(), false)
  }
})
