/** Proves that those who manage an organisation see the programs let into it, and end them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refresh } from '../asking.ts'
import { person } from '../stand.ts'
import { granted, open, papers } from './offices.ts'

interface Listed {
  readonly id: string
  readonly sort: string
  readonly name: string
  readonly program: string | null
  readonly scopes: readonly string[]
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  readonly user: { readonly id: string; readonly name: string }
  readonly endable: boolean
}

type Scene = Awaited<ReturnType<typeof open>>

/** Somebody else in an organisation. */
async function joined({ provider, records }: Scene, organisationId: string, role: string) {
  const one = await person(provider, `${role}@notes.example`)
  await records.update('user', one.id, { name: `The ${role}` })
  await records.create('membership', { organisationId, userId: one.id, role })
  return one
}

type Somebody = Awaited<ReturnType<typeof joined>>

async function keysOf(by: Somebody, organisation: string): Promise<readonly Listed[]> {
  const answer = await by.ask(`organisation-keys?organisation=${organisation}`)
  assert.equal(answer.status, 200, await answer.clone().text())
  return ((await answer.json()) as { keys: readonly Listed[] }).keys
}

const end = async (by: Somebody, organisation: string, key: string): Promise<number> =>
  (await by.ask('end-organisation-key', { organisation, key })).status

test('E04: an owner sees the programs let in, and ends one and its tokens', async (context) => {
  const scene = await open(context)
  const { provider, ann, acme, bolt } = scene
  const owner = await joined(scene, acme, 'owner')
  const elsewhere = await granted(scene, bolt)
  const here = await granted(scene, acme)
  const [before] = await keysOf(owner, acme)
  assert.ok(before)
  assert.deepEqual(
    { ...before, id: '', createdAt: '' },
    {
      ...{ id: '', createdAt: '', sort: 'program', name: 'Ledger', program: 'ledger' },
      ...{ prefix: null, scopes: ['openid', 'paper.write'], expiresAt: null, lastUsedAt: null },
      ...{ user: { id: ann.id, name: 'Ann', email: 'ann@notes.example' }, endable: true },
    },
  )
  assert.equal(await papers(provider, here.access_token), 'acme')
  for (let turns = 0; (await keysOf(owner, acme))[0]?.lastUsedAt === null; turns++) {
    assert.ok(turns < 200, 'its use is written down')
  }
  const page = await (await owner.go(`/account/organisations/${acme}`)).text()
  assert.match(page, /<strong>Ledger<\/strong> <code>ledger<\/code><br>\s*Program of Ann: openid/)
  assert.equal((await ann.ask(`organisation-keys?organisation=${acme}`)).status, 403)
  assert.equal(await end(ann, acme, before.id), 403, 'no clerk ends anything')
  assert.equal(await end(owner, bolt, before.id), 404, 'nor an owner of another organisation')
  const [foreign] = await scene.records.find('oauthGrant', { filter: { organisationId: bolt } })
  assert.equal(await end(owner, acme, String(foreign?.id)), 404, 'nor what works in another one')
  assert.equal(await papers(provider, here.access_token), 'acme')

  assert.equal(await end(owner, acme, before.id), 204)
  assert.equal(await papers(provider, here.access_token), 'invalid_credentials', 'at once')
  assert.equal((await refresh(provider, here.refresh_token)).status, 400)
  assert.equal(await papers(provider, elsewhere.access_token), 'bolt', 'only there')
  assert.deepEqual(await keysOf(owner, acme), [])
  assert.equal(await end(owner, acme, before.id), 404)
  const led = await (await ann.go('/account/apps')).text()
  assert.doesNotMatch(led, /in acme/, 'it has to ask again')
})

test('who lost a program to an owner is told by whom, and the audit knows', async (context) => {
  const scene = await open(context)
  const { provider, ann, acme } = scene
  const { tested } = provider
  const owner = await joined(scene, acme, 'owner')
  await granted(scene, acme)
  const [listed] = await keysOf(owner, acme)
  assert.equal(await end(owner, acme, String(listed?.id)), 204)
  await tested.drain()
  const mail = (await tested.mails()).find(({ to }) => to.includes('ann@notes.example'))
  assert.match(String(mail?.subject), /^Ended in “acme” at Notes$/)
  const told = /^What you gave the program “Ledger”, which worked in “acme”, was ended by “The /
  assert.match(String(mail?.text), told)
  assert.match(String(mail?.text), /“The owner” \(owner\) at 2.* \S+\/account\/apps\n$/)
  const text = `select verb, model from plinth.audit
    where operation = 'identity.endOrganisationKey' and actor like $1 order by position`
  const values = [`user:${owner.id}%`]
  const { rows } = await provider.running.runtime.database.query({ text, values })
  assert.deepEqual(rows, [
    ['delete', 'oauthConsent'],
    ['call', null],
  ])
  // What one ends oneself is no news.
  await scene.records.update('membership', await placeOf(scene, ann.id), { role: 'owner' })
  await granted(scene, acme)
  const [own] = await keysOf(ann, acme)
  assert.equal(await end(ann, acme, String(own?.id)), 204)
  await tested.drain()
  const ends = (await tested.mails()).filter(({ subject }) => subject.startsWith('Ended in'))
  assert.equal(ends.length, 1)
})

async function placeOf({ records, acme }: Scene, userId: string): Promise<string> {
  const [place] = await records.find('membership', { filter: { userId, organisationId: acme } })
  return String(place?.id)
}

test('what was agreed to elsewhere since is ended by its grants here', async (context) => {
  const scene = await open(context)
  const { provider, acme, bolt } = scene
  const owner = await joined(scene, acme, 'owner')
  const here = await granted(scene, acme)
  const elsewhere = await granted(scene, bolt)
  const [listed] = await keysOf(owner, acme)
  assert.equal(listed?.name, 'Ledger', 'by the name that its user saw')
  assert.notEqual(listed?.expiresAt, null, 'it gets no new tokens for this organisation')
  assert.equal(await end(owner, acme, String(listed?.id)), 204)
  assert.equal(await papers(provider, here.access_token), 'invalid_credentials')
  assert.equal(await papers(provider, elsewhere.access_token), 'bolt')
  assert.equal((await refresh(provider, elsewhere.refresh_token)).status, 200)
})
