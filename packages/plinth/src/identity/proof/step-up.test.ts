import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { testApp } from '../../testing/test-app.ts'
import { identity } from '../kit.ts'
import { password } from './people.ts'

const vault = kit('vault', {
  models: {
    note: {
      fields: { words: text({ max: 80 }) },
      access: {
        read: ({ me }) => me.signedIn,
        create: ({ me }) => me.assurance.atLeast(2),
        update: ({ me }) => me.provedWithin(5),
      },
    },
  },
})
const open = vault.action('open', {
  input: { door: text({ max: 20 }) },
  allow: ({ me }) => me.assurance.atLeast(2).and(me.provedWithin(5)),
  run: () => Promise.resolve(),
})
void open
const site = app({ kits: [identity, vault], title: 'Vault' })

onBothServers('a rule that asks for two factors', (server) => {
  async function scene(context: TestContext) {
    const tested = await testApp(site, { server: server.address() })
    context.after(() => tested.close())
    const ann = await tested.user({ email: 'ann@vault.example', password })
    const ask = async (line: string, body: object, token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const [method = '', path = ''] = line.split(' ')
      const reply = await tested.request(method, `/api/${path}`, { headers, body })
      return { status: reply.status, text: reply.text }
    }
    const signed = await ask('POST identity/sign-in', { email: ann.email, password })
    const { token } = JSON.parse(signed.text) as { token: string }
    return { tested, ann, token, ask: (line: string, body: object) => ask(line, body, token) }
  }

  test('what is only looked at leaves nothing in the audit', async (context) => {
    const { ask, tested } = await scene(context)
    const admin = await tested.user({ email: 'root@vault.example', roles: ['admin'] })
    const entries = async () => {
      const path = '/api/audit/entries?limit=100'
      const { text } = await tested.request('GET', path, { as: admin })
      return (JSON.parse(text) as { data: readonly { operation: string }[] }).data.length
    }
    const before = await entries()
    assert.ok(before > 0)
    for (let look = 0; look < 3; look++) {
      assert.equal((await ask('POST identity/ways-in', {})).status, 200)
    }
    assert.equal(await entries(), before)
    assert.equal((await ask('POST identity/step-up', { password })).status, 200)
    assert.ok((await entries()) > before, 'showing who one is is an event')
  })

  test('tells whoever has but one to set one up, by every door (C16)', async (context) => {
    const { ask, tested, token } = await scene(context)
    const note = { words: 'x' }
    const batch = { operations: [{ operation: 'note.create', input: note }] }
    for (const [path, body] of [
      ['notes', note],
      ['batch', batch],
      ['vault/open', { door: 'north' }],
    ] as const) {
      const refused = await ask(`POST ${path}`, body)
      assert.equal(refused.status, 403, `${path}: ${refused.text}`)
      assert.match(refused.text, /second_factor_required.*set-up-totp/, path)
    }
    const headers = { cookie: `__Host-sid=${token}` }
    const page = await tested.request('GET', '/account/factors', { headers })
    assert.equal(page.status, 200, 'where the cure is')
  })

  test('asks for a step up where one would do', async (context) => {
    const { ann, ask, tested } = await scene(context)
    const made = await tested.data.note.create({ words: 'x' })
    tested.clock.advance(6 * 60_000)
    const stale = await ask(`PATCH notes/${made.id}`, { words: 'y' })
    assert.match(stale.text, /step_up_required/, 'a fresh proof alone is missing')
    await tested.data.passkey.create({
      ...{ userId: ann.id, name: 'Key', credentialId: 'c', publicKey: 'k' },
    })
    const known = await ask('POST notes', { words: 'z' })
    assert.match(known.text, /step_up_required/, 'a passkey is a second factor')
    await tested.data.user.update(ann.id, { secondFactor: true })
    assert.match((await ask('POST notes', { words: 'z' })).text, /step_up_required/)
  })

  // A session that began by a passkey has shown two, long ago; the account asks for no second step.
  for (const [way, shown] of [
    ['step-up', { password }],
    ['change-password', { password, newPassword: 'wrong battery staple horse' }],
  ] as const) {
    test(`C16: a password alone makes no proof of two fresh again, by ${way}`, async (context) => {
      const { ann, tested, token } = await scene(context)
      const { session, passkey } = tested.data
      await passkey.create({ userId: ann.id, name: 'Key', credentialId: 'c', publicKey: 'k' })
      const { data: sessions } = await session.find({ filter: { userId: ann.id } })
      for (const { id } of sessions) await session.update(id, { assurance: 2 })
      const as = async (path: string, body: object, bearer: string) => {
        const headers = { authorization: `Bearer ${bearer}` }
        return tested.request('POST', `/api/${path}`, { headers, body })
      }
      assert.equal((await as('vault/open', { door: 'north' }, token)).status, 204, 'as it began')
      tested.clock.advance(6 * 60_000)
      const stale = await as('vault/open', { door: 'north' }, token)
      assert.match(stale.text, /step_up_required/)
      const answer = await as(`identity/${way}`, shown, token)
      assert.equal(answer.status, 200, answer.text)
      const { token: next } = JSON.parse(answer.text) as { token: string }
      const refused = await as('vault/open', { door: 'north' }, next)
      assert.match(refused.text, /step_up_required/, 'one of two was shown just now')
    })
  }
})
