/** Owns the proof of what a new password ends, tells of, and ends where that is asked for. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantText } from '../../../base/time.ts'
import { rowsOf, tokensOf, works } from '../provider/asking.ts'
import { openProvider, type Provider, person } from '../provider/stand.ts'

const anns = 'ann@notes.example'
const newPassword = 'another horse battery'

interface Made {
  readonly token: string
}

/** Ann with a key and an agent's, a program that she let in, and a passkey of somebody. */
async function scene(context: Parameters<typeof openProvider>[0]) {
  const provider = await openProvider(context)
  const ann = await person(provider, anns)
  const { records } = provider.running.users
  await records.update('user', ann.id, { emailVerifiedAt: instantText(provider.clock.now()) })
  const signed = await ann.ask('sign-in', { email: anns, password: 'correct horse battery' })
  const { token: session } = (await signed.json()) as Made
  const headers = { authorization: `Bearer ${session}`, 'content-type': 'application/json' }
  const own = async (path: string, body: object): Promise<Made> => {
    const url = `${provider.origin}/api/identity/${path}`
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.equal(answer.status, 200, await answer.clone().text())
    return (await answer.json()) as Made
  }
  const scopes = ['note.read']
  const till = await own('make-api-key', { name: 'till www.evil.example', scopes })
  const unused = await own('make-api-key', { name: 'spare', scopes })
  const lent = await own('make-agent-token', { agent: 'helper', scopes })
  const { access_token: program } = await tokensOf(provider, ann, {
    scope: 'openid note.read offline_access',
    prompt: 'consent',
  })
  await records.create('passkey', {
    ...{ userId: ann.id, name: 'phone', credentialId: 'x'.repeat(20), publicKey: 'x' },
    lastUsedAt: instantText(provider.clock.now()),
  })
  assert.ok(await works(provider, till.token))
  return { provider, till, unused, lent, program }
}

async function reset(provider: Provider, more: object = {}): Promise<string> {
  const { tested } = provider
  const post = (path: string, body: object) =>
    fetch(`${provider.origin}/api/identity/${path}`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json' },
    })
  const latest = async (subject: RegExp): Promise<string> => {
    await tested.drain()
    const found = (await tested.mails()).find((mail) => subject.test(mail.subject))
    return found?.text ?? assert.fail(`no mail of ${subject}`)
  }
  await post('forgot-password', { email: anns })
  const token = /token=([\w-]+)/.exec(await latest(/Set a new password/))?.[1]
  const answer = await post('reset-password', { token, newPassword, ...more })
  assert.equal(answer.status, 204, await answer.text())
  return latest(/was changed/)
}

test('C11: a new password ends what was lent, and tells what goes on', async (context) => {
  const { provider, till, unused, lent, program } = await scene(context)
  assert.ok(await works(provider, program))
  const mail = await reset(provider)
  assert.ok(!(await works(provider, lent.token)))
  assert.ok(!(await works(provider, program)))
  assert.ok(await works(provider, till.token))
  assert.ok(await works(provider, unused.token))
  const keys = /These still act for your account:\n\n(.*?)\n\nEnd those [^:]*: (\S+)\n/s.exec(mail)
  assert.match(keys?.[1] ?? mail, /the key “till www·evil·example” \(plk_\S+…\), last used at 2026/)
  assert.match(keys?.[1] ?? '', /the key “spare” \(plk_\S+…\), never used/)
  assert.match(keys?.[2] ?? '', /\/account\/keys$/)
  assert.match(mail, /still let somebody in:\n\n- the passkey “phone”, last used at 2026/)
  assert.doesNotMatch(mail, /helper|Ledger/, 'what has ended is not told as going on')
})

test('C11: with endKeys nothing acts for the account any more', async (context) => {
  const { provider, till, unused } = await scene(context)
  assert.equal(await rowsOf(provider, 'oauth.oauth_consent'), 1)
  const mail = await reset(provider, { endKeys: true })
  assert.ok(!(await works(provider, till.token)))
  assert.ok(!(await works(provider, unused.token)))
  assert.equal(await rowsOf(provider, 'oauth.oauth_consent'), 0, 'it has to ask again')
  assert.match(mail, /all keys, what agents were lent/)
  assert.doesNotMatch(mail, /“till|These still act/)
})

test('C11: where no password was set, no key ends', async (context) => {
  const { provider, till } = await scene(context)
  const answer = await fetch(`${provider.origin}/api/identity/reset-password`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ token: 'plr_x', newPassword, endKeys: true }),
  })
  assert.equal(answer.status, 401)
  assert.ok(await works(provider, till.token))
})
