/** Proves what an import stores: right values, once, whatever the file looks like. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { limits } from '../../../base/limits.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { cell } from '../cells.ts'
import { importer } from '../importer.ts'
import { shop } from './retail.ts'
import { type RetailRow, retailFile, type ShopWorld, shopWorld } from './shop-world.ts'

const realFile = fileURLToPath(
  new URL('../../../../../../../shared/data/online-retail.csv', import.meta.url),
)
const absent = existsSync(realFile) ? false : 'the real data file is not beside the repository'

onBothServers('An import', (server) => {
  test('of the real file keeps every row or says why not', { skip: absent }, async (context) => {
    const world = await shopWorld(server, context)
    const path = await world.copy(realFile)
    const report = await world.load(path)
    assert.equal(report.read, 10_000)
    assert.equal(report.taken + report.rejected, report.read)
    await assertFacts(world)
    const rejects = await world.rejects(path)
    assert.equal(rejects.length, 30)
    const [line, number, reason, ...cells] = rejects[0]?.split(';') ?? []
    assert.equal(reason, 'a correction of the stock is no sale')
    assert.equal(Number(line), Number(number) + 1)
    const lines = readFileSync(realFile, 'utf8').split('\n')
    assert.equal(cells.join(';'), lines[Number(line) - 1])

    const before = await world.stored()
    const again = await world.load(path)
    assert.deepEqual(await world.stored(), before)
    assert.deepEqual(await world.rejects(path), rejects)
    for (const count of again.models.values()) {
      assert.equal(count.created + count.changed + count.rejected, 0)
    }
  })

  test('merges the rows of one record by the place in the file', async (context) => {
    const world = await shopWorld(server, context)
    const path = await world.file(
      'merged.csv',
      retailFile([
        { name: '', price: '0' },
        { name: 'LANTERN', price: '2,55' },
        { name: 'LANTERN (OLD)', price: '4,95' },
        { name: '', price: '0' },
        { code: '20002', name: '', price: '0' },
        { code: 'POST', name: 'POSTAGE', price: '18' },
      ]),
    )
    await world.load(path)
    assert.deepEqual(await world.rows('select sku, name, price from shop.product order by sku'), [
      '10001|LANTERN|495',
      '20002|20002|0',
    ])
    assert.deepEqual(await world.rows('select fee from shop.line where product_id is null'), [
      'POSTAGE',
    ])
  })

  test('merges rows that were read far apart by their place too', async (context) => {
    const world = await shopWorld(server, context)
    const rows = Array.from({ length: 8_000 }, (_, index) => ({
      name: index < 5 ? '' : `NAME ${index}`,
      price: `${index},00`,
    }))
    const content = retailFile(rows)
    assert.ok(content.length > 2 * limits.csvChunkBytes)
    await world.load(await world.file('far.csv', content))
    assert.deepEqual(await world.rows('select name, price, version from shop.product'), [
      'NAME 5|799900|1',
    ])
  })

  test('of a corrected file changes what differs and nothing else', async (context) => {
    const world = await shopWorld(server, context)
    const rows = [{ code: '10001' }, { code: '20002' }, { code: '30003' }]
    await world.load(await world.file('a.csv', retailFile(rows)))
    const path = await world.file('b.csv', retailFile([...rows, { code: '20002', price: '3,00' }]))
    const { models } = await world.load(path)
    const product = { created: 0, changed: 1, unchanged: 2, rejected: 0 }
    assert.deepEqual(models.get('product'), product)
    assert.deepEqual(await world.rows('select sku, price, version from shop.product order by 1'), [
      '10001|255|1',
      '20002|300|2',
      '30003|255|1',
    ])
  })

  test('rejects each row that does not fit, with every reason', async (context) => {
    const world = await shopWorld(server, context)
    const path = await world.file(
      'bad.csv',
      `${retailFile([
        { quantity: 'six', price: '2,555' },
        { invoice: '' },
        { at: '32/12/2010 08:26' },
        { at: '28/3/2010 01:30' },
        { country: 'x'.repeat(70) },
        { price: '-1,00' },
        { invoice: '500009' },
      ])}only;two\n"never closed;;;;;;;\n`,
    )
    const report = await world.load(path)
    assert.deepEqual([report.read, report.taken, report.rejected], [9, 1, 8])
    const rejects = await world.rejects(path)
    const expected = [
      /^2;1;"Quantity: ""six"" is not a whole number; UnitPrice: ""2,555"" is not an amount of GBP/,
      /^3;2;InvoiceNo is empty;;10001;/,
      /^4;3;"InvoiceDate: ""32\/12\/2010 08:26"" is not a date with a time, day first/,
      /^5;4;.*a time that exists: this time was left out in Europe\/London/,
      /^6;5;"customer.country: .* does not fit\. /,
      /^7;6;.*line\.price.*-100.*does not fit/,
      /^9;8;has 2 cells where 8 are expected;only;two$/,
      /^10;9;a quote is opened and never closed;"""never closed/,
    ]
    assert.equal(rejects.length, expected.length)
    for (const [index, pattern] of expected.entries()) assert.match(rejects[index] ?? '', pattern)
    assert.deepEqual(await world.rows('select number from shop."order"'), ['500009'])
  })

  test('of a corrected reject file ends as if the first file had been right', async (context) => {
    const good = retailFile([{ code: '10001' }, { code: '20002' }, { code: '30003' }])
    const whole = await shopWorld(server, context)
    await whole.load(await whole.file('good.csv', good))
    const parts = await shopWorld(server, context)
    const path = await parts.file(
      'bad.csv',
      good.replace('"20002";"LANTERN";"1"', '"20002";"LANTERN";"?"'),
    )
    await parts.load(path)
    assert.notDeepEqual(await parts.stored(), await whole.stored())
    const rejected = readFileSync(`${path}.rejects.csv`, 'utf8')
    const corrected = await parts.file('corrected.csv', rejected.replace(';?;', ';1;'))
    const report = await parts.load(corrected)
    assert.equal(report.taken, 1)
    assert.deepEqual(await parts.stored(), await whole.stored())
  })

  test('rejects rows that refer to nothing or that the database refuses', async (context) => {
    const world = await shopWorld(server, context)
    await world.database.dedicated((session) =>
      session.script('create unique index on shop.line (quantity) where quantity > 100'),
    )
    const path = await world.file(
      'refused.csv',
      retailFile([{ quantity: '101' }, { quantity: '101' }, { code: '99999' }, { code: '20002' }]),
    )
    const report = await world.load(path, { importer: withoutProducts })
    assert.deepEqual([report.read, report.taken, report.rejected], [4, 2, 2])
    const rejects = await world.rejects(path)
    assert.match(rejects[0] ?? '', /^3;2;line: A record with the same value exists already\.;/)
    assert.match(rejects[1] ?? '', /^4;3;line\.product: there is no product 99999;/)
    assert.deepEqual(await world.rows('select position from shop.line order by 1'), ['1', '4'])
  })

  test('says what it found in the file, and how far it is', async (context) => {
    const world = await shopWorld(server, context)
    await world.load(await world.file('told.csv', retailFile([{}])))
    assert.match(world.told(), /told\.csv\n {2}encoding: utf-8 .*\n {2}separator: semicolon ;/)
    assert.match(world.told(), /date order of InvoiceDate: day-first \(shown: 13\/12\/2010 08:26/)
    assert.match(world.told(), /reading 100 % {2}1 rows/)
    assert.match(world.told(), /storing 100 % {2}4 rows/)
    assert.deepEqual(await world.rejects(await world.file('told.csv', '')), [])
  })

  test('stores what a plain reading of the rows says, for any file', async (context) => {
    const world = await shopWorld(server, context)
    const row = fc.record({
      invoice: fc.constantFrom('1', '2', 'C3'),
      code: fc.constantFrom('10001', '20002', 'POST'),
      name: fc.constantFrom('', 'A', 'B;"\n'),
      quantity: fc.constantFrom('1', '-2', '?'),
      price: fc.constantFrom('0', '1,5', '2,55'),
      customer: fc.constantFrom('', '7', '8'),
    })
    let runs = 0
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), async (rows) => {
        await world.database.dedicated((session) =>
          session.script('truncate shop.line, shop."order", shop.product, shop.customer'),
        )
        const last = { invoice: '9', code: '90009', price: '1,5' }
        const path = await world.file(`any-${++runs}.csv`, retailFile([...rows, last]))
        await world.load(path)
        const products = await world.rows('select sku, name, price from shop.product order by 1')
        assert.deepEqual(products, expectedProducts([...rows, last]))
        const before = await world.stored()
        await world.load(path)
        assert.deepEqual(await world.stored(), before)
      }),
      { numRuns: 15 },
    )
  })
})

/** An importer that takes products for granted: 10001 and 20002 are there, others are not. */
const withoutProducts = importer('lines', {
  kits: [shop],
  columns: {
    invoice: cell('InvoiceNo'),
    code: cell('StockCode'),
    quantity: cell.integer('Quantity'),
    at: cell.instant('InvoiceDate', { zone: 'UTC' }),
  },
  row({ row, number, put }) {
    if (row.code !== '99999') put('product', { sku: row.code, name: 'thing', price: 1 })
    put('order', { number: row.invoice, placedAt: row.at })
    put('line', {
      order: { number: row.invoice },
      position: number,
      product: { sku: row.code },
      quantity: row.quantity,
      price: 1,
    })
  },
})

/** What the products must be, worked out row by row in the plainest way. */
function expectedProducts(rows: readonly Partial<RetailRow>[]): string[] {
  const names = new Map<string, string>()
  const prices = new Map<string, number>()
  for (const { invoice, code = '', name = 'LANTERN', quantity = '1', price = '' } of rows) {
    if (quantity === '?' || code === 'POST') continue
    if (quantity === '-2' && !invoice?.startsWith('C')) continue
    const said = name.trim()
    if (!names.has(code) || names.get(code) === '') names.set(code, said)
    const pence = Math.round(Number(price.replace(',', '.')) * 100)
    if (pence > 0 || !prices.has(code)) prices.set(code, pence)
  }
  return [...names].sort().map(([code, name]) => `${code}|${name || code}|${prices.get(code)}`)
}

/** Facts of the real file, counted with the plainest means from its text. */
async function assertFacts(world: ShopWorld): Promise<void> {
  const lines = readFileSync(realFile, 'utf8').trimEnd().split('\n').slice(1)
  const kept = lines.filter((line) => line.startsWith('C') || !/;-\d+;\d+\/12\/2010/.test(line))
  const invoices = new Set(kept.map((line) => line.split(';')[0]))
  const codes = new Set(kept.flatMap((line) => line.split(';')[1]?.match(/^\d{5}.*/)?.[0] ?? []))
  const customers = new Set(kept.flatMap((line) => /;(\d{5});[A-Za-z ]+\r?$/.exec(line)?.[1] ?? []))
  const cents = kept.map((line) => {
    const [, whole = '', fraction = ''] = /;(\d+)(?:,(\d+))?;\d*;[A-Za-z ]+\r?$/.exec(line) ?? []
    return BigInt(whole + fraction.padEnd(2, '0'))
  })
  const total = cents.reduce((sum, one) => sum + one, 0n)
  assert.deepEqual(
    await world.rows(`select (select count(*) from shop.line), (select count(*) from shop."order"),
      (select count(*) from shop.product), (select count(*) from shop.customer),
      (select sum(price) from shop.line), (select count(*) from shop.line where fee is not null)`),
    [
      `${kept.length}|${invoices.size}|${codes.size}|${customers.size}|${total}|${
        kept.filter((line) => !/^[^;]+;\d/.test(line)).length
      }`,
    ],
  )
}
