/** Proves that an export holds every record that the caller may read, once, and nothing else. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { anonymous, type Caller } from '../../../access/caller.ts'
import { openApp, type RunningApp } from '../../../app/compose.ts'
import { type EmbeddedServer, startEmbedded } from '../../../database/embedded/server.ts'
import { boolean, integer, money, text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { anyone } from '../../../define/rule.ts'
import { readCsv } from '../../csv/reader.ts'
import { memorySource } from '../../csv/source.ts'
import { type ExportRun, exportRecords } from '../export.ts'

const shop = kit('shop', {
  models: {
    item: {
      fields: {
        name: text({ max: 200 }),
        price: money('GBP'),
        cost: money('GBP', { optional: true }),
        secret: text({ optional: true }),
        place: integer(),
        shown: boolean(),
      },
      access: {
        read: ({ row, me }) => row.shown.or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
        fields: { cost: { read: ({ me }) => me.is('staff') } },
      },
    },
    note: { fields: { text: text() }, access: { read: anyone } },
  },
})

const staff: Caller = { is: 'user', id: crypto.randomUUID(), roles: new Set(['staff']) }

describe('An export', () => {
  let folder = ''
  let server: EmbeddedServer | undefined
  let running: RunningApp | undefined

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-export-'))
    server = await startEmbedded({ directory: join(folder, 'data'), log: () => undefined })
    running = (await openApp(app({ kits: [shop] }), {
      database: server.address,
      secret: 'x'.repeat(43),
      production: false,
      schema: { mode: 'follow', migrations: join(folder, 'migrations') },
    })) as RunningApp
    await running.runtime.database.query({
      text: `insert into shop.item
        (id, created_at, updated_at, version, name, price, cost, place, shown)
        select gen_random_uuid(), 'epoch', 'epoch', 1,
          case when n = 7 then '=1+1' when n = 8 then 'a;"b"' || chr(10) || 'c'
            else 'item ' || n end,
          n * 5, n, n, n % 3 <> 0 from generate_series(1, 450) n`,
      values: [],
    })
  })

  after(async () => {
    await running?.close()
    await server?.stop()
    await rm(folder, { recursive: true })
  })

  async function exported(run: Partial<ExportRun>): Promise<{ text: string; records: number }> {
    assert.ok(running)
    let content = ''
    const records = await exportRecords({
      catalog: running.catalog,
      invoke: running.invoke,
      caller: staff,
      model: 'item',
      form: 'csv',
      traceId: '0'.repeat(32),
      write: async (part) => {
        content += part
      },
      ...run,
    })
    return { text: content, records }
  }

  async function cellsOf(content: string): Promise<(readonly string[])[]> {
    const rows: (readonly string[])[] = []
    const source = memorySource('export.csv', Buffer.from(content))
    for await (const { records } of readCsv(source, { encoding: 'utf-8', separator: ',' })) {
      for (const { cells, problem } of records) {
        assert.equal(problem, undefined)
        rows.push(cells)
      }
    }
    return rows
  }

  test('holds every record once, over all pages', async () => {
    const { text: content, records } = await exported({ fields: ['place', 'name', 'price'] })
    const [header, ...rows] = await cellsOf(content)
    assert.equal(records, 450)
    assert.deepEqual(header, ['place', 'name', 'price GBP'])
    const places = rows.map(([place]) => Number(place)).sort((one, other) => one - other)
    assert.deepEqual(
      places,
      Array.from({ length: 450 }, (_, index) => index + 1),
    )
    const priceOf = new Map(rows.map(([place, , price]) => [place, price]))
    assert.deepEqual([priceOf.get('1'), priceOf.get('450')], ['0.05', '22.50'])
  })

  test('makes formulas harmless and keeps line breaks and quotes (L03)', async () => {
    const { text: content } = await exported({
      fields: ['name'],
      filter: { place: { in: [7, 8] } },
    })
    const names = (await cellsOf(content)).flat().slice(1).sort()
    assert.deepEqual(names, ["'=1+1", 'a;"b"\nc'])
  })

  test('holds nothing that the caller may not read', async () => {
    const csv = await exported({ caller: anonymous })
    const [header, ...rows] = await cellsOf(csv.text)
    assert.equal(csv.records, 300)
    const at = (name: string) => header?.indexOf(name) ?? -1
    assert.ok(rows.every((cells) => Number(cells[at('place')]) % 3 !== 0))
    assert.ok(rows.every((cells) => cells[at('cost GBP')] === ''))
    const json = await exported({ caller: anonymous, form: 'jsonl' })
    assert.ok(!json.text.includes('"cost"'))
    await assert.rejects(exported({ caller: anonymous, fields: ['cost'] }), /cost/)
  })

  test('as JSON lines is what the API answers', async () => {
    const { text: content, records } = await exported({ form: 'jsonl', filter: { place: 7 } })
    assert.equal(records, 1)
    const record = JSON.parse(content) as Record<string, unknown>
    assert.equal(record.name, '=1+1')
    assert.deepEqual(record.price, { amount: 35, currency: 'GBP' })
    assert.equal(content.split('\n').length, 2)
  })

  test('of a field that does not exist says which was meant, and writes nothing', async () => {
    const written: string[] = []
    const write = async (part: string): Promise<void> => void written.push(part)
    for (const form of ['csv', 'jsonl'] as const) {
      const asked = { fields: ['name', 'plaice'], form, write }
      await assert.rejects(exported(asked), /no field "plaice" of item; did you mean place\?/)
    }
    await assert.rejects(exported({ caller: anonymous, fields: ['cost'], write }), /cost/)
    assert.deepEqual(written, [])
  })

  test('of a model that does not exist says which there are', async () => {
    await assert.rejects(exported({ model: 'items' }), /no model items.*There are: .*item, note/)
  })
})
