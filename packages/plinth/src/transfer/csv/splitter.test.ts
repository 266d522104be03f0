/** Tests that CSV text is cut exactly, whatever its form and however it arrives. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CsvRecord, CsvSplitter, type Separator, type SplitterOptions } from './splitter.ts'
import { csvLine, harmless } from './writer.ts'

function cut(pieces: readonly string[], options: Partial<SplitterOptions> = {}): CsvRecord[] {
  const splitter = new CsvSplitter({ separator: ';', ...options })
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()]
}

/** A writer of its own, so that a fault shared by reader and writer cannot hide. */
function written(cell: string, always: boolean, separator: string): string {
  const needed = /["\r\n]/.test(cell) || cell.includes(separator)
  return always || needed ? `"${cell.replace(/"/g, '""')}"` : cell
}

const separator = fc.constantFrom<Separator>(';', ',', '\t', '|')
const cell = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('"', ';', ',', '\n', '\r', 'a', ' ', '\t', '|', 'é', '😀') }),
)
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width })))

test('what a correct writer wrote is read back equal, whatever its form and pieces', () => {
  const lineBreak = fc.constantFrom('\n', '\r\n', '\r')
  const pieceLength = fc.integer({ min: 1, max: 40 })
  const forms = fc.record({
    separator,
    lineBreak,
    pieceLength,
    always: fc.boolean(),
    end: fc.boolean(),
  })
  fc.assert(
    fc.property(table, forms, (rows, form) => {
      const lines = rows.map((cells) =>
        cells.map((one) => written(one, form.always, form.separator)).join(form.separator),
      )
      const text = lines.join(form.lineBreak) + (form.end ? form.lineBreak : '')
      const pieces = text.match(new RegExp(`[^]{1,${form.pieceLength}}`, 'g')) ?? []
      const read = cut(pieces, { separator: form.separator })
      const clean = rows.filter((cells) => !cells.some((one) => one.includes('\0')))
      assert.deepEqual(
        read.filter(({ problem }) => !problem).map(({ cells }) => cells),
        clean,
      )
    }),
    { numRuns: 400 },
  )
})

test('the own writer is read back too, and the piece boundary may stand at every character', () => {
  const rows = [
    ['a', 'b"c', ''],
    ['x\r\ny', ' ; ', '"'],
    ['1\n2\r3', '""', 'end'],
  ]
  const text = rows.map((cells) => csvLine(cells, ';')).join('')
  for (let at = 0; at <= text.length; at += 1) {
    const read = cut([text.slice(0, at), text.slice(at)])
    assert.deepEqual(
      read.map(({ cells }) => cells),
      rows,
    )
    assert.deepEqual(
      read.map(({ line }) => line),
      [1, 2, 4],
    )
  }
})

test('lines are counted as an editor counts them, empty ones included', () => {
  const splitter = new CsvSplitter({ separator: ',' })
  const records = splitter.push('a,b\r\n\r\n"1\r\n2\n3",x\n\n\ry,z\r')
  records.push(...splitter.end())
  assert.deepEqual(
    records.map(({ line, cells }) => [line, ...cells]),
    [
      [1, 'a', 'b'],
      [3, '1\r\n2\n3', 'x'],
      [8, 'y', 'z'],
    ],
  )
  assert.equal(splitter.emptyLines, 3)
})

test('a ragged row is handed on with its cells and the reason', () => {
  const [, few, many] = cut(['a;b;c\n1;2\n1;2;3;4\n'])
  assert.deepEqual(few?.cells, ['1', '2'])
  assert.match(few?.problem ?? '', /has 2 cells where 3/)
  assert.match(many?.problem ?? '', /has 4 cells where 3/)
})

test('a quote inside a cell that does not start with one is an ordinary character', () => {
  const [record] = cut(['RECORD FRAME 7" SINGLE;2 "x"\n'])
  assert.deepEqual(record, { line: 1, cells: ['RECORD FRAME 7" SINGLE', '2 "x"'] })
})

test('a stray quote costs its own line only', () => {
  const records = cut(['a;b\n"x"y;1\nc;d\n"e";f\n'])
  assert.deepEqual(
    records.map(({ line, cells, problem }) => [line, cells.length, problem !== undefined]),
    [
      [1, 2, false],
      [2, 1, true],
      [3, 2, false],
      [4, 2, false],
    ],
  )
  assert.equal(records[1]?.raw, '"x"y;1')
  assert.match(records[1]?.problem ?? '', /closing quote of cell 1/)
})

test('after a fault, reading goes on with the very next line', () => {
  const records = cut(['a;b;c\n1;"x\ny\nw";b;"z"q\n4;5;6\n'], { sameWidth: false })
  assert.deepEqual(
    records.map(({ line, cells }) => [line, cells.join('|')]),
    [
      [1, 'a|b|c'],
      [2, '1;"x'],
      [3, 'y'],
      [4, 'w";b;"z"q'],
      [5, '4|5|6'],
    ],
  )
})

test('a quote that is never closed swallows neither the file nor more than its line', () => {
  const rest = Array.from({ length: 500 }, (_, index) => `${index};y\n`).join('')
  for (const recordCharactersMax of [200, 1_000_000]) {
    for (const pieces of [['a;b\n"open;1\n', rest], [...`a;b\n"open;1\n${rest}`]]) {
      const records = cut(pieces, { recordCharactersMax })
      assert.equal(records.length, 502)
      assert.equal(records[1]?.line, 2)
      assert.equal(records[1]?.raw, '"open;1')
      assert.match(records[1]?.problem ?? '', /never closed/)
      assert.deepEqual(records[501], { line: 502, cells: ['499', 'y'] })
    }
  }
})

test('a line past the limit is refused without being kept, and the next ones are read', () => {
  const pieces = ['a;b\n', ...Array.from({ length: 100 }, () => 'x'.repeat(100)), '\r', '\nc;d\n']
  const records = cut(pieces, { recordCharactersMax: 1_000 })
  assert.deepEqual(
    records.map(({ line, problem }) => [line, problem !== undefined]),
    [
      [1, false],
      [2, true],
      [3, false],
    ],
  )
  assert.ok((records[1]?.raw?.length ?? 0) <= 1_000)
})

test('an overlong line is given up as soon as it is one, not when it ends', () => {
  const splitter = new CsvSplitter({ separator: ';', recordCharactersMax: 1_000 })
  assert.equal(splitter.push('x'.repeat(1_001)).length, 1)
  assert.equal(splitter.push('y'.repeat(100_000)).length, 0)
  assert.deepEqual(splitter.push('\n1;2\n')[0]?.line, 2)
})

test('a NUL, and bytes that could not be decoded, are named', () => {
  const [, nul, lost] = cut(['a;b\n1;\0\nx;\uFFFD\n'], { lossy: true })
  assert.match(nul?.problem ?? '', /NUL/)
  assert.match(lost?.problem ?? '', /encoding/)
  const [, , kept] = cut(['a;b\n1;2\nx;\uFFFD\n'])
  assert.equal(kept?.problem, undefined)
})

test('cells that a spreadsheet would run are made harmless, numbers stay (L03)', () => {
  const bad = ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '\r=1', "=HYPERLINK('x')"]
  for (const one of bad) assert.equal(harmless(one), `'${one}`)
  for (const one of ['-12.50', '+3', '12', 'a=b', '']) assert.equal(harmless(one), one)
})
