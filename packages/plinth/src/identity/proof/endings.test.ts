import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { onBothServers } from '../../database/proof/servers.ts'
import { app } from '../../define/kit.ts'
import { testApp } from '../../testing/test-app.ts'
import { webhooks } from '../../webhooks/kit.ts'
import { type Answer, openPeople, password, tokenIn } from './people.ts'

const fresh = 'another horse battery'
const anns = 'ann@people.example'
const next = 'ann@elsewhere.example'

function bodyOf<T>({ text }: Answer): T {
  return JSON.parse(text) as T
}

onBothServers('what ends with what it stood on', (server) => {
  async function ann(context: Parameters<typeof openPeople>[1], verified = true) {
    const people = await openPeople(server, context)
    const { tested, ask } = people
    await tested.user({ email: anns, password, verified })
    const sign = (more: object = {}) => ask('identity.signIn', { email: anns, password, ...more })
    const session = { token: tokenIn(await sign()) }
    const mailed = async (prefix: string) => {
      await tested.drain()
      const texts = (await tested.mails()).map(({ text }) => text ?? '').join(' ')
      return new RegExp(`token=(${prefix}[\\w-]+)`).exec(texts)?.[1]
    }
    const withFactor = async () => {
      const { secret } = bodyOf<{ secret: string }>(await ask('identity.setUpTotp', {}, session))
      const totp = new TOTP({ secret: Secret.fromBase32(secret) })
      const code = () => totp.generate({ timestamp: tested.clock.now() })
      session.token = tokenIn(await ask('identity.confirmTotp', { code: code() }, session))
      return () => {
        tested.clock.advance(30_000)
        return code()
      }
    }
    const pending = async () => bodyOf<{ pending: string }>(await sign()).pending
    return { ...people, sign, session, mailed, withFactor, pending }
  }

  test('a session is no way to guess the password, through any flow (C04)', async (context) => {
    const { ask, session } = await ann(context)
    const guess = async (flow: string, input: object, host: number) => {
      const asking = { ...session, remoteAddress: `198.51.100.${host}` }
      return (await ask(flow, { password: fresh, ...input }, asking)).status
    }
    const tries = Array.from({ length: 9 }, (_, at) => {
      if (at % 3 === 0) return guess('identity.changePassword', { newPassword: fresh }, at)
      if (at % 3 === 1) return guess('identity.changeEmail', { email: next }, at)
      return guess('identity.stepUp', {}, at)
    })
    const statuses = await Promise.all(tries)
    assert.equal(statuses.filter((status) => status === 401).length, 5)
    assert.ok(statuses.every((status) => status === 401 || status === 429))
  })

  test('an account under a foreign address goes to its owner (C17)', async (context) => {
    const { ask, mailed, session, tested, sign } = await ann(context, false)
    assert.equal((await sign()).status, 200)
    await ask('identity.sendLink', { email: anns })
    const owner = await ask('identity.signInByLink', { token: await mailed('pll_') })
    assert.equal(owner.status, 200)
    assert.equal((await ask('identity.me', {}, session)).status, 401, 'the first session is dead')
    assert.equal((await sign()).status, 401, 'and so is the first password')
    await tested.drain()
    assert.ok((await tested.mails()).some(({ text }) => /it was removed/.test(text ?? '')))
    const at = { token: tokenIn(owner) }
    assert.equal((await ask('identity.me', {}, at)).status, 200)
    await ask('identity.forgotPassword', { email: anns })
    const reset = { token: await mailed('plr_'), newPassword: fresh }
    assert.equal((await ask('identity.resetPassword', reset)).status, 204)
    await ask('identity.sendLink', { email: anns })
    const again = await ask('identity.signIn', { email: anns, password: fresh })
    assert.equal(again.status, 200, 'a password set by the owner stays')
  })

  test('who shows an address first finds no foreign key in the account (C17)', async (context) => {
    const ways = [
      ['identity.sendLink', 'identity.signInByLink', 'pll_'],
      ['identity.forgotPassword', 'identity.resetPassword', 'plr_'],
    ] as const
    for (const [asks, shows, prefix] of ways) {
      const { ask, mailed, session } = await ann(context, false)
      const input = { name: 'left behind', scopes: ['read'] }
      const key = { token: tokenIn(await ask('identity.makeApiKey', input, session)) }
      assert.equal((await ask('identity.me', {}, key)).status, 200)
      await ask(asks, { email: anns })
      const shown = { token: await mailed(prefix) }
      const more = prefix === 'plr_' ? { newPassword: fresh } : {}
      assert.ok((await ask(shows, { ...shown, ...more })).status < 300)
      assert.equal((await ask('identity.me', {}, key)).status, 401, shows)
    }
  })

  test('who shows an address first is listened to by nobody (C17)', async (context) => {
    const unclaimed = app({ kits: [webhooks], title: 'Hooks', signIn: { unverified: true } })
    const tested = await testApp(unclaimed, { server: server.address() })
    context.after(() => tested.close())
    const post = (path: string, body: object, token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      return tested.request('POST', `/api/${path}`, { body, headers })
    }
    const account = { email: anns, password }
    assert.equal((await post('identity/sign-up', account)).status, 201)
    const { text } = await post('identity/sign-in', account)
    const { token } = JSON.parse(text) as { token: string }
    const url = 'https://mallory.example/heard'
    assert.equal((await post('webhooks/add-endpoint', { url }, token)).status, 201)
    await post('identity/forgot-password', { email: anns })
    await tested.drain()
    const mails = (await tested.mails()).map((mail) => mail.text ?? '').join('\n')
    const reset = { token: /token=(plr_[\w-]+)/.exec(mails)?.[1], newPassword: fresh }
    assert.equal((await post('identity/reset-password', reset)).status, 204)
    assert.deepEqual((await tested.data.webhookEndpoint.find({})).data, [])
  })

  test('a link to an address that was left signs nobody in (C09)', async (context) => {
    const { ask, session, mailed } = await ann(context)
    await ask('identity.sendLink', { email: anns })
    await ask('identity.forgotPassword', { email: anns })
    const [link, reset] = [await mailed('pll_'), await mailed('plr_')]
    await ask('identity.changeEmail', { email: next, password }, session)
    const changed = await ask('identity.confirmEmail', { token: await mailed('plc_') })
    assert.equal(changed.status, 204)
    assert.equal((await ask('identity.signInByLink', { token: link })).status, 401)
    const resetting = { token: reset, newPassword: fresh }
    assert.equal((await ask('identity.resetPassword', resetting)).status, 401)
  })

  test('a sign-in that waits ends with the password and the others (C11)', async (context) => {
    const { ask, session, withFactor, pending } = await ann(context)
    const code = await withFactor()
    const before = await pending()
    await ask('identity.signOutEverywhere', { keepThis: true }, session)
    const late = await ask('identity.secondFactor', { pending: before, code: code() })
    assert.equal(late.status, 401)
    const again = await pending()
    const changing = { password, newPassword: fresh }
    assert.equal((await ask('identity.changePassword', changing, session)).status, 200)
    const stale = await ask('identity.secondFactor', { pending: again, code: code() })
    assert.equal(stale.status, 401)
  })

  test('a trusted device changes no factor without a code (C16)', async (context) => {
    const { ask, sign, withFactor, pending } = await ann(context)
    const code = await withFactor()
    const shown = { pending: await pending(), code: code(), trust: true }
    const { trusted } = bodyOf<{ trusted: string }>(await ask('identity.secondFactor', shown))
    const known = { token: tokenIn(await sign({ trusted })) }
    for (const change of ['identity.removeTotp', 'identity.newRecoveryCodes']) {
      assert.match((await ask(change, {}, known)).text, /step_up_required/)
    }
    const token = tokenIn(await ask('identity.stepUp', { code: code() }, known))
    assert.equal((await ask('identity.removeTotp', {}, { token })).status, 204)
  })

  test('a new address asked for by a password that is gone gets no mail', async (context) => {
    const { ask, session, mailed } = await ann(context)
    const asked = await ask('identity.changeEmail', { email: next, password }, session)
    const again = { token: tokenIn(asked) }
    const changing = { password, newPassword: fresh }
    assert.equal((await ask('identity.changePassword', changing, again)).status, 200)
    assert.equal(await mailed('plc_'), undefined)
  })
})
