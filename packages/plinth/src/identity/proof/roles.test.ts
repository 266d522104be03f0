import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setRoles } from '../../app/people/users.ts'
import { Failure } from '../../base/failure.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { app } from '../../define/kit.ts'
import { callBy, failureOf } from '../../engine/proof/desk.ts'
import { testApp } from '../../testing/test-app.ts'
import { identity } from '../kit.ts'

const site = app({ kits: [identity], roles: ['admin', 'staff'] })

onBothServers('Roles of an app', (server) => {
  test('are the only ones that a user can be given, wherever that is done', async (context) => {
    const tested = await testApp(site, { server: server.address() })
    context.after(() => tested.close())
    const admin = await tested.user({ email: 'admin@site.example', roles: ['admin'] })
    const ada = await tested.user({ email: 'ada@site.example' })
    const give = (roles: readonly string[]) =>
      tested.running.invoke(
        callBy(admin, { operation: 'user.update', id: ada.id, input: { roles } }),
      )
    const refused = await failureOf(give(['staff', 'stuff']))
    assert.equal(refused.code, 'invalid_input')
    assert.deepEqual(refused.problems, [
      {
        pointer: '/roles/1',
        code: 'unknown_role',
        detail: 'There is no role "stuff". Give one of: admin, staff.',
      },
    ])
    assert.equal((await give(['staff'])).status, 200)
    const code = (await failureOf(tested.data.user.update(ada.id, { roles: ['boss'] }))).code
    assert.equal(code, 'invalid_input', 'code of the app is held to it too')
    await assert.rejects(setRoles(tested.running.users, ada.email, ['stuff']), (error) => {
      assert.ok(error instanceof Failure)
      return /There is no role "stuff"; did you mean staff\?/.test(error.detail)
    })
    const { catalog } = tested.running
    const kind = catalog.models.get('user')?.fields.get('roles')?.kind
    assert.deepEqual(kind?.item?.jsonSchema.enum, ['admin', 'staff'])
  })

  test('that were taken away stay readable and findable', async (context) => {
    const tested = await testApp(site, { server: server.address() })
    context.after(() => tested.close())
    const ada = await tested.user({ email: 'ada@site.example' })
    await tested.running.runtime.database.query({
      text: `update identity."user" set roles = '{old}' where id = $1`,
      values: [ada.id],
    })
    const { data } = await tested.data.user.find({ filter: { roles: { has: 'old' } } })
    assert.deepEqual(
      data.map(({ roles }) => roles),
      [['old']],
    )
  })
})
