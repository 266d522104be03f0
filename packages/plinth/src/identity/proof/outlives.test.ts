import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { clearAway } from '../../app/housekeeping.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { type Answer, openPeople, password, tokenIn } from './people.ts'

const fresh = 'another horse battery'
const anns = 'ann@people.example'
const dayMs = 86_400_000

function bodyOf<T>({ text }: Answer): T {
  return JSON.parse(text) as T
}

onBothServers('what a thief has', (server) => {
  async function ann(context: Parameters<typeof openPeople>[1]) {
    const people = await openPeople(server, context)
    const { tested, ask } = people
    const { id } = await tested.user({ email: anns, password })
    const sign = (more: object = {}) => ask('identity.signIn', { email: anns, password, ...more })
    const subjects = async () => {
      await tested.drain()
      return (await tested.mails()).map(({ subject }) => subject)
    }
    return { ...people, id, sign, subjects }
  }

  /** Ann with an authenticator app, and a device that somebody has taken along. */
  async function trusting(context: Parameters<typeof openPeople>[1]) {
    const people = await ann(context)
    const { tested, ask, sign } = people
    const first = tokenIn(await sign())
    const made = await ask('identity.setUpTotp', {}, { token: first })
    const { secret } = bodyOf<{ secret: string }>(made)
    const totp = new TOTP({ secret: Secret.fromBase32(secret) })
    const code = () => {
      tested.clock.advance(30_000)
      return totp.generate({ timestamp: tested.clock.now() })
    }
    const set = await ask('identity.confirmTotp', { code: code() }, { token: first })
    const { recoveryCodes } = bodyOf<{ recoveryCodes: string[] }>(set)
    const enter = async (more: object) => {
      const { pending } = bodyOf<{ pending: string }>(await sign())
      const done = await ask('identity.secondFactor', { pending, ...more })
      assert.equal(done.status, 200, done.text)
      return done
    }
    const { trusted } = bodyOf<{ trusted: string }>(await enter({ code: code(), trust: true }))
    const here = { token: tokenIn(await enter({ code: code() })) }
    const asked = async (secret = password) =>
      'pending' in bodyOf<object>(await sign({ trusted, password: secret }))
    assert.equal(await asked(), false, 'it is trusted')
    return { ...people, here, asked, enter, recoveryCodes }
  }

  for (const keepThis of [false, true]) {
    test(`C11: no trust in a device outlives signing out, here ${!keepThis}`, async (context) => {
      const { ask, here, asked } = await trusting(context)
      assert.equal((await ask('identity.signOutEverywhere', { keepThis }, here)).status, 204)
      assert.equal(await asked(), true)
    })
  }

  test('C11: no trust in a device outlives the password', async (context) => {
    const { ask, here, asked } = await trusting(context)
    const changing = { password, newPassword: fresh }
    assert.equal((await ask('identity.changePassword', changing, here)).status, 200)
    assert.equal(await asked(fresh), true)
  })

  test('C15: the use of a recovery code is told, and how many are left', async (context) => {
    const { enter, recoveryCodes, subjects, tested } = await trusting(context)
    await enter({ code: recoveryCodes[3] })
    await subjects()
    const texts = (await tested.mails()).map(({ text }) => text ?? '')
    assert.ok(texts.some((text) => /A recovery code was used .*; 9 are left/.test(text)))
  })

  test('C11: a session ends where its cookie gives way to another', async (context) => {
    const { ask, sign, id, tested } = await ann(context)
    const first = await sign({ cookie: true })
    const before = first.session?.token ?? assert.fail('a cookie was asked for')
    const told = async (token: string) => (await ask('identity.me', {}, { token })).status
    const again = { email: anns, password, cookie: true }
    const wrong = { ...again, password: fresh }
    assert.equal(
      (await ask('identity.signIn', wrong, { token: before, from: 'cookie' })).status,
      401,
    )
    assert.equal(await told(before), 200, 'nothing has begun in its place')
    const other = tokenIn(await sign())
    const next = await ask('identity.signIn', again, { token: before, from: 'cookie' })
    assert.equal(next.status, 200, next.text)
    assert.equal(await told(before), 401, 'a copy of it is worth nothing')
    assert.equal(await told(next.session?.token ?? ''), 200)
    assert.equal(await told(other), 200, 'those of other devices go on')
    const bearer = await ask('identity.signIn', again, { token: other })
    assert.equal(bearer.status, 200)
    assert.equal(await told(other), 200, 'a program keeps what it has')
    assert.equal((await tested.data.session.find({ filter: { userId: id } })).data.length, 3)
  })

  test('C01: a device is told of after a year in which nobody came', async (context) => {
    const { sign, subjects, tested, runtime, ask } = await ann(context)
    assert.equal((await sign()).status, 200)
    assert.deepEqual(await subjects(), [], 'the first device of a new account')
    tested.clock.advance(365 * dayMs)
    await clearAway(runtime)
    const { data: known } = await tested.data.knownDevice.find({})
    assert.deepEqual(known, [], 'forgotten')
    const from = { agent: 'curl/8.0', remoteAddress: '203.0.113.9' }
    assert.equal((await ask('identity.signIn', { email: anns, password }, from)).status, 200)
    assert.deepEqual(await subjects(), ['New sign-in to People'])
  })

  test('C16: a proof that is yet to come is none: a clock was set back', async (context) => {
    const { sign, tested, ask, id } = await ann(context)
    const token = tokenIn(await sign())
    const { data: sessions } = await tested.data.session.find({ filter: { userId: id } })
    const move = async (ms: number) => {
      const provedAt = new Date(tested.clock.now() + ms).toISOString()
      for (const one of sessions) await tested.data.session.update(one.id, { provedAt })
      return (await ask('identity.setUpTotp', {}, { token })).text
    }
    assert.doesNotMatch(await move(30_000), /step_up_required/, 'clocks of two nodes differ')
    assert.match(await move(3_600_000), /step_up_required/)
  })

  test('C16: a change of address is told to the old one while it leads in', async (context) => {
    const { ask, sign, tested, subjects } = await ann(context)
    const token = tokenIn(await sign())
    const next = 'mallory@people.example'
    const asked = await ask('identity.changeEmail', { email: next, password }, { token })
    assert.equal(asked.status, 202, asked.text)
    assert.ok((await subjects()).includes('Your account at People was changed'))
    const told = (await tested.mails()).find(({ to }) => to.includes(anns))
    assert.match(told?.text ?? '', /mallory@people\.example .*Nothing has changed yet/)
    // What that mail leads to keeps the account.
    await ask('identity.forgotPassword', { email: anns })
    await tested.drain()
    const texts = (await tested.mails()).map(({ text }) => text ?? '').join('\n')
    const reset = /token=(plr_[\w-]+)/.exec(texts)?.[1]
    const change = /token=(plc_[\w-]+)/.exec(texts)?.[1]
    const setting = { token: reset, newPassword: fresh }
    assert.equal((await ask('identity.resetPassword', setting)).status, 204)
    assert.equal((await ask('identity.confirmEmail', { token: change })).status, 401)
  })
})
