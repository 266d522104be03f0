/** Tests that the real file, and the same data written otherwise, are read to the same values. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCsv } from '../csv/reader.ts'
import { type ByteSource, memorySource } from '../csv/source.ts'
import { detectFile } from './detect.ts'
import type { GivenDialect, WantedColumn } from './dialect.ts'
import { parseDate, type WallTime } from './values/dates.ts'
import { parseDecimal } from './values/numbers.ts'

const path = fileURLToPath(
  new URL('../../../../../../shared/data/online-retail.csv', import.meta.url),
)
const absent = existsSync(path) ? false : 'the real data file is not beside the repository'

const names = [
  ['InvoiceNo', 'text'],
  ['StockCode', 'text'],
  ['Description', 'text'],
  ['Quantity', 'integer'],
  ['InvoiceDate', 'instant'],
  ['UnitPrice', 'decimal'],
  ['CustomerID', 'text'],
  ['Country', 'text'],
] as const
const wanted: readonly WantedColumn[] = names.map(([name, holds]) => ({ names: [name], holds }))

/** Reads a source to plain values, by what was detected. */
async function valuesOf(source: ByteSource, given: GivenDialect = {}): Promise<string[][]> {
  const { dialect, places } = await detectFile(source, wanted, given)
  const rows: string[][] = []
  for await (const { records } of readCsv(source, dialect)) {
    for (const { cells, problem } of records) {
      assert.equal(problem, undefined)
      const cell = (index: number) => cells[places[index] ?? -1] ?? ''
      const date = parseDate(cell(4), dialect.dates.get(places[4] ?? -1))
      const price = parseDecimal(cell(5), dialect.decimals.get(places[5] ?? -1) ?? 'point')
      const plain = [0, 1, 2, 3, 6, 7].map((index) => cell(index).trim())
      rows.push([...plain, date ? minuteOf(date) : '', price ?? ''])
    }
  }
  return rows.slice(1)
}

function minuteOf({ year, month, day, hour, minute }: WallTime): string {
  return new Date(Date.UTC(year, month - 1, day, hour, minute)).toISOString()
}

/** The file's own cells, by a reader of a few lines that knows this file only. */
function rawRows(): string[][] {
  const lines = readFileSync(path, 'utf8').replace('\uFEFF', '').trimEnd().split('\n')
  return lines.slice(1).map((line) => {
    const cells = line.match(/("([^"]|"")*"|[^;]*)(;|$)/g) ?? []
    return cells.slice(0, 8).map((cell) => {
      const plain = cell.replace(/;$/, '')
      return plain.startsWith('"') ? plain.slice(1, -1).replaceAll('""', '"') : plain
    })
  })
}

test('the real file has the facts that are known of it', { skip: absent }, async () => {
  const rows = await valuesOf(memorySource('real', readFileSync(path)))
  const raw = rawRows()
  assert.equal(rows.length, 10_000)
  assert.equal(raw.length, 10_000)
  const count = (matches: (row: readonly string[]) => boolean) => rows.filter(matches).length
  assert.equal(
    count(([invoice]) => invoice?.startsWith('C') ?? false),
    100,
  )
  assert.equal(
    count(([, , , quantity]) => Number(quantity) < 0),
    130,
  )
  assert.equal(
    count(([, , name]) => name === ''),
    42,
  )
  assert.equal(
    count(([, , , , customer]) => customer === ''),
    2_291,
  )
  assert.equal(
    count(([, code]) => !/^\d/.test(code ?? '')),
    38,
  )
  assert.equal(
    count((row) => row[6] === '' || row[7] === ''),
    0,
  )
  assert.deepEqual(new Set(rows.map((row) => row[6]?.slice(0, 7))), new Set(['2010-12']))
  assert.deepEqual(
    rows.map((row) => row[7]),
    raw.map((row) => row[5]?.replace(',', '.')),
  )
  assert.deepEqual(
    rows.map((row) => row[2]),
    raw.map((row) => row[2]?.trim()),
  )
})

/** The same data, written in another way. */
interface Variant {
  readonly separator: string
  readonly date: (day: string, time: string) => string
  readonly price: (price: string) => string
  readonly name?: (name: string) => string
  readonly lineBreak?: string
}

const iso = (day: string) => `2010-12-${day.padStart(2, '0')}`
const point = (price: string) => price.replace(',', '.')

const variants: Readonly<Record<string, Variant>> = {
  'commas, points and ISO dates': {
    separator: ',',
    date: (day, time) => `${iso(day)}T${time}:00`,
    price: point,
  },
  'American dates': { separator: ',', date: (day, time) => `12/${day}/2010 ${time}`, price: point },
  'American dates with halves of the day': {
    separator: '\t',
    date: (day, time) => {
      const hour = Number(time.slice(0, 2))
      return `12/${day}/2010 ${hour % 12 || 12}${time.slice(2)} ${hour < 12 ? 'AM' : 'PM'}`
    },
    price: point,
    lineBreak: '\r\n',
  },
  'German dates': {
    separator: '|',
    date: (day, time) => `${day.padStart(2, '0')}.12.2010 ${time}:00`,
    price: (price) => price,
  },
  'line breaks and separators in names': {
    separator: ',',
    date: (day, time) => `${iso(day)} ${time}`,
    price: point,
    name: (name) => name.replace(' ', '\r\n'),
    lineBreak: '\r',
  },
}

function rewritten(variant: Variant): Uint8Array {
  const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`
  const lines = rawRows().map(([invoice, code, name, quantity, at, price, ...rest]) => {
    const [date = '', time = ''] = (at ?? '').split(' ')
    const when = variant.date(date.split('/')[0] ?? '', time)
    const called = variant.name ? variant.name((name ?? '').trim()) : (name ?? '')
    return [invoice, code, called, quantity, when, variant.price(price ?? ''), ...rest]
  })
  const header = names.map(([name]) => name)
  return Buffer.from(
    [header, ...lines]
      .map((cells) => cells.map((cell) => quote(cell ?? '')).join(variant.separator))
      .join(variant.lineBreak ?? '\n'),
  )
}

for (const [name, variant] of Object.entries(variants)) {
  test(`the same data with ${name} gives the same values`, { skip: absent }, async () => {
    const expected = await valuesOf(memorySource('real', readFileSync(path)))
    const read = await valuesOf(memorySource(name, rewritten(variant)))
    const called = (row: readonly string[]) =>
      row.map((cell, index) => (index === 2 ? (variant.name?.(cell) ?? cell) : cell))
    assert.deepEqual(read.map(flat), expected.map(called).map(flat))
  })
}

function flat(row: readonly string[]): string {
  return JSON.stringify(row)
}
