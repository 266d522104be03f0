import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAway } from '../../../app/housekeeping.ts'
import { removeAccount } from '../../../app/people/leaving/removal.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { founded, joined, openOffice } from './office.ts'

onBothServers('An account that goes', (server) => {
  test('leaves no organisation without an owner, and is told which', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const acme = await founded(ada, 'Acme')
    const beta = await founded(ada, 'Beta')
    await joined(office, ada, { who: bob, role: 'member', organisation: acme })
    const { runtime, tested } = office
    const remove = () =>
      removeAccount(runtime, {
        ...{ userId: ada.id, name: 'test', traceId: '0'.repeat(32) },
        caller: { is: 'unrestricted', reason: 'test' },
      })
    const proved = 'update identity.session set proved_at = $1::timestamp with time zone'
    const values = [new Date(tested.clock.now()).toISOString()]
    await runtime.database.query({ text: proved, values })
    const told = await ada.ask('deleteAccount')
    assert.equal(told.code, 'conflict')
    assert.match(told.detail ?? '', /only owner of .*make somebody else an owner/)
    assert.match(told.detail ?? '', /“Acme”/)
    assert.match(told.detail ?? '', /“Beta”/)
    await assert.rejects(remove(), /only owner/, 'whoever removes it')
    await ada.ask('changeMemberRole', { organisation: acme, user: bob.id, role: 'owner' })
    assert.doesNotMatch((await ada.ask('deleteAccount')).detail ?? '', /Acme/)
    await ada.ask('deleteOrganisation', { organisation: beta })
    assert.equal((await ada.ask('deleteAccount')).status, 200)
    const { data: left } = await tested.data.membership.find({ filter: { organisationId: acme } })
    assert.deepEqual(
      left.map(({ userId, role }) => [userId, role]),
      [[bob.id, 'owner']],
    )
  })

  test('stays where its end has come and it is an only owner by then', async (context) => {
    const office = await openOffice(server, context)
    const [ada, bob] = [await office.person('ada'), await office.person('bob')]
    const { tested, runtime } = office
    const { user } = tested.data
    const deletionAt = '2026-01-01T00:00:00Z'
    await user.update(ada.id, { deletionAt })
    await user.update(bob.id, { deletionAt })
    const acme = await founded(ada)
    tested.clock.advance(60_000)
    const kept = async (): Promise<readonly string[]> => {
      await clearAway(runtime)
      const { data } = await user.find({ filter: { id: { in: [ada.id, bob.id] } } })
      return data.map(({ id }) => id)
    }
    assert.deepEqual(await kept(), [ada.id], 'it keeps none of the others')
    await tested.data.organisation.delete(acme)
    assert.deepEqual(await kept(), [], 'the next round tries again')
  })
})
