import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { founded, joined, type Office, openOffice, type Person } from './office.ts'

interface Key {
  readonly id: string
  readonly token: string
}

interface Listed {
  readonly id: string
  readonly sort: 'key' | 'agent' | 'program'
  readonly name: string
  readonly endable: boolean
  readonly user: { readonly id: string }
}

async function make(person: Person, organisation?: string): Promise<Key> {
  const input = { name: String(person.email), scopes: ['read'], organisation }
  const { status, body } = await person.ask('makeApiKey', input)
  assert.equal(status, 200, JSON.stringify(body))
  return body as unknown as Key
}

/** Somebody who has just shown who they are. */
async function proven({ person, tested }: Office, name: string): Promise<Person> {
  const somebody = await person(name)
  const { records } = tested.running.users
  const [session] = await records.find('session', { filter: { userId: somebody.id } })
  const provedAt = new Date(tested.clock.now()).toISOString()
  await records.update('session', String(session?.id), { provedAt })
  return somebody
}

async function keysOf(person: Person, organisation: string): Promise<readonly Listed[]> {
  const { status, body, code } = await person.ask('organisationKeys', { organisation })
  assert.equal(status, 200, String(code))
  return body.keys as unknown as readonly Listed[]
}

/** Whom mails told that something of theirs was ended, and what they say. */
async function toldOfEnds({ tested }: Office): Promise<readonly string[]> {
  await tested.drain()
  const mails = (await tested.mails()).filter(({ subject }) => subject.startsWith('Ended in'))
  return mails.map(({ to, text }) => `${to} ${text}`).sort()
}

onBothServers('keys of organisations', (server) => {
  test('E04: who manages the members sees and ends keys, and no more', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await proven(office, 'ada'), await proven(office, 'bob')]
    const [cid, eve] = [await proven(office, 'cid'), await proven(office, 'eve')]
    const acme = await founded(ada)
    const evil = await founded(eve, 'Evil')
    await joined(office, ada, { who: bob, role: 'member', organisation: acme })
    await joined(office, ada, { who: cid, role: 'admin', organisation: acme })
    const adas = await make(ada, acme)
    const bobs = await make(bob, acme)
    const own = await make(bob)
    const lent = { agent: 'helper', scopes: ['read'], organisation: acme }
    const agents = (await bob.ask('makeAgentToken', lent)).body as unknown as Key
    const eves = await make(eve, evil)

    const listed = await keysOf(ada, acme)
    const ids = listed.map(({ id }) => id).sort()
    assert.deepEqual(ids, [adas.id, bobs.id, agents.id].sort(), 'not what works elsewhere')
    assert.deepEqual(
      listed.filter(({ sort }) => sort === 'agent').map(({ id }) => id),
      [agents.id],
    )
    const text = JSON.stringify(listed)
    for (const { token } of [adas, bobs, agents]) assert.ok(!text.includes(token))
    assert.doesNotMatch(text, /hash/i)
    const seen = await keysOf(cid, acme)
    const endable = seen.filter((one) => one.endable).map(({ id }) => id)
    assert.deepEqual(endable.sort(), [bobs.id, agents.id].sort(), 'not those of an owner')

    const end = (by: Person, { id: key }: Key, organisation = acme) =>
      by.ask('endOrganisationKey', { organisation, key })
    const refused = [
      [await bob.ask('organisationKeys', { organisation: acme }), 'forbidden'],
      [await eve.ask('organisationKeys', { organisation: acme }), 'not_found'],
      [await end(bob, adas), 'forbidden'],
      [await end(eve, bobs), 'not_found'],
      [await end(eve, bobs, evil), 'not_found'],
      [await end(cid, adas), 'forbidden'],
      [await end(ada, own), 'not_found'],
      [await end(ada, eves), 'not_found'],
    ] as const
    for (const [{ code }, expected] of refused) assert.equal(code, expected)
    const works = async ({ token }: Key): Promise<boolean> =>
      (await office.ask(token, 'me')).status === 200
    for (const key of [adas, bobs, own, agents, eves]) assert.ok(await works(key))

    assert.equal((await end(cid, bobs)).status, 204)
    assert.equal((await end(ada, agents)).status, 204)
    assert.deepEqual([await works(bobs), await works(agents)], [false, false], 'dead at once')
    assert.deepEqual([await works(own), await works(adas)], [true, true])
    assert.equal((await office.ask(adas.token, 'organisationKeys')).code, 'session_required')
    const input = { organisation: acme, user: bob.id }
    assert.deepEqual((await ada.ask('organisationKeys', input)).body.keys, [], 'none is left')
    const told = (await toldOfEnds(office)).join('')
    assert.match(told, /^bob@\S+ The token of your agent “helper” \(plg_\S{4}…\), which worked in /)
    assert.match(told, / in “Acme”, was ended by “Somebody” \(owner\) at 2.*\/account\/keys\n/)
    assert.match(told, /\nbob@\S+ Your key “bob·\S+” \(plk_\S{4}…\), .* “Somebody” \(admin\) at/)
  })
})
