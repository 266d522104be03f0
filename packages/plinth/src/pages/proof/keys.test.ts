import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Browser, password, type Stand, stand } from './browser.ts'

const anns = 'ann@people.example'

async function signedIn({ browser, tested }: Stand): Promise<Browser> {
  await tested.user({ email: anns, password })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  return ann
}

const filled = { name: 'till <b>', scopes: 'user.read, read', expiresInDays: '3' }

async function made(ann: Browser): Promise<string> {
  await ann.open('/account/make-key')
  const { text, status } = await ann.press({ button: 'Make the key', fields: filled })
  assert.equal(status, 200, text)
  return /<code>(plk_[\w-]{43}[A-Za-z0-9]{6})<\/code>/.exec(text)?.[1] ?? assert.fail(text)
}

async function works({ origin }: Stand, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${origin}/api/users`, { headers })).status
}

test('a key is made, shown once, changed with an overlap, and ended', async (context) => {
  const people = await stand(context)
  const ann = await signedIn(people)
  assert.match((await ann.open('/account')).text, /href="\/account\/keys"/)
  assert.match((await ann.open('/account/keys')).text, /There are none/)
  const key = await made(ann)
  assert.equal(await works(people, key), 200)
  const list = await ann.open('/account/keys')
  assert.ok(!list.text.includes(key), 'shown once')
  assert.match(list.text, new RegExp(`<code>${key.slice(0, 8)}…</code>`))
  assert.match(list.text, /till &lt;b&gt;/)
  assert.match(list.text, /read, user\.read/)
  const next = await ann.press({ button: 'Replace till' })
  const heir = /<code>(plk_[\w-]+)<\/code>/.exec(next.text)?.[1] ?? assert.fail(next.text)
  assert.match(next.text, /good for 24 hours more/)
  for (const token of [key, heir]) assert.equal(await works(people, token), 200, 'both for a while')
  people.tested.clock.advance(24 * 3_600_000)
  assert.equal(await works(people, key), 401)
  await ann.open('/account/keys')
  const ended = await ann.press({ button: 'End till' })
  assert.match(ended.text, /The key is ended/)
  assert.equal(await works(people, heir), 401)
  assert.match((await ann.open('/account/keys')).text, /There are none/)
})

test('an agent is lent a token, and all of them are ended', async (context) => {
  const people = await stand(context)
  const ann = await signedIn(people)
  for (const agent of ['helper', 'painter', 'writer']) {
    await ann.open('/account/make-agent-token')
    const fields = { agent, scopes: 'read', expiresInDays: '' }
    const shown = await ann.press({ button: 'Make the token', fields })
    assert.match(shown.text, /<code>plg_/, shown.text)
  }
  await ann.open('/account/keys')
  const fewer = await ann.press({ button: 'End painter' })
  assert.doesNotMatch(fewer.text, /painter/)
  const none = await ann.press({ button: 'End all agents' })
  assert.match(none.text, /What all agents had is ended/)
  assert.doesNotMatch(none.text, /helper|writer/)
})

test('what is typed wrong stays, and is told beside its field', async (context) => {
  const people = await stand(context)
  const ann = await signedIn(people)
  await ann.open('/account/make-key')
  const wrong = { ...filled, scopes: 'user.reed', expiresInDays: 'soon', networks: 'here' }
  const days = await ann.press({ button: 'Make the key', fields: wrong })
  assert.equal(days.status, 422)
  assert.match(days.text, /Give a number of days/)
  assert.match(days.text, /value="user\.reed"/)
  const scopes = await ann.press({ button: 'Make the key', fields: { expiresInDays: '366' } })
  assert.match(scopes.text, /href="#expiresInDays"/)
  const told = await ann.press({ button: 'Make the key', fields: { expiresInDays: '3' } })
  assert.match(told.text, /href="#scopes">[^<]*did you mean user\.read\?/)
  assert.match(told.text, /href="#networks">/)
  assert.match(told.text, /<summary>All scopes<\/summary>/)
  assert.doesNotMatch(told.text, /<li><code>session\.read/)
})

test('C16: a fresh proof, before anything is typed and when it is sent', async (context) => {
  const people = await stand(context)
  const { tested, browser } = people
  const visitor = browser()
  for (const path of ['keys', 'make-key', 'make-agent-token']) {
    assert.match((await visitor.open(`/account/${path}`)).at, /sign-in\?next=%2Faccount/)
  }
  const ann = await signedIn(people)
  const key = await made(ann)
  await ann.open('/account/keys')
  tested.clock.advance(6 * 60_000)
  const changed = await ann.press({ button: 'Replace till' })
  assert.match(changed.at, /step-up\?next=%2Faccount%2Fkeys/)
  const opened = await ann.open('/account/make-key')
  assert.match(opened.at, /step-up\?next=%2Faccount%2Fmake-key/)
  await ann.press({ button: 'Go on', fields: { password } })
  assert.equal(ann.shown?.at, '/account/make-key')
  tested.clock.advance(6 * 60_000)
  const sent = await ann.press({ button: 'Make the key', fields: filled })
  assert.match(sent.at, /step-up/)
  // Ending needs none: whoever fears for a key ends it at once.
  await ann.open('/account/keys')
  await ann.press({ button: 'End till' })
  assert.equal(await works(people, key), 401)
})

test('nobody sees, changes or ends the keys of somebody else', async (context) => {
  const people = await stand(context)
  const ann = await signedIn(people)
  const key = await made(ann)
  const found = (await people.tested.running.users.records.find('apiKey', {})) as { id: string }[]
  const id = found[0]?.id ?? ''
  await people.tested.user({ email: 'ben@people.example', password })
  const ben = people.browser()
  await ben.open('/account/sign-in')
  await ben.press({ button: 'Sign in', fields: { email: 'ben@people.example', password } })
  assert.doesNotMatch((await ben.open('/account/keys')).text, /till/)
  assert.equal((await ben.send('/account/rotate-key', { id })).status, 404)
  await ben.send('/account/end-key', { id })
  assert.equal(await works(people, key), 200)
  const foreign = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }
  for (const path of ['make-key', 'rotate-key', 'end-key', 'make-agent-token', 'end-agents']) {
    const refused = await ann.send(`/account/${path}`, { ...filled, id }, foreign)
    assert.equal(refused.status, 403, `${path}: a form of another site`)
  }
  assert.equal(await works(people, key), 200)
})
