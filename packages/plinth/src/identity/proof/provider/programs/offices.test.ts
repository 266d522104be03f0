/** Proves that a program works in the organisation that its user chose for it, and nowhere else. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, refresh } from '../asking.ts'
import { begin, program } from '../stand.ts'
import { exchanged, granted, open, papers, scope } from './offices.ts'

test('a token works in the organisation that was chosen, and in no other', async (context) => {
  const scene = await open(context)
  const { provider, acme, bolt } = scene
  const [one, two, none] = [
    await granted(scene, acme),
    await granted(scene, bolt),
    await granted(scene, undefined),
  ]
  assert.equal(await papers(provider, one.access_token), 'acme')
  assert.equal(await papers(provider, two.access_token), 'bolt')
  assert.equal(await papers(provider, none.access_token), 'organisation_required')
  const write = (token: string, body: object) =>
    fetch(`${provider.origin}/api/papers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const made = await write(one.access_token, { title: 'new' })
  assert.equal(((await made.json()) as { organisationId: string }).organisationId, acme)
  const crossing = await write(one.access_token, { title: 'x', organisationId: bolt })
  assert.equal(crossing.status, 422)
  assert.equal(await papers(provider, two.access_token), 'bolt')
})

test('what was agreed to for one organisation counts for no other', async (context) => {
  const scene = await open(context)
  const { provider, ann, acme, bolt, records } = scene
  await granted(scene, acme)
  const again = await granted(scene, undefined, {})
  assert.equal(await papers(provider, again.access_token), 'acme', 'silently the same one')
  const { url } = await begin(await program(provider, 'ledger'), {
    ...{ scope: 'openid note.read', prompt: 'consent' },
  })
  await ann.authorize(url, true, bolt)
  const [consent] = await records.find('oauthConsent', {})
  assert.deepEqual(consent?.scopes, ['note.read', 'openid'])
  assert.equal(consent?.organisationId, bolt)
  const foreign = await records.create('organisation', { name: 'foreign', slug: 'foreign' })
  const { url: asking } = await begin(await program(provider, 'ledger'), { scope })
  const place = (await ann.go(asking.href)).headers.get('location') ?? ''
  const interaction = new URL(place, provider.origin).searchParams.get('interaction') ?? ''
  const shown = (await (await ann.ask(`consent?interaction=${interaction}`)).json()) as {
    readonly organisations: readonly { readonly name: string }[]
  }
  assert.deepEqual(shown.organisations.map(({ name }) => name).sort(), ['acme', 'bolt'])
  const answer = { interaction, allow: true, organisation: foreign.id }
  assert.equal((await ann.ask('give-consent', answer)).status, 404)
})

test('two questions at once: each is answered for its own organisation', async (context) => {
  const scene = await open(context)
  const { provider, ann, acme, bolt } = scene
  const config = await program(provider, 'ledger')
  const begun = [await begin(config, { scope }), await begin(config, { scope })]
  const asked = await Promise.all(
    begun.map(async ({ url }) => {
      const place = (await ann.go(url.href)).headers.get('location') ?? ''
      return new URL(place, provider.origin).searchParams.get('interaction') ?? ''
    }),
  )
  const places = [acme, bolt]
  for (const [at, interaction] of asked.entries()) {
    const answer = { interaction, allow: true, organisation: places[at] }
    assert.equal((await ann.ask('give-consent', answer)).status, 200)
  }
  const titles: string[] = []
  for (const [at, interaction] of asked.entries()) {
    const led = await ann.go(`/oauth/authorize/${interaction}`)
    const code = new URL(led.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const { access_token } = await exchanged(provider, {
      ...{ code, verifier: begun[at]?.verifier ?? '' },
    })
    titles.push(await papers(provider, access_token))
  }
  assert.deepEqual(titles, ['acme', 'bolt'])
})

test('a grant ends with its owner’s place, and comes back with no other one', async (context) => {
  const scene = await open(context)
  const { provider, ann, records, acme, bolt } = scene
  const lasting = { scope: `${scope} offline_access`, prompt: 'consent' }
  const [one, two] = [await granted(scene, acme, lasting), await granted(scene, bolt, lasting)]
  const [place] = await records.find('membership', { filter: { organisationId: bolt } })
  await records.update('membership', String(place?.id), { role: 'member' })
  const write = await fetch(`${provider.origin}/api/papers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${two.access_token}`, 'content-type': 'application/json' },
    body: '{"title":"x"}',
  })
  assert.equal(write.status, 403, 'another role counts for the next call')
  await records.delete('membership', String(place?.id))
  assert.equal(await papers(provider, two.access_token), 'invalid_credentials')
  assert.equal((await refresh(provider, two.refresh_token)).status, 400)
  assert.equal(await papers(provider, one.access_token), 'acme')
  assert.equal((await refresh(provider, one.refresh_token)).status, 200)
  await records.create('membership', { organisationId: bolt, userId: ann.id, role: 'clerk' })
  assert.equal(await papers(provider, two.access_token), 'invalid_credentials')
  const { url } = await begin(await program(provider, 'ledger'), { scope })
  const led = (await ann.go(url.href)).headers.get('location') ?? ''
  assert.match(led, /^\/account\/consent/, 'the program has to ask again')
})

test('the page lets somebody choose, and the list of programs shows it', async (context) => {
  const scene = await open(context)
  const { provider, ann, bolt } = scene
  const { url } = await begin(await program(provider, 'ledger'), { scope })
  const place = (await ann.go(url.href)).headers.get('location') ?? ''
  const page = await (await ann.go(place)).text()
  assert.match(page, /<select id="organisation" name="organisation"/)
  assert.match(page, new RegExp(`<option value="${bolt}">bolt</option>`))
  const interaction = new URL(place, provider.origin).searchParams.get('interaction') ?? ''
  const form = new URLSearchParams({ interaction, organisation: bolt, allow: 'yes' })
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    origin: provider.origin,
    'sec-fetch-site': 'same-origin',
  }
  const sent = await ann.go('/account/consent', { method: 'POST', body: form.toString(), headers })
  assert.equal(sent.status, 200)
  assert.match(await (await ann.go('/account/apps')).text(), /<strong>Ledger<\/strong> in bolt/)
})

test('a device works where whoever lets it in says', async (context) => {
  const { provider, ann, acme } = await open(context)
  const { told } = await post(provider, '/oauth/device', { client_id: 'phone', scope })
  const code = String(told.user_code)
  const shown = (await (await ann.ask('device', { code })).json()) as object
  assert.match(JSON.stringify(shown), /"organisations":\[\{/)
  assert.equal(
    (await ann.ask('answer-device', { code, allow: true, organisation: acme })).status,
    204,
  )
  const { told: tokens } = await post(provider, '/oauth/token', {
    ...{ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'phone' },
    device_code: String(told.device_code),
  })
  assert.equal(await papers(provider, String(tokens.access_token)), 'acme')
})
