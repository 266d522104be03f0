import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../base/limits.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { anyone } from '../../../define/rule.ts'
import { testApp } from '../../../testing/test-app.ts'
import { exportRecords } from '../export.ts'

const long = kit('long', {
  models: { page: { fields: { text: text({ max: 250_000 }) }, access: { read: anyone } } },
})

onBothServers('an export of long records', (server) => {
  test('holds all of them, though a page is too much for one read', async (context) => {
    const declared = app({ title: 'Long', kits: [long] })
    const tested = await testApp(declared, { server: server.address() })
    context.after(() => tested.close())
    const content = 'x'.repeat(240_000)
    const made = Math.ceil((2 * limits.readBytesMax) / content.length)
    for (let index = 0; index < made; index++) await tested.data.page.create({ text: content })
    const { catalog } = tested.running.runtime
    const lines: string[] = []
    const records = await exportRecords({
      catalog,
      invoke: tested.running.invoke,
      caller: { is: 'anonymous' },
      model: 'page',
      form: 'jsonl',
      traceId: '0'.repeat(32),
      write: async (some) => {
        lines.push(...some.split('\n').filter((line) => line !== ''))
      },
    })
    assert.equal(records, made)
    assert.equal(new Set(lines.map((line) => JSON.parse(line).id)).size, made)
  })
})
