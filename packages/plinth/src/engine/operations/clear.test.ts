import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/time.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import * as fields from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { testApp } from '../../testing/test-app.ts'

const filing = kit('filing', {
  models: {
    folder: {
      fields: {
        name: fields.text(),
        parent: belongsTo('folder', { optional: true, onDelete: 'clear' }),
      },
      access: { read: anyone },
    },
    paper: {
      fields: {
        name: fields.text(),
        folder: belongsTo('folder', { optional: true, onDelete: 'clear' }),
        copyIn: belongsTo('folder', { optional: true, onDelete: 'clear' }),
      },
      access: { read: anyone },
    },
    tab: {
      fields: { folder: belongsTo('folder', { onDelete: 'cascade' }) },
      access: { read: anyone },
    },
    note: {
      fields: { tab: belongsTo('tab', { optional: true, onDelete: 'clear' }) },
      access: { read: anyone },
    },
  },
})

onBothServers('A deletion that others let go of', (server) => {
  test('makes each of them a new version, once', async (context) => {
    const tested = await testApp(app({ kits: [filing] }), { server: server.address() })
    context.after(() => tested.close())
    const { folder, paper, tab, note } = tested.data
    const [one, two] = [await folder.create({ name: 'one' }), await folder.create({ name: 'two' })]
    await folder.update(one.id, { parentId: one.id })
    const inside = await folder.create({ name: 'inside', parentId: one.id })
    const both = await paper.create({ name: 'both', folderId: one.id, copyInId: one.id })
    const half = await paper.create({ name: 'half', folderId: two.id, copyInId: one.id })
    const other = await paper.create({ name: 'other', folderId: two.id })
    const pinned = await note.create({ tabId: (await tab.create({ folderId: one.id })).id })
    tested.clock.advance(60_000)
    await folder.delete(one.id)
    const seen = async (id: string) => {
      const { version, folderId, copyInId, updatedAt } = await paper.get(id)
      return [version, folderId, copyInId, updatedAt === other.updatedAt]
    }
    assert.deepEqual(await seen(both.id), [2, null, null, false])
    assert.deepEqual(await seen(half.id), [2, two.id, null, false])
    assert.deepEqual(await seen(other.id), [1, two.id, null, true])
    const { version, parentId } = await folder.get(inside.id)
    assert.deepEqual([version, parentId], [2, null])
    const note1 = await note.get(pinned.id)
    assert.deepEqual([note1.version, note1.tabId], [2, null], 'its tab went along')
    assert.equal((await folder.find({ filter: { id: one.id } })).data.length, 0)
  })

  test('sees also who referred to it while it waited', { timeout: 200_000 }, async (context) => {
    const tested = await testApp(app({ kits: [filing] }), { server: server.address() })
    context.after(() => tested.close())
    const { folder, paper } = tested.data
    const { id } = await folder.create({ name: 'one' })
    const late = await paper.create({ name: 'late' })
    const { database } = tested.running.runtime
    let deleted: Promise<void> | undefined
    await database.transaction(async (session) => {
      const text = 'update filing.paper set folder_id = $1, version = 2 where id = $2'
      await session.query({ text, values: [id, late.id] })
      deleted = folder.delete(id)
      await sleep(300)
    })
    await deleted
    const { version, folderId } = await paper.get(late.id)
    assert.deepEqual([version, folderId], [3, null])
  })
})
