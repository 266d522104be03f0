import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../base/limits.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { founded, joined, openOffice } from './office.ts'

onBothServers('invitations of organisations', (server) => {
  test('E04: nobody takes back, or replaces, an invitation that they could not give', async (t) => {
    const office = await openOffice(server, t)
    const [ada, cid] = [await office.person('ada'), await office.person('cid')]
    const organisation = await founded(ada)
    await joined(office, ada, { who: cid, role: 'clerk', organisation })
    const email = 'new@office.example'
    const invited = await ada.ask('inviteMember', { organisation, email, role: 'admin' })
    const { id } = invited.body.invitation as unknown as { id: string }
    const asked = { organisation, email, role: 'member' }
    assert.equal((await cid.ask('inviteMember', asked)).code, 'forbidden', 'no lower one instead')
    const revoked = { organisation, invitation: id }
    assert.equal((await cid.ask('revokeInvitation', revoked)).code, 'forbidden')
    const { records } = office.tested.running.users
    const rows = await records.find('invitation', { filter: { email, usedAt: { isNull: true } } })
    assert.deepEqual(
      rows.map((row) => [row.id, row.role]),
      [[id, 'admin']],
    )
    assert.equal((await ada.ask('inviteMember', asked)).status, 202)
    const [now] = await records.find('invitation', { filter: { email, usedAt: { isNull: true } } })
    const own = { organisation, invitation: now?.id }
    assert.equal((await cid.ask('revokeInvitation', own)).status, 204, 'what they could give')
  })

  test('C11: who was removed comes back by no invitation of before', async (t) => {
    const office = await openOffice(server, t)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const organisation = await founded(ada)
    await joined(office, ada, { who: bob, role: 'member', organisation })
    const again = { organisation, email: bob.email, role: 'admin' }
    assert.equal((await ada.ask('inviteMember', again)).status, 202)
    const token = await office.mailedToken(String(bob.email))
    assert.equal((await ada.ask('removeMember', { organisation, user: bob.id })).status, 204)
    assert.equal((await bob.ask('acceptInvitation', { token })).code, 'invalid_credentials')
    assert.equal((await bob.ask('members', { organisation })).code, 'not_found')
    await joined(office, ada, { who: bob, role: 'member', organisation })
  })

  test('L02: one who invites is counted over all that they found', async (t) => {
    const office = await openOffice(server, t)
    const ada = await office.person('ada')
    const { records } = office.tested.running.users
    const organisations = [await founded(ada), await founded(ada, 'Other')]
    let refused = 0
    for (let asked = 0; asked < limits.invitationsPerHour + 2; asked++) {
      const organisation = organisations[asked % 2]
      const email = `stranger${asked}@other.example`
      // From a network of its own each time.
      const input = { organisation, email, role: 'member' }
      const told = await ada.call('identity.inviteMember', {
        input,
        remoteAddress: `198.51.${asked}.1`,
      })
      if (told.code === 'rate_limited') refused++
      else assert.equal(told.status, 202, JSON.stringify(told))
    }
    assert.equal(refused, 2)
    assert.equal((await records.find('invitation', { limit: 200 })).length, 100)
  })

  test('whoever joined late is a member as the first ones are', async (t) => {
    const office = await openOffice(server, t)
    const [ada, zoe] = [await office.person('ada'), await office.person('zoe')]
    const organisation = await founded(ada)
    const { records } = office.tested.running.users
    for (let each = 0; each < 210; each++) {
      const { id: userId } = await records.create('user', { email: `m${each}@office.example` })
      await records.create('membership', { organisationId: organisation, userId, role: 'member' })
    }
    await joined(office, ada, { who: zoe, role: 'member', organisation })
    const { status, body } = await zoe.ask('members', { organisation })
    assert.equal(status, 200)
    assert.equal((body.members as unknown as readonly object[]).length, 212)
  })
})
