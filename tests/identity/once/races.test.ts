/** Proves that of fifty who come at once with something that is good once, one gets through. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../packages/plinth/src/base/limits.ts'
import { password } from '../../../packages/plinth/src/identity/proof/provider/stand.ts'
import { type Answer, tokenIn, withTotp, worldScene } from './world.ts'

const scene = worldScene()
const often = 50

/** Fifty at once. Returns how many were told yes; all others were refused as it has to be. */
async function race(attempt: (index: number) => Promise<Answer>): Promise<number> {
  const all = await Promise.all(Array.from({ length: often }, (_, index) => attempt(index)))
  const good = all.filter(({ status }) => status < 300).length
  const told = JSON.stringify(all.map(({ status, body }) => `${status} ${String(body.code)}`))
  const refused = all.filter(({ status }) => [401, 404, 409, 429].includes(status)).length
  assert.equal(good + refused, often, told)
  return good
}

test('C09: of fifty who show a reset token at once one sets the password', async () => {
  const { mail, post, user } = scene.world
  const { email } = await user('reset')
  await post('forgot-password', { email })
  const token = tokenIn(await mail(email))
  const newPassword = (index: number) => `a new phrase, number ${index}`
  const reset = (index: number) =>
    post('reset-password', { token, newPassword: newPassword(index) })
  assert.equal(await race(reset), 1)
})

test('C15: of fifty who follow a link at once one signs in', async () => {
  const { mail, post, user } = scene.world
  const { email } = await user('link')
  await post('send-link', { email })
  const token = tokenIn(await mail(email))
  assert.equal(await race(() => post('sign-in-by-link', { token })), 1)
})

test('C15: of fifty who type the code of a mail at once one signs in', async () => {
  const { mail, post, user } = scene.world
  const { email } = await user('code')
  const { attempt } = (await post('send-link', { email })).body
  const [, first, second] = /\b(\d{4}) ?(\d{4})\b/.exec(await mail(email)) ?? []
  const code = `${first}${second}`
  assert.match(code, /^\d{8}$/)
  assert.equal(await race(() => post('sign-in-by-code', { attempt, code })), 1)
})

test('C09: of fifty who confirm an address at once one does', async () => {
  const { mail, post, provider, signIn, user } = scene.world
  const { email, id } = await user('verify')
  await provider.running.users.records.update('user', id, { emailVerifiedAt: null })
  await post('send-verification', {}, await signIn(email))
  const token = tokenIn(await mail(email))
  assert.equal(await race(() => post('verify-email', { token, password })), 1)
})

test('C09: of fifty who confirm a new address at once one does', async () => {
  const { mail, post, signIn, user } = scene.world
  const { email } = await user('change')
  const next = 'changed@notes.example'
  await post('change-email', { email: next, password }, await signIn(email))
  const token = tokenIn(await mail(next))
  assert.equal(await race(() => post('confirm-email', { token })), 1)
})

test('C12: of fifty who make an account of a guest at once one does', async () => {
  const { mail, post, provider } = scene.world
  provider.clock.advance(3_600_000)
  const guest = String((await post('continue-as-guest', {})).body.token)
  const email = 'guest@notes.example'
  assert.equal((await post('upgrade', { email, password, name: 'Guest' }, guest)).status, 202)
  const token = tokenIn(await mail(email))
  assert.equal(await race(() => post('confirm-upgrade', { token }, guest)), 1)
  const found = await provider.running.users.records.find('user', { filter: { email } })
  assert.equal(found.length, 1)
})

test('E04: of fifty who accept an invitation at once one joins', async () => {
  const { mail, post, provider, signIn, user } = scene.world
  const [ada, bob] = [await user('ada'), await user('bob')]
  const owner = await signIn(ada.email)
  const founded = await post('create-organisation', { name: 'Acme' }, owner)
  assert.equal(founded.status, 201, JSON.stringify(founded.body))
  await post('invite-member', { email: bob.email, role: 'member' }, owner)
  const token = tokenIn(await mail(bob.email))
  const sessions = await Promise.all(Array.from({ length: 5 }, () => signIn(bob.email)))
  const accept = (index: number) => post('accept-invitation', { token }, sessions[index % 5])
  assert.equal(await race(accept), 1)
  const filter = { userId: bob.id }
  const found = await provider.running.users.records.find('membership', { filter })
  assert.equal(found.length, 1)
})

test('C15: of as many as may try a recovery code at once one gets in', async () => {
  const { post, signIn, user } = scene.world
  const { email } = await user('recovery')
  const { recoveryCodes } = await withTotp(scene.world, email)
  const most = limits.secondFactorTriesPerQuarterHour
  const waiting: string[] = []
  for (let index = 0; index < most; index++) waiting.push(await signIn(email))
  const [code] = recoveryCodes
  const second = (index: number) => post('second-factor', { pending: waiting[index % most], code })
  assert.equal(await race(second), 1)
})

test('C15: of as many as may try a code of time at once one gets in', async () => {
  const { post, provider, signIn, user } = scene.world
  const { email } = await user('totp')
  const { code } = await withTotp(scene.world, email)
  provider.clock.advance(60_000)
  const most = limits.secondFactorTriesPerQuarterHour
  const waiting: string[] = []
  for (let index = 0; index < most; index++) waiting.push(await signIn(email))
  const shown = code()
  const second = (index: number) =>
    post('second-factor', { pending: waiting[index % most], code: shown })
  assert.equal(await race(second), 1)
})

test('C15: of fifty who end one sign-in at once, each by a code of its own, one does', async () => {
  const { post, signIn, user } = scene.world
  const { email } = await user('pending')
  const { recoveryCodes } = await withTotp(scene.world, email)
  const pending = await signIn(email)
  const second = (index: number) =>
    post('second-factor', { pending, code: recoveryCodes[index % recoveryCodes.length] })
  assert.equal(await race(second), 1)
})
