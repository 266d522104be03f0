import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAway } from '../../../app/housekeeping.ts'
import { limits } from '../../../base/limits.ts'
import { forgetGrants } from '../../../engine/identify/oauth/kept.ts'
import { officeProof, type Person, post, refresh, rowsOf, tokensOf, works } from './asking.ts'
import { begin, openProvider, type Provider, password, person, program } from './stand.ts'

const lasting = { prompt: 'consent', scope: 'openid offline_access note.read' }
const newPassword = 'another horse of course'

type End = (provider: Provider, ann: Person, email: string) => Promise<unknown>

function change(text: string): End {
  return ({ running }, { id }) => running.runtime.database.query({ text, values: [id] })
}

// True: also what outlives its session ends.
const ends: readonly (readonly [name: string, lasts: boolean, end: End])[] = [
  ['signed out', true, (_, ann) => ann.ask('sign-out', {})],
  ['signed out everywhere', false, (_, ann) => ann.ask('sign-out-everywhere', {})],
  ['a new password', false, (_, ann) => ann.ask('change-password', { password, newPassword })],
  [
    'a password by mail',
    false,
    async ({ tested, origin }, ann, email) => {
      await ann.ask('forgot-password', { email })
      await tested.drain()
      const mail = (await tested.mails()).find(({ to }) => to.includes(email))
      const token = /token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? assert.fail('no mail')
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ token, newPassword })
      const place = `${origin}/api/identity/reset-password`
      const answer = await fetch(place, { method: 'POST', body, headers })
      assert.ok(answer.ok, await answer.text())
    },
  ],
  ['suspended', false, change('update identity."user" set suspended = true where id = $1::uuid')],
  ['erased', false, change('update identity."user" set erased_at = now() where id = $1::uuid')],
  ['deleted', false, change('delete from identity."user" where id = $1::uuid')],
  ['shut out', false, (_, ann) => ann.ask('remove-app', { id: 'ledger' })],
]

test('C11: what programs were given ends with what it stands on', async (context) => {
  const provider = await openProvider(context)
  for (const [index, [name, lasts, end]] of ends.entries()) {
    const email = `ann-${index}@notes.example`
    const ann = await person(provider, email)
    const own = await tokensOf(provider, ann)
    const long = await tokensOf(provider, ann, lasting)
    assert.ok(
      (await works(provider, own.access_token)) && (await works(provider, long.access_token)),
    )
    const done = await end(provider, ann, email)
    assert.ok(!(done instanceof Response) || done.ok, name)
    assert.ok(!(await works(provider, own.access_token)), name)
    assert.equal((await refresh(provider, own.refresh_token)).status, 400, name)
    assert.equal(await works(provider, long.access_token), lasts, name)
    assert.equal((await refresh(provider, long.refresh_token)).status, lasts ? 200 : 400, name)
    for (const token of [own.access_token, own.refresh_token]) {
      const asked = await post(provider, '/oauth/introspect', { token, client_id: 'ledger' })
      assert.deepEqual(asked.told, { active: false }, name)
    }
    const facts = await fetch(`${provider.origin}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${own.access_token}` },
    })
    assert.equal(facts.status, 401, name)
  }
})

test('C13: what programs have of somebody who lacks a demanded factor is held', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const { access_token: token, refresh_token: again } = await tokensOf(provider, ann)
  assert.ok(await works(provider, token))
  const { records } = provider.running.users
  await records.update('user', ann.id, { roles: ['staff'] })
  const headers = { authorization: `Bearer ${token}` }
  const held = await fetch(`${provider.origin}/api/notes`, { headers })
  assert.equal(held.status, 403)
  assert.match(await held.text(), /second_factor_required/)
  const refused = await refresh(provider, again)
  assert.deepEqual([refused.status, refused.told.error], [400, 'invalid_grant'])
  await records.update('user', ann.id, { roles: [] })
  assert.ok(await works(provider, token), 'nothing was demanded of them any more')
  const next = await refresh(provider, again)
  assert.ok(await works(provider, next.told.access_token), 'and nothing was used up')
})

test('an authorization ends after thirty days, however often it was used', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  let { refresh_token: token } = await tokensOf(provider, ann, lasting)
  for (let day = 0; day < limits.oauthGrantDays - 1; day += 7) {
    provider.clock.advance(7 * 86_400_000)
    const { status, told } = await refresh(provider, token)
    if (day + 7 >= limits.oauthGrantDays) assert.equal(status, 400)
    else {
      assert.equal(status, 200, JSON.stringify(told))
      token = String(told.refresh_token)
    }
  }
})

test('C24: exchanges of one authorization are counted', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  let { refresh_token: token } = await tokensOf(provider, ann)
  for (let times = 0; times < limits.oauthRefreshesPerQuarterHour; times++) {
    token = String((await refresh(provider, token)).told.refresh_token)
  }
  const over = await refresh(provider, token)
  assert.equal(over.status, 429)
  assert.equal(over.told.error, 'temporarily_unavailable')
  provider.clock.advance(15 * 60_000)
  assert.equal((await refresh(provider, token)).status, 200, 'nothing was lost by it')
  const { database } = provider.running.runtime
  const copies = `insert into oauth.oauth_grant
    select (jsonb_populate_record(g, jsonb_build_object('id', gen_random_uuid(),
      'grant_key', n::text))).* from oauth.oauth_grant g, generate_series(1, $1::integer) n`
  await database.query({ text: copies, values: [String(limits.oauthGrantsPerProgramMax)] })
  const latest = await tokensOf(provider, ann)
  assert.equal(await rowsOf(provider, 'oauth.oauth_grant'), limits.oauthGrantsPerProgramMax)
  assert.ok(await works(provider, latest.access_token))
})

test('what has run out is cleared away, so many rows at once', async (context) => {
  const provider = await openProvider(context)
  const { runtime } = provider.running
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const tables = ['code', 'access_token', 'refresh_token', 'grant', 'device_code', 'interaction']
  const count = (table: string): Promise<number> => rowsOf(provider, `oauth.oauth_${table}`)
  await tokensOf(provider, ann, lasting)
  for (let times = 0; times < 7; times++) {
    await fetch((await begin(config)).url, { redirect: 'manual' })
    await post(provider, '/oauth/device', { client_id: 'phone', scope: 'note.read' })
  }
  for (const table of tables) assert.ok((await count(table)) > 0, table)
  await clearAway(runtime)
  for (const table of tables)
    assert.ok((await count(table)) > 0, `${table}: nothing is too old yet`)
  provider.clock.advance(31 * 60_000)
  await forgetGrants(runtime.database, provider.clock.now(), 2)
  for (const table of ['code', 'device_code', 'interaction', 'access_token']) {
    assert.equal(await count(table), 0, table)
  }
  assert.equal(await count('refresh_token'), 1)
  provider.clock.advance((limits.oauthGrantDays + 1) * 86_400_000)
  await clearAway(runtime)
  for (const table of tables) assert.equal(await count(table), 0, table)
})

test('no secret is kept as it is, told in a failure, or written to the log', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const tokens = await tokensOf(provider, ann, lasting)
  const device = await post(provider, '/oauth/device', { client_id: 'phone', scope: 'note.read' })
  const { origin } = provider
  const pushed = await post({ origin, headers: officeProof }, '/oauth/par', {
    ...{ client_id: 'office', response_type: 'code', redirect_uri: 'https://office.example/b' },
    ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', scope: 'openid' },
  })
  const { told: next } = await refresh(provider, tokens.refresh_token)
  const secrets = [
    ...[tokens.access_token, tokens.refresh_token, ann.session],
    ...[next.access_token, next.refresh_token],
    ...[device.told.device_code, device.told.user_code, pushed.told.request_uri],
  ].map((one) => String(one).replace('urn:ietf:params:oauth:request_uri:', ''))
  // Failures of each sort, with secrets in them.
  await refresh(provider, `${tokens.refresh_token}x`)
  await post(provider, '/oauth/token', { ...{ client_id: 'ledger', grant_type: 'x' } })
  const { database } = provider.running.runtime
  await database.query({ text: 'drop table oauth.oauth_pushed_request', values: [] })
  const broken = await post({ origin, headers: officeProof }, '/oauth/par', {
    ...{ client_id: 'office', response_type: 'code', redirect_uri: 'https://office.example/b' },
    ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', scope: 'openid' },
  })
  assert.equal(broken.status, 500)
  assert.deepEqual(Object.keys(broken.told).sort(), ['error', 'error_description'])
  assert.doesNotMatch(JSON.stringify(broken.told), /oauth_pushed|relation|select|at /)
  const text = `select string_agg(t::text, ' ') from (
    select c::text t from oauth.oauth_code c union all select c::text from oauth.oauth_grant c
    union all select c::text from oauth.oauth_access_token c
    union all select c::text from oauth.oauth_refresh_token c
    union all select c::text from oauth.oauth_device_code c
    union all select c::text from oauth.oauth_interaction c) all_of_it`
  const { rows } = await database.query({ text, values: [] })
  const kept = rows[0]?.[0] ?? assert.fail('nothing kept')
  const log = provider.logged
    .map(({ message, cause }) => `${message} ${cause instanceof Error ? cause.stack : ''}`)
    .join('\n')
  for (const secret of secrets) {
    assert.ok(secret.length > 8 && !kept.includes(secret), `kept: ${secret.slice(0, 4)}`)
    assert.ok(!log.includes(secret), `logged: ${secret.slice(0, 4)}`)
  }
})
