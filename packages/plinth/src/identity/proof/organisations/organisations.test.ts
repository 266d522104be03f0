import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { founded, joined, openOffice } from './office.ts'

const dayMs = 86_400_000

onBothServers('organisations', (server) => {
  test('are founded, joined by mail, worked in one at a time, and left', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const organisation = await founded(ada)
    await joined(office, ada, { who: bob, role: 'member', organisation })
    const seen = await bob.ask('organisations')
    assert.deepEqual(
      (seen.body.organisations as unknown as { role: string }[]).map(({ role }) => role),
      ['member'],
    )
    assert.deepEqual(seen.body.active, { id: organisation, role: 'member' })
    assert.equal((await bob.ask('switchOrganisation', { organisation: null })).status, 204)
    assert.equal((await bob.ask('organisations')).body.active, null)
    assert.equal((await bob.ask('switchOrganisation', { organisation })).status, 204)
    assert.equal((await bob.ask('leaveOrganisation', {})).status, 204)
    assert.equal((await bob.ask('organisations')).body.active, null)
  })

  test('somebody removed has no active organisation with their next call', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const organisation = await founded(ada)
    await joined(office, ada, { who: bob, role: 'admin', organisation })
    assert.equal((await bob.ask('members')).status, 200)
    assert.equal((await ada.ask('removeMember', { user: bob.id })).status, 204)
    assert.equal((await bob.ask('organisations')).body.active, null)
    assert.equal((await bob.ask('members', { organisation })).status, 404)
    assert.equal((await bob.ask('switchOrganisation', { organisation })).status, 404)
    const again = { organisation, email: 'eve@office.example', role: 'member' }
    assert.equal((await bob.ask('inviteMember', again)).status, 404)
  })

  test('E04: nobody gives, or takes, what they lack', async (context) => {
    const office = await openOffice(server, context)
    const people = await Promise.all(['ada', 'bob', 'cid'].map(office.person))
    const [ada, bob, cid] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
    const organisation = await founded(ada)
    await joined(office, ada, { who: bob, role: 'admin', organisation })
    await joined(office, ada, { who: cid, role: 'clerk', organisation })
    const refused = async (asked: Promise<{ status: number }>) =>
      assert.equal((await asked).status, 403)
    const email = 'friend@office.example'
    await refused(bob.ask('inviteMember', { email, role: 'owner' }))
    await refused(cid.ask('inviteMember', { email, role: 'admin' }))
    await refused(bob.ask('changeMemberRole', { user: bob.id, role: 'owner' }))
    await refused(cid.ask('changeMemberRole', { user: cid.id, role: 'member' }))
    await refused(bob.ask('changeMemberRole', { user: ada.id, role: 'member' }))
    await refused(bob.ask('removeMember', { user: ada.id }))
    await refused(bob.ask('renameOrganisation', { name: 'Mine' }))
    assert.equal((await bob.ask('changeMemberRole', { user: cid.id, role: 'admin' })).status, 204)
    assert.equal((await bob.ask('changeMemberRole', { user: cid.id, role: 'boss' })).status, 422)
  })

  test('an invitation gives no more than its inviter may still give', async (context) => {
    const office = await openOffice(server, context)
    const people = await Promise.all(['ada', 'bob', 'cid'].map(office.person))
    const [ada, bob, cid] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
    const organisation = await founded(ada)
    await joined(office, ada, { who: bob, role: 'admin', organisation })
    await bob.ask('inviteMember', { email: cid.email, role: 'admin' })
    const token = await office.mailedToken(cid.email)
    await ada.ask('changeMemberRole', { user: bob.id, role: 'clerk' })
    assert.equal((await cid.ask('acceptInvitation', { token })).code, 'invalid_credentials')
  })

  test('an invitation is for one address, once, for a week', async (context) => {
    const office = await openOffice(server, context)
    const people = await Promise.all(['ada', 'bob', 'eve'].map(office.person))
    const [ada, bob, eve] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
    await founded(ada)
    const invite = async () => {
      const answer = await ada.ask('inviteMember', { email: bob.email, role: 'member' })
      assert.equal(answer.status, 202)
      return office.mailedToken(bob.email)
    }
    const stolen = await invite()
    const other = await eve.ask('acceptInvitation', { token: stolen })
    assert.deepEqual([other.status, other.code], [403, 'forbidden'])
    assert.match(other.detail ?? '', /sent to another address: sign in with that one/)
    const fresh = await invite()
    const gone = async (token: string) =>
      assert.equal((await bob.ask('acceptInvitation', { token })).code, 'invalid_credentials')
    await gone(stolen)
    const race = await Promise.all(
      Array.from({ length: 8 }, () => bob.ask('acceptInvitation', { token: fresh })),
    )
    assert.equal(race.filter(({ status }) => status === 200).length, 1)
    await gone(fresh)
    await bob.ask('leaveOrganisation')
    const late = await invite()
    office.tested.clock.advance(7 * dayMs)
    const again = await office.person('ann')
    assert.equal(
      (await again.ask('declineInvitation', { token: late })).code,
      'invalid_credentials',
    )
  })

  test('an invitation is answered alike for accounts and for nobody', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    await founded(ada)
    const told = await Promise.all(
      [bob.email, 'none@office.example'].map(async (email) => {
        const { status, body } = await ada.ask('inviteMember', { email, role: 'member' })
        return [status, Object.keys(body.invitation as unknown as object)]
      }),
    )
    assert.deepEqual(told[0], told[1])
    await office.mailedToken(bob.email)
    await office.mailedToken('none@office.example')
  })

  test('of two owners who leave at once one stays', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    for (let round = 0; round < 3; round += 1) {
      const organisation = await founded(ada, `Round ${round}`)
      await joined(office, ada, { who: bob, role: 'owner', organisation })
      const left = await Promise.all([
        ada.ask('leaveOrganisation', { organisation }),
        bob.ask('changeMemberRole', { organisation, user: bob.id, role: 'member' }),
      ])
      assert.deepEqual(left.map(({ status }) => status).sort(), [204, 409])
    }
  })

  test('an owner who is shut out, or about to go, is no other owner', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const organisation = await founded(ada)
    await joined(office, ada, { who: bob, role: 'owner', organisation })
    const { records } = office.tested.running.users
    const lower = { organisation, user: ada.id, role: 'member' }
    for (const state of [{ suspended: true }, { deletionAt: '2100-01-01T00:00:00Z' }]) {
      await records.update('user', bob.id, state)
      assert.equal((await ada.ask('leaveOrganisation', { organisation })).code, 'conflict')
      assert.equal((await ada.ask('changeMemberRole', lower)).code, 'conflict')
      await records.update('user', bob.id, { suspended: false, deletionAt: null })
    }
    assert.equal((await ada.ask('leaveOrganisation', { organisation })).status, 204)
  })

  test('an organisation is deleted by who may, under a fresh proof', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const organisation = await founded(ada)
    await joined(office, ada, { who: bob, role: 'admin', organisation })
    const asked = await ada.ask('deleteOrganisation', { organisation })
    assert.equal(asked.code, 'step_up_required')
    const text = 'update identity.session set proved_at = $1::timestamp with time zone'
    const values = [new Date(office.tested.clock.now()).toISOString()]
    await office.runtime.database.query({ text, values })
    assert.equal((await bob.ask('deleteOrganisation', { organisation })).code, 'forbidden')
    // On a device that is trusted one factor begins a session: too little for this (C16).
    const { records } = office.tested.running.users
    await records.update('user', ada.id, { secondFactor: true })
    const one = await ada.ask('deleteOrganisation', { organisation })
    assert.equal(one.code, 'step_up_required')
    await records.update('user', ada.id, { secondFactor: false })
    assert.equal((await ada.ask('deleteOrganisation', { organisation })).status, 204)
    assert.equal((await bob.ask('organisations')).body.active, null)
  })
})
