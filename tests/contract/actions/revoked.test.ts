/** Proves that a call accepted for later is made with the rights that its caller has by then. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { anyone, app, identity, kit, text } from 'plinth'
import { testApp } from 'plinth/testing'

const desk = kit('desk', {
  models: {
    note: {
      fields: { body: text() },
      access: { read: anyone, create: ({ me }) => me.is('clerk') },
    },
  },
})

/** Under its caller's rules: only a clerk writes. */
const write = desk.action('write', {
  input: { body: text() },
  allow: ({ me }) => me.signedIn,
  async run({ input, data }) {
    await data.note.create({ body: input.body })
  },
})
/** The same as a job: what is begun in its name obeys the same rules. */
const copy = desk.job('copy', {
  input: { body: text() },
  async run({ input, data }) {
    await data.note.create({ body: `copy of ${input.body}` })
  },
})
const begin = desk.action('begin', {
  input: { body: text() },
  allow: ({ me }) => me.signedIn,
  async run({ input, enqueue }) {
    await enqueue(copy, { body: input.body })
  },
})
assert.ok(write && begin)

const its = await testApp(app({ title: 'Desk', kits: [identity, desk], roles: ['clerk'] }))
after(() => its.close())

const password = 'correct horse battery'
let count = 0

async function post(path: string, body: object, token?: string) {
  const answer = await its.request('POST', `/api${path}`, {
    ...{ body, remoteAddress: `2001:db8:${(count++).toString(16)}::1` },
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(path.startsWith('/desk') ? { prefer: 'respond-async' } : {}),
    },
  })
  const value = answer.text === '' ? {} : (answer.json() as Readonly<Record<string, unknown>>)
  return { status: answer.status, value, location: String(answer.headers.location) }
}

/** Somebody who may write, and two sessions of theirs. */
async function clerk() {
  const user = await its.user({ password, roles: ['clerk'] })
  const sign = async (secret = password): Promise<string> => {
    const signed = await post('/identity/sign-in', { email: user.email, password: secret })
    assert.equal(signed.status, 200, JSON.stringify(signed.value))
    return String(signed.value.token)
  }
  return { user, sign, session: await sign(), other: await sign() }
}

interface Status {
  readonly state: string
  readonly failure?: { readonly code: string; readonly detail: string }
}

/** Accepts a call, lets something happen, runs what waits; what came of it, and whether it was. */
async function around(token: string, happens: () => Promise<unknown>, path = '/desk/write') {
  const body = `note ${count}`
  const accepted = await post(path, { body }, token)
  assert.equal(accepted.status, 202, JSON.stringify(accepted.value))
  await happens()
  await its.drain()
  const { rows } = await its.running.runtime.database.query({
    text: 'select state, failure from plinth.operation where id = $1::uuid',
    values: [accepted.location.split('/').at(-1) ?? ''],
  })
  const [state = '', failure] = rows[0] ?? []
  const { data } = await its.data.note.find({ limit: 200 })
  const written = data.some((note) => note.body.endsWith(body))
  const told = failure ? (JSON.parse(failure) as Status['failure']) : undefined
  return { state, written, code: told?.code, detail: told?.detail ?? '' }
}

const signedOut = (token: string, path = '/identity/sign-out', body = {}) =>
  post(path, body, token).then(({ status }) => assert.equal(status, 204))

test('an ordinary sign-out cancels nothing that was accepted', async () => {
  const { session } = await clerk()
  const { state, written } = await around(session, () => signedOut(session))
  assert.deepEqual([state, written], ['done', true])
})

test('E02: nothing is done for a session that was revoked', async () => {
  const acts: Readonly<
    Record<string, (of: Awaited<ReturnType<typeof clerk>>) => Promise<unknown>>
  > = {
    'all sessions': ({ other }) => signedOut(other, '/identity/sign-out-everywhere'),
    'all others': ({ other }) =>
      signedOut(other, '/identity/sign-out-everywhere', { keepThis: true }),
    'one of the list': async ({ user, other }) => {
      const filter = { userId: user.id }
      const { data } = await its.data.session.find({ filter, sort: ['createdAt'], limit: 1 })
      const answer = await its.request('DELETE', `/api/sessions/${data[0]?.id}`, {
        headers: { authorization: `Bearer ${other}` },
      })
      assert.equal(answer.status, 204, answer.text)
    },
    'another password': ({ other }) =>
      post('/identity/change-password', { password, newPassword: 'another horse battery' }, other),
  }
  for (const [name, act] of Object.entries(acts)) {
    const one = await clerk()
    const { state, written, code, detail } = await around(one.session, () => act(one))
    assert.deepEqual([state, written, code], ['failed', false, 'sign_in_required'], name)
    assert.match(detail, /revoked before it was made: nothing was done\. Sign in and call again/)
  }
})

test('E02: a reset ends what waits of sessions that had signed out before it', async () => {
  const { user, session } = await clerk()
  await post('/identity/forgot-password', { email: user.email })
  await its.drain()
  const mail = (await its.mails()).find(({ to }) => to.includes(user.email))
  const token = /token=([\w-]+)/.exec(mail?.text ?? '')?.[1]
  const { state, code } = await around(session, async () => {
    await signedOut(session)
    const newPassword = 'another horse battery'
    assert.equal((await post('/identity/reset-password', { token, newPassword })).status, 204)
  })
  assert.deepEqual([state, code], ['failed', 'sign_in_required'])
})

test('a session that stays when all others are ended has its call made', async () => {
  const { session } = await clerk()
  const keepThis = { keepThis: true }
  const { state, written } = await around(session, () =>
    signedOut(session, '/identity/sign-out-everywhere', keepThis),
  )
  assert.deepEqual([state, written], ['done', true])
})

test('E02: nothing is done for a key, or for what was lent, once it is ended', async () => {
  for (const [flow, plural, words] of [
    ['make-api-key', 'apiKeys', /API key/],
    ['make-agent-token', 'agentTokens', /agent/],
  ] as const) {
    const { session } = await clerk()
    const input = { name: 'till', agent: 'till', scopes: ['write'] }
    const { [flow === 'make-api-key' ? 'agent' : 'name']: _, ...body } = input
    const { value } = await post(`/identity/${flow}`, body, session)
    const token = String(value.token)
    const end = () =>
      its.request('DELETE', `/api/${plural}/${value.id}`, {
        headers: { authorization: `Bearer ${session}` },
      })
    const stays = await around(token, async () => undefined)
    assert.deepEqual([stays.state, stays.written], ['done', true], flow)
    const job = await around(token, async () => undefined, '/desk/begin')
    assert.deepEqual([job.state, job.written], ['done', true], 'and so does what it began')
    const ended = await around(token, async () => assert.equal((await end()).status, 204))
    assert.deepEqual([ended.state, ended.written], ['failed', false], flow)
    assert.equal(ended.code, 'invalid_credentials')
    assert.match(ended.detail, words)
  }
})

test('E02: a job that was begun with a key has roles while that counts', async () => {
  const { session } = await clerk()
  const { value } = await post('/identity/make-api-key', { name: 'x', scopes: ['write'] }, session)
  const body = 'begun by a key'
  const headers = { authorization: `Bearer ${value.token}` }
  assert.equal(
    (await its.request('POST', '/api/desk/begin', { body: { body }, headers })).status,
    204,
  )
  await its.data.apiKey.delete(String(value.id))
  await its.drain()
  const { data } = await its.data.note.find({ limit: 200 })
  assert.ok(!data.some((note) => note.body === `copy of ${body}`))
})

test('E02: roles are those of the moment at which it is made', async () => {
  const { user, session } = await clerk()
  const taken = () => its.data.user.update(user.id, { roles: [] })
  const { state, written, code } = await around(session, taken)
  assert.deepEqual([state, written, code], ['failed', false, 'forbidden'])
})
