import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { onBothServers } from '../../../database/proof/servers.ts'
import { password, tokenIn } from '../people.ts'
import { bodyOf, openHolders } from './holders.ts'
import type { Answered } from './soft-authenticator.ts'

const anns = 'ann@people.example'
const minuteMs = 60_000

interface Pending {
  readonly pending: string
  readonly factors: readonly string[]
}

interface Ways {
  readonly password: boolean
  readonly passkeys: number
  readonly totp: boolean
  readonly secondFactor: boolean
}

onBothServers('passkeys as a second step', (server) => {
  async function ann(context: Parameters<typeof openHolders>[1]) {
    const people = await openHolders(server, context)
    const { holder, added, passkey, ask, signIn, optionsOf, tested } = people
    const { token, id } = await holder(anns)
    const key = passkey()
    const passkeyId = await added(token, key)
    const waiting = async () => bodyOf<Pending>(await signIn(anns))
    const secondOptions = (pending: string) =>
      optionsOf('identity.beginSecondFactorPasskey', { pending })
    const second = (pending: string, passkey: Answered) =>
      ask('identity.secondFactor', { pending, passkey })
    const on = (want: boolean, as = token) =>
      ask('identity.setSecondFactor', { on: want }, { token: as })
    const ways = async (as = token) => bodyOf<Ways>(await ask('identity.waysIn', {}, { token: as }))
    /** Shows again, by the passkey, who is in a session; its new token. */
    const again = async (as: string) => {
      const options = await optionsOf('identity.beginStepUpPasskey', {}, as)
      return tokenIn(await ask('identity.stepUp', { passkey: key.get(options) }, { token: as }))
    }
    const assurance = async (as: string) => {
      const caller = await tested.running.runtime.identify(as)
      return caller.is === 'user' ? caller.proof?.assurance : undefined
    }
    const found = { token, id, key, passkeyId, waiting, secondOptions, second, on, ways }
    return { ...people, ...found, again, assurance }
  }

  test('a password is enough until its owner says otherwise', async (context) => {
    const people = await ann(context)
    const { signIn, on, waiting, ways, key, secondOptions, second, assurance, mailsTo } = people
    assert.ok(bodyOf<{ token?: string }>(await signIn(anns)).token)
    const { recoveryCodes } = bodyOf<{ recoveryCodes: string[] }>(await on(true))
    assert.equal(recoveryCodes.length, 10)
    assert.match((await mailsTo(anns))[0]?.text ?? '', /takes a second step/)
    assert.deepEqual([(await ways()).secondFactor, (await ways()).totp], [true, false])
    const { pending, factors } = await waiting()
    assert.deepEqual(factors, ['passkey', 'recovery-code'])
    const options = await secondOptions(pending)
    assert.deepEqual(
      options.allowCredentials?.map(({ id }) => id),
      [key.id],
    )
    const done = await second(pending, key.get(options))
    assert.equal(done.status, 200, done.text)
    assert.equal(await assurance(tokenIn(done)), 2)
    assert.equal((await second(pending, key.get(options))).status, 401, 'C13: it ends once')
    const other = await waiting()
    const code = { pending: other.pending, code: recoveryCodes[0] }
    assert.equal((await people.ask('identity.secondFactor', code)).status, 200)
  })

  test('C14: no other way in goes past it, and none of another sign-in', async (context) => {
    const people = await ann(context)
    const { on, waiting, secondOptions, second, key, ask, enter, tested, passkey } = people
    assert.equal((await on(true)).status, 200)
    const [one, two] = [await waiting(), await waiting()]
    const crossed = key.get(await secondOptions(one.pending))
    assert.equal((await second(two.pending, crossed)).status, 401)
    const stranger = passkey().get(await secondOptions(one.pending))
    assert.equal((await second(one.pending, stranger)).status, 401)
    const anonymous = key.get(await people.signInOptions())
    assert.equal((await second(one.pending, anonymous)).status, 401, 'of another purpose')
    assert.equal((await ask('identity.secondFactor', { pending: one.pending })).status, 422)
    const { attempt } = bodyOf<{ attempt: string }>(await ask('identity.sendLink', { email: anns }))
    await tested.drain()
    const [mail] = (await tested.mails()).filter(({ subject }) => /Sign in/.test(subject))
    const code = /: (\d{8})\./.exec(mail?.text ?? '')?.[1] ?? ''
    const byMail = bodyOf<Pending>(await ask('identity.signInByCode', { attempt, code }))
    assert.match(byMail.pending, /^plp_/)
    assert.equal((await enter(key)).status, 200, 'the passkey itself is two')
  })

  test('C12: a step up raises the session under a new token', async (context) => {
    const { signIn, again, assurance, ask, optionsOf, holder } = await ann(context)
    const first = tokenIn(await signIn(anns))
    assert.equal(await assurance(first), 1)
    const next = await again(first)
    assert.equal(await assurance(next), 2)
    assert.equal((await ask('identity.me', {}, { token: first })).status, 401, 'dead')
    const bob = await holder('bob@people.example')
    const none = await ask('identity.beginStepUpPasskey', {}, { token: bob.token })
    assert.equal(none.status, 409, 'who has none is asked otherwise')
    await assert.rejects(optionsOf('identity.beginStepUpPasskey', {}))
  })

  test('C16: once it is on, a session of one factor changes nothing', async (context) => {
    const { on, again, token, ask, passkeyId } = await ann(context)
    assert.equal((await on(true)).status, 200)
    const remove = (as: string) =>
      ask('identity.removePasskey', { passkey: passkeyId }, { token: as })
    assert.match((await on(false)).text, /step_up_required/)
    assert.match((await remove(token)).text, /step_up_required/)
    const setUp = (as: string) => ask('identity.setUpTotp', {}, { token: as })
    assert.match((await setUp(token)).text, /step_up_required/, 'nor adds an authenticator app')
    const next = await again(token)
    assert.equal((await setUp(next)).status, 200)
    assert.equal((await on(false, next)).status, 200)
  })

  test('C16: one factor confirms no app that was set up before it was on', async (context) => {
    const { on, token, ask, tested } = await ann(context)
    const { secret } = bodyOf<{ secret: string }>(await ask('identity.setUpTotp', {}, { token }))
    assert.equal((await on(true)).status, 200)
    const timestamp = tested.clock.now()
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp })
    const confirmed = await ask('identity.confirmTotp', { code }, { token })
    assert.match(confirmed.text, /step_up_required/)
    assert.equal(bodyOf<Ways>(await ask('identity.waysIn', {}, { token })).totp, false)
  })

  test('it ends with the last passkey, and outlives the authenticator app', async (context) => {
    const people = await ann(context)
    const { token, ask, tested, ways, again, passkeyId, on, signIn } = people
    const { secret } = bodyOf<{ secret: string }>(await ask('identity.setUpTotp', {}, { token }))
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate({
      timestamp: tested.clock.now(),
    })
    const turned = await ask('identity.confirmTotp', { code }, { token })
    assert.equal(turned.status, 200, turned.text)
    const now = bodyOf<{ token?: string }>(turned).token ?? token
    assert.match((await on(false, now)).text, /remove it first/)
    const { factors } = bodyOf<Pending>(await signIn(anns))
    assert.deepEqual(factors, ['passkey', 'totp', 'recovery-code'])
    assert.equal((await ask('identity.removeTotp', {}, { token: now })).status, 204)
    assert.deepEqual([(await ways(now)).secondFactor, (await ways(now)).totp], [true, false])
    const last = await again(now)
    const removed = await ask('identity.removePasskey', { passkey: passkeyId }, { token: last })
    assert.equal(removed.status, 204, removed.text)
    assert.equal((await ways(last)).secondFactor, false)
    assert.ok(bodyOf<{ token?: string }>(await signIn(anns)).token)
  })

  test('an account lives by passkeys alone; its last way in stays', async (context) => {
    const people = await ann(context)
    const { token, ask, key, enter, ways, tested, id, passkeyId, signIn, passkey } = people
    const without = await ask('identity.removePassword', {}, { token })
    assert.equal(without.status, 204, without.text)
    assert.equal((await ways()).password, false)
    assert.equal((await signIn(anns)).status, 401)
    const entered = tokenIn(await enter(key))
    // Its address is nobody's any more: no mail is a way in.
    await tested.running.users.records.update('user', id, { emailVerifiedAt: null })
    const remove = () => ask('identity.removePasskey', { passkey: passkeyId }, { token: entered })
    const refused = await remove()
    assert.equal(refused.status, 409)
    assert.match(refused.text, /last way into the account: add another one first/)
    assert.equal((await enter(key)).status, 200, 'nothing was removed')
    const { addOptions, add } = people
    await tested.running.users.records.update('user', id, { emailVerifiedAt: at })
    assert.equal((await add(entered, passkey().create(await addOptions(entered)))).status, 201)
    await tested.running.users.records.update('user', id, { emailVerifiedAt: null })
    assert.equal((await remove()).status, 204)
  })

  test('C17: the first to show an address gets no foreign passkey', async (context) => {
    const { ask, tested, id, enter, key } = await ann(context)
    await tested.running.users.records.update('user', id, { emailVerifiedAt: null })
    const { attempt } = bodyOf<{ attempt: string }>(await ask('identity.sendLink', { email: anns }))
    await tested.drain()
    const [mail] = (await tested.mails()).filter(({ subject }) => /Sign in/.test(subject))
    const code = /: (\d{8})\./.exec(mail?.text ?? '')?.[1] ?? ''
    assert.equal((await ask('identity.signInByCode', { attempt, code })).status, 200)
    assert.equal((await enter(key)).status, 401)
  })

  test('a password is no way out of a last passkey that is locked', async (context) => {
    const people = await ann(context)
    const { token, ask, tested, id, passkeyId } = people
    const records = tested.running.users.records
    await records.update('user', id, { emailVerifiedAt: null })
    await records.update('passkey', passkeyId, { lockedAt: at })
    const refused = await ask('identity.removePassword', {}, { token })
    assert.match(refused.text, /last way into the account/)
    tested.clock.advance(6 * minuteMs)
    const stale = await ask('identity.removePassword', {}, { token })
    assert.match(stale.text, /step_up_required/)
    assert.equal((await ask('identity.stepUp', { password }, { token })).status, 200)
  })
})

const at = '2026-01-01T00:00:00Z'
