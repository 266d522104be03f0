import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { founded, joined, type Office, openOffice, type Person } from './office.ts'

async function two(office: Office): Promise<readonly [Person, Person, string, string]> {
  const [ada, bob] = [await office.person('ada'), await office.person('bob')]
  const [acme, beta] = [await founded(ada, 'Acme'), await founded(bob, 'Beta')]
  return [ada, bob, acme, beta]
}

async function made(person: Person, organisationId: string): Promise<string> {
  const { status, body } = await person.call('project.create', {
    input: { organisationId, name: 'One' },
  })
  assert.equal(status, 201)
  return String(body.id)
}

onBothServers('rules of organisations', (server) => {
  test('A01, A02: what is of another organisation is not there', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob, acme, beta] = await two(office)
    const id = await made(ada, acme)
    for (const operation of ['get', 'update', 'delete']) {
      const answer = await bob.call(`project.${operation}`, { id, input: { name: 'Mine' } })
      assert.equal(answer.status, operation === 'get' ? 404 : answer.status)
      assert.ok([403, 404].includes(answer.status), operation)
    }
    const filter = { organisation: { slug: { contains: 'acme' } } }
    const found = await bob.call('project.list', { query: { filter } })
    assert.deepEqual([found.status, found.body.data], [200, []])
    const planted = { organisationId: acme, name: 'Planted' }
    assert.ok((await bob.call('project.create', { input: planted })).status >= 400)
    const moved = { id, input: { organisationId: beta } }
    assert.ok((await ada.call('project.update', moved)).status >= 400)
    assert.equal((await ada.call('project.get', { id })).status, 200)
  })

  test('a role counts from the next call on, and for as long as it holds', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob, acme] = await two(office)
    const id = await made(ada, acme)
    await joined(office, ada, { who: bob, role: 'member', organisation: acme })
    assert.equal((await bob.call('project.get', { id })).status, 200)
    assert.equal((await bob.call('project.delete', { id })).status, 403)
    assert.equal((await bob.call('project.update', { id, input: { name: 'B' } })).status, 403)
    await ada.ask('changeMemberRole', { user: bob.id, role: 'admin' })
    assert.equal((await bob.call('project.update', { id, input: { name: 'B' } })).status, 200)
    await ada.ask('removeMember', { user: bob.id })
    assert.equal((await bob.call('project.get', { id })).status, 404)
    assert.ok((await bob.call('project.update', { id, input: { name: 'C' } })).status >= 403)
  })

  test('A08: a stored answer stays in its organisation', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob, acme] = await two(office)
    await joined(office, ada, { who: bob, role: 'admin', organisation: acme })
    const asked = { input: { organisationId: acme, name: 'Kept' }, idempotencyKey: 'k' }
    const first = await bob.call('project.create', asked)
    assert.equal(first.status, 201)
    assert.deepEqual((await bob.call('project.create', asked)).body, first.body)
    await ada.ask('removeMember', { user: bob.id })
    assert.ok((await bob.call('project.create', asked)).status >= 403)
  })
})
