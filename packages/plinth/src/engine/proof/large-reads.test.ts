import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import * as fields from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, hasMany } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { testApp } from '../../testing/test-app.ts'

const pages = kit('pages', {
  models: {
    page: {
      fields: {
        text: fields.text({ max: 250_000, optional: true }),
        up: belongsTo('page', { optional: true }),
        downs: hasMany('page'),
      },
      access: { read: anyone },
    },
  },
})

onBothServers('reads of much text', (server) => {
  test('are refused before they fill the memory, listed and inside a record', async (context) => {
    const declared = app({ title: 'Pages', kits: [pages] })
    const tested = await testApp(declared, { server: server.address() })
    context.after(() => tested.close())
    const { page } = tested.data
    const { id: upId } = await page.create({})
    const text = 'x'.repeat(240_000)
    const count = Math.ceil(limits.readBytesMax / text.length) + 1
    for (let made = 0; made < count; made++) await page.create({ text, upId })
    const paths = ['/api/pages?limit=200', `/api/pages/${upId}?include[downs][limit]=100`]
    for (const path of paths) {
      const { status, text: body } = await tested.request('GET', path)
      assert.equal(status, 422, path)
      assert.match(body, /query_too_costly.*fewer records/)
    }
    const some = await tested.request('GET', '/api/pages?limit=20')
    assert.equal(some.status, 200)
  })
})
