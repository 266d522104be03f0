import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import * as fields from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, manyToMany } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { identity } from '../../identity/kit.ts'
import { type TestUser, testApp } from '../../testing/test-app.ts'

/** Cards that all can see and change, but whose numbers only their owners know. */
const cards = kit('cards', {
  uses: [identity],
  models: {
    card: {
      fields: {
        number: fields.text({ max: 40 }),
        title: fields.text({ max: 40, optional: true }),
        owner: belongsTo('user'),
        vaults: manyToMany('vault'),
      },
      key: ['number'],
      access: {
        read: anyone,
        create: ({ row, me }) => row.ownerId.eq(me.id),
        update: ({ me }) => me.signedIn,
        fields: { number: { read: ({ row, me }) => row.ownerId.eq(me.id) } },
      },
    },
    vault: {
      fields: { name: fields.text({ max: 40 }) },
      access: { read: ({ me }) => me.is('staff'), write: ({ me }) => me.is('staff') },
    },
  },
})

const declared = app({ title: 'Cards', kits: [cards], roles: ['staff'] })

onBothServers('what a rule hides from writers', (server) => {
  test('an upsert does not find a record by a key that is hidden in it', async (context) => {
    const tested = await testApp(declared, { server: server.address() })
    context.after(() => tested.close())
    const [ada, ben] = [await tested.user(), await tested.user()]
    await tested.data.card.create({ number: 'S-1', ownerId: ada.id })
    const put = async (who: TestUser, number: string, tag?: string): Promise<string> => {
      const body = { title: 'seen' }
      const headers: Record<string, string> = tag === undefined ? {} : { 'if-match': tag }
      const path = `/api/cards/number=${number}`
      const { status, text } = await tested.request('PUT', path, { as: who, body, headers })
      return `${status} ${text.replace(/"(?:traceId|instance)":"[^"]*"/g, '')}`
    }
    assert.match(await put(ada, 'S-1'), /^200 .*S-1/)
    assert.equal(await put(ben, 'S-1'), await put(ben, 'S-2'))
    assert.equal(await put(ben, 'S-1', '"1"'), await put(ben, 'S-2', '"1"'))
    assert.equal(await put(ben, 'S-1', '*'), await put(ben, 'S-2', '*'))
  })

  test('links to a model that the caller cannot read have no name', async (context) => {
    const tested = await testApp(declared, { server: server.address() })
    context.after(() => tested.close())
    const [ada, sam] = [await tested.user(), await tested.user({ roles: ['staff'] })]
    const { id } = await tested.data.card.create({ number: 'S-1', ownerId: ada.id })
    const link = async (as: TestUser, name: string, value: unknown): Promise<string> => {
      const body = { [name]: value }
      const { status, text } = await tested.request('PATCH', `/api/cards/${id}`, { as, body })
      return `${status} ${text.replaceAll(name, '…').replace(/"traceId":"[^"]*"/, '')}`
    }
    for (const value of [[], 5, [id]]) {
      assert.equal(await link(ada, 'vaultIds', value), await link(ada, 'cellarIds', value))
    }
    assert.match(await link(sam, 'vaultIds', []), /^200 /)
  })
})
