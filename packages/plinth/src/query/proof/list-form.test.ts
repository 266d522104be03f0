import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { onBothServers } from '../../database/proof/servers.ts'
import { join, name, sql, statement, typed } from '../../sql/fragment.ts'
import { listOf, type RowCells, readRows } from '../answer/lists.ts'

// All that parts cells or rows or begins a cell, and characters of one, two, three and four bytes.
const letters = fc.constantFrom(
  '\x1e',
  '\x1f',
  '\x02',
  ':',
  '0',
  '7',
  'a',
  'é',
  '中',
  '😀',
  '\n',
  '\\',
)
const texts = fc.option(fc.string({ unit: letters, maxLength: 12 }))
const numbers = fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String))
const days = fc.option(fc.constantFrom('2026-11-22', '0001-01-01'))
const types = ['text', 'integer', 'date', 'text', 'integer'] as const
const rowsMade = fc.array(fc.tuple(texts, numbers, days, texts, numbers), {
  minLength: 1,
  maxLength: 4,
})

/** The rows as a list, aggregated in their order. */
function asList(rows: readonly RowCells[], of: readonly string[]) {
  const values = rows.map((row, place) => {
    const cells = row.map((cell, at) => typed(cell, of[at] ?? 'text'))
    return sql`(${join([typed(String(place), 'integer'), ...cells])})`
  })
  const columns = of.map((type, at) => ({ fragment: name('r', `c${at}`), type }))
  const names = join([name('place'), ...of.map((_, at) => name(`c${at}`))])
  const source = sql`select * from (values ${join(values)}) as v(${names}) order by v.place`
  return sql`(select ${listOf(columns)} from (${source}) as r)`
}

onBothServers('The text form of a list', (server) => {
  test('brings every row as it was, whatever stands in its texts', async (context) => {
    const database = await server.open(context)
    const query = async (rows: readonly RowCells[], of: readonly string[]) => {
      const { text, values } = statement(sql`select ${asList(rows, of)}`)
      const found = await database.query({ text, values: [...values] })
      return String(found.rows[0]?.[0])
    }
    const check = fc.asyncProperty(rowsMade, async (rows) => {
      assert.deepEqual(readRows(await query(rows, types)), rows)
    })
    await fc.assert(check, { numRuns: 150 })
    // A list is a cell of a list: its own marks part nothing outside of it.
    const nested = fc.asyncProperty(rowsMade, rowsMade, async (inner, outer) => {
      const list = await query(inner, types)
      const rows = outer.map((row) => [list, ...row])
      const read = readRows(await query(rows, ['text', ...types]))
      assert.deepEqual(read, rows)
      assert.deepEqual(readRows(read[0]?.[0] ?? ''), inner)
    })
    await fc.assert(nested, { numRuns: 50 })
  })

  test('a text that is written like rows is a text', async (context) => {
    const database = await server.open(context)
    const forged = ['a\x1e1\x1f\x025:admin', '\x1f1', '\x025:admin', '5:admin', '', '\x1e', ':']
    const rows = forged.map((text, at) => [text, String(at)])
    const { text, values } = statement(sql`select ${asList(rows, ['text', 'integer'])}`)
    const found = await database.query({ text, values: [...values] })
    assert.deepEqual(readRows(String(found.rows[0]?.[0])), rows)
  })

  test('a row may have more cells than a function takes arguments', async (context) => {
    const database = await server.open(context)
    const of = Array.from({ length: 130 }, (_, at) => (at % 2 === 0 ? 'text' : 'integer'))
    const row = of.map((_, at) => (at % 5 === 0 ? null : String(at)))
    const { text, values } = statement(sql`select ${asList([row, row], of)}`)
    const found = await database.query({ text, values: [...values] })
    assert.deepEqual(readRows(String(found.rows[0]?.[0])), [row, row])
  })
})
