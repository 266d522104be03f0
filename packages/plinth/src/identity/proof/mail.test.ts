import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { app } from '../../define/kit.ts'
import { testApp } from '../../testing/test-app.ts'
import { identity } from '../kit.ts'
import { openPeople, password, tokenIn } from './people.ts'

const fresh = 'another horse battery'
const anns = 'ann@people.example'

onBothServers('accounts by mail', (server) => {
  async function ann(context: Parameters<typeof openPeople>[1]) {
    const people = await openPeople(server, context)
    const { tested, ask } = people
    const user = await tested.user({ email: anns, password, verified: false })
    const mailed = async () => {
      await tested.drain()
      return tested.mails()
    }
    const token = async (to = anns) => {
      const mails = await mailed()
      const texts = mails.flatMap((mail) => (mail.to.includes(to) ? [mail.text ?? ''] : []))
      const found = texts.flatMap((text) => /token=([\w-]+)/.exec(text)?.[1] ?? [])
      return found[0] ?? assert.fail('no mail')
    }
    const sign = (secret: string) => ask('identity.signIn', { email: anns, password: secret })
    return { ...people, user, mailed, token, sign }
  }

  test('a forgotten password: one mail, one use, all sessions end (C09, C11)', async (context) => {
    const { ask, sign, token, tested, mailed } = await ann(context)
    const before = tokenIn(await sign(password))
    const known = await ask('identity.forgotPassword', { email: anns })
    const unknown = await ask('identity.forgotPassword', { email: 'nobody@people.example' })
    assert.equal(known.status, 202)
    assert.deepEqual(unknown.text.replace('nobody', 'ann'), known.text)
    const mails = await mailed()
    assert.deepEqual(
      mails.map(({ to }) => to),
      [[anns]],
    )
    const secret = await token()
    assert.match(secret, /^plr_[\w-]{43}$/)
    const reset = (newPassword = fresh) =>
      ask('identity.resetPassword', { token: secret, newPassword })
    assert.match((await reset('short')).text, /bad_password/)
    const all = await Promise.all([reset(), reset(), reset(), reset()])
    assert.deepEqual(all.map(({ status }) => status).sort(), [204, 401, 401, 401])
    assert.equal((await reset()).status, 401)
    assert.equal((await sign(password)).status, 401)
    assert.equal((await sign(fresh)).status, 200)
    assert.equal((await ask('identity.me', {}, { token: before })).status, 401)
    const [user] = (await tested.data.user.find({ filter: { email: anns } })).data
    assert.ok(user?.emailVerifiedAt, 'whoever got the mail has the address')
    assert.ok((await mailed()).some(({ subject }) => /was changed/.test(subject)))
  })

  test('a reset ends by time, by a newer one, and by another password', async (context) => {
    const { ask, token, tested, sign } = await ann(context)
    const asked = async () => {
      tested.clock.advance(3_600_000)
      await ask('identity.forgotPassword', { email: anns })
      return token()
    }
    const reset = async (secret: string) =>
      (await ask('identity.resetPassword', { token: secret, newPassword: fresh })).status
    const old = await asked()
    tested.clock.advance(15 * 60_000)
    assert.equal(await reset(old), 401, 'too old')
    const first = await asked()
    const second = await asked()
    assert.equal(await reset(first), 401, 'replaced')
    const session = tokenIn(await sign(password))
    const changing = { password, newPassword: 'a third horse battery' }
    assert.equal((await ask('identity.changePassword', changing, { token: session })).status, 200)
    assert.equal(await reset(second), 401, 'of a password that is gone')
  })

  test('changing a password asks for it, and ends the other sessions', async (context) => {
    const { ask, sign, mailed } = await ann(context)
    const [here, there] = [tokenIn(await sign(password)), tokenIn(await sign(password))]
    const change = (input: object) => ask('identity.changePassword', input, { token: here })
    assert.equal((await change({ password: fresh, newPassword: fresh })).status, 401)
    assert.match((await change({ password, newPassword: 'short' })).text, /\/newPassword/)
    const changed = await change({ password, newPassword: fresh })
    assert.equal(changed.status, 200)
    assert.equal((await ask('identity.me', {}, { token: tokenIn(changed) })).status, 200)
    assert.equal((await ask('identity.me', {}, { token: here })).status, 401, 'a new token (C12)')
    assert.equal((await ask('identity.me', {}, { token: there })).status, 401)
    assert.equal((await mailed()).length, 1)
    assert.match(
      (await ask('identity.changePassword', { password, newPassword: fresh })).text,
      /sign_in/,
    )
  })

  test('a link and a code sign in once, the code for its asker alone (C15)', async (context) => {
    const { ask, mailed, token, tested } = await ann(context)
    const { text } = await ask('identity.sendLink', { email: anns })
    const { attempt } = JSON.parse(text) as { attempt: string }
    const stranger = await ask('identity.sendLink', { email: 'nobody@people.example' })
    assert.equal(stranger.text.replace(/pla_[\w-]{43}/, ''), text.replace(/pla_[\w-]{43}/, ''))
    const [mail] = await mailed()
    assert.equal((await tested.mails()).length, 1)
    const code = /: (\d{8})\./.exec(mail?.text ?? '')?.[1] ?? assert.fail('no code')
    const byCode = (input: object) => ask('identity.signInByCode', input)
    const { attempt: other } = JSON.parse(stranger.text) as { attempt: string }
    assert.equal((await byCode({ attempt: other, code })).status, 401)
    const both = await Promise.all([byCode({ attempt, code }), byCode({ attempt, code })])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401])
    const link = await token()
    assert.match(link, /^pll_/)
    assert.equal(
      (await ask('identity.signInByLink', { token: link })).status,
      401,
      'one use for both',
    )
  })

  test('a code is tried five times, then not even the right one counts (C04)', async (context) => {
    const { ask, mailed } = await ann(context)
    const { text } = await ask('identity.sendLink', { email: anns })
    const { attempt } = JSON.parse(text) as { attempt: string }
    const [mail] = await mailed()
    const code = /: (\d{8})\./.exec(mail?.text ?? '')?.[1] ?? ''
    const guesses = Array.from({ length: 12 }, (_, number) =>
      ask(
        'identity.signInByCode',
        { attempt, code: String(number).padStart(8, '0') },
        { remoteAddress: `192.0.2.${number}` },
      ),
    )
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 401).length, 5)
    assert.equal(statuses.filter((status) => status === 429).length, 7)
    assert.equal((await ask('identity.signInByCode', { attempt, code })).status, 429)
  })

  test('an address is confirmed, and changed, by mails that reach it', async (context) => {
    const { ask, sign, token, tested, user, mailed } = await ann(context)
    const session = { token: tokenIn(await sign(password)) }
    assert.equal((await ask('identity.sendVerification', {}, session)).status, 202)
    const confirms = await token()
    const asChange = await ask('identity.confirmEmail', { token: confirms })
    assert.equal(asChange.status, 401, 'good for one purpose (C21)')
    const verify = (asking: object) => ask('identity.verifyEmail', { token: confirms }, asking)
    assert.match((await verify({})).text, /"\/password".*required/, 'a click alone does not do')
    assert.equal((await verify(session)).status, 204)
    assert.ok((await tested.data.user.get(user.id)).emailVerifiedAt)
    const next = 'ann@elsewhere.example'
    const change = (secret: string) =>
      ask('identity.changeEmail', { email: next, password: secret }, session)
    assert.equal((await change(fresh)).status, 401)
    const asked = await change(password)
    assert.equal(asked.status, 202)
    assert.equal((await ask('identity.me', {}, session)).status, 401, 'a new token (C12)')
    assert.equal((await ask('identity.me', {}, { token: tokenIn(asked) })).status, 200)
    await mailed()
    assert.equal((await tested.data.user.get(user.id)).email, anns, 'not yet')
    assert.equal((await ask('identity.confirmEmail', { token: await token(next) })).status, 204)
    assert.equal((await tested.data.user.get(user.id)).email, next)
    const told = (await mailed()).find(({ subject }) => /was changed/.test(subject))
    assert.deepEqual(told?.to, [anns], 'the old address is told')
  })

  test('a new account confirms itself; a second sign-up tells the first (C06)', async (context) => {
    const { ask, tested, token } = await ann(context)
    const up = (email: string) => ask('identity.signUp', { email, password })
    const first = await up('bob@people.example')
    const [again] = [await up(anns)]
    assert.equal(first.text.replace('bob', 'ann'), again?.text)
    assert.match(await token('bob@people.example'), /^plv_/)
    const subjects = (await tested.mails()).map(({ subject }) => subject)
    assert.deepEqual(subjects.sort(), [
      'Confirm your address for People',
      'You have an account at People already',
    ])
  })

  test('a device never seen before is told of, and shown in the list', async (context) => {
    const { ask, mailed } = await ann(context)
    const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    const sign = (asking: object) => ask('identity.signIn', { email: anns, password }, asking)
    await sign({ agent })
    await sign({ agent })
    assert.deepEqual(await mailed(), [], 'the first device of an account is nothing new')
    const there = await sign({ agent: 'curl/8.0', remoteAddress: '198.51.100.7' })
    const [mail] = await mailed()
    assert.match(mail?.text ?? '', /curl, from 198\.51\.100\.7/)
    const token = tokenIn(there)
    const { text } = await ask('session.list', {}, { token })
    const { data } = JSON.parse(text) as { data: { device: string }[] }
    assert.deepEqual(data.map(({ device }) => device).sort(), [
      'Firefox on Linux',
      'Firefox on Linux',
      'curl',
    ])
    assert.equal(
      (await ask('identity.signOutEverywhere', { keepThis: true }, { token })).status,
      204,
    )
    const left = await ask('session.list', {}, { token })
    assert.equal((JSON.parse(left.text) as { data: object[] }).data.length, 1)
    assert.equal((await ask('identity.signOutEverywhere', {}, { token })).status, 204)
    assert.equal((await ask('identity.me', {}, { token })).status, 401)
  })

  test('ASVS 6.3.6: an app that says so lets nobody in by a mail', async (context) => {
    const strict = app({ kits: [identity], title: 'Strict', signIn: { byMail: false } })
    const tested = await testApp(strict, { server: server.address() })
    context.after(() => tested.close())
    await tested.user({ email: anns, password })
    const names = [...tested.running.runtime.catalog.operations.keys()]
    const byMail = ['sendLink', 'signInByLink', 'signInByCode'].map((name) => `identity.${name}`)
    assert.deepEqual(
      names.filter((name) => byMail.includes(name)),
      [],
    )
    for (const path of ['send-link', 'sign-in-by-link', 'sign-in-by-code']) {
      const answer = await tested.request('POST', `/api/identity/${path}`, { body: {} })
      assert.equal(answer.status, 404, path)
    }
    for (const path of ['send-link', 'enter-code', 'sign-in-by-link']) {
      assert.equal((await tested.request('GET', `/account/${path}`)).status, 404, path)
    }
    const page = await tested.request('GET', '/account/sign-in')
    assert.equal(page.status, 200)
    assert.doesNotMatch(page.text, /send-link/)
    assert.match(page.text, /forgot-password/, 'a mail is still a way to a new password')
    const body = { email: anns, password }
    assert.equal((await tested.request('POST', '/api/identity/sign-in', { body })).status, 200)
  })
})
