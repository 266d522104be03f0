/** Proves that an import tells the audit of every record that it makes or changes, once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { cell } from '../cells.ts'
import { importer } from '../importer.ts'
import { shop } from './retail.ts'
import { retailFile, shopWorld } from './shop-world.ts'

const margins = importer('margins', {
  kits: [shop],
  columns: { sku: cell('Sku'), margin: cell.integer('Margin') },
  row: ({ row, put }) => put('product', { sku: row.sku, margin: row.margin }),
})

onBothServers('The audit of an import', (server) => {
  test('has one entry for each record that is made or changed', async (context) => {
    const world = await shopWorld(server, context)
    const entries = (after: number): Promise<string[]> =>
      world.rows(`select operation, actor, verb, model, was - 'placedAt',
          becomes - 'placedAt', hidden
        from plinth.audit where position > ${after} order by position`)
    const rows = [
      { name: 'LANTERN', customer: '' },
      { code: '20002', name: 'BELL', customer: '' },
    ]
    await world.load(await world.file('a.csv', retailFile(rows)))
    const by = 'import.online-retail|code:plinth import'
    assert.deepEqual((await entries(0)).sort(), [
      `${by}|create|order|-|{"number": "500001"}|{}`,
      `${by}|create|product|-|{"sku": "10001", "name": "LANTERN", "price": "255"}|{}`,
      `${by}|create|product|-|{"sku": "20002", "name": "BELL", "price": "255"}|{}`,
    ])
    const traces = await world.rows('select count(distinct trace) from plinth.audit')
    assert.deepEqual(traces, ['1'])
    const records = `select count(*) from plinth.audit as a where not exists (select from
      (select id from shop.product union all select id from shop."order") as r where r.id = record)`
    assert.deepEqual(await world.rows(records), ['0'])

    await world.load(await world.file('a.csv', retailFile(rows)))
    assert.equal((await entries(3)).length, 0, 'what changes nothing leaves nothing')
    const changed = [{ ...rows[0], price: '3,00' }, rows[1] ?? {}]
    await world.load(await world.file('b.csv', retailFile(changed)))
    assert.deepEqual(await entries(3), [
      `${by}|update|product|{"price": "255"}|{"price": "300"}|{}`,
    ])

    const secrets = await world.file('c.csv', 'Sku;Margin\n10001;40\n')
    await world.load(secrets, { importer: margins })
    assert.deepEqual(await entries(4), [
      'import.margins|code:plinth import|update|product|-|-|{margin}',
    ])
  })

  test('says nothing of records that are refused', async (context) => {
    const world = await shopWorld(server, context)
    await world.rows("alter table shop.product add constraint short check (name <> 'BAD')")
    const rows = [{ name: 'GOOD' }, { code: '20002', name: 'BAD' }, { code: '20003', name: 'FINE' }]
    const report = await world.load(await world.file('a.csv', retailFile(rows)))
    assert.equal(report.rejected, 1)
    const told = "select becomes ->> 'name' from plinth.audit where model = 'product' order by 1"
    assert.deepEqual(await world.rows(told), ['FINE', 'GOOD'])
  })
})
