/** Tests that the way a file is written is found, said, and never guessed. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memorySource } from '../csv/source.ts'
import { type DetectedFile, detectFile } from './detect.ts'
import { describeDialect, type GivenDialect, type WantedColumn } from './dialect.ts'

const wanted: readonly WantedColumn[] = [
  { names: ['InvoiceNo', 'Invoice'], holds: 'text' },
  { names: ['InvoiceDate'], holds: 'instant' },
  { names: ['UnitPrice', 'Price'], holds: 'decimal' },
]

function detect(text: string, given?: GivenDialect, columns = wanted): Promise<DetectedFile> {
  return detectFile(memorySource('test.csv', Buffer.from(text)), columns, given)
}

function file(separator: string, rows: readonly (readonly string[])[]): string {
  const header = ['InvoiceNo', 'InvoiceDate', 'UnitPrice', 'Note']
  return [header, ...rows.map((row) => [...row, 'a'])]
    .map((cells) => cells.map((cell) => `"${cell}"`).join(separator))
    .join('\n')
}

test('every separator, decimal mark and date order is found together', async () => {
  for (const separator of [';', ',', '\t', '|'] as const) {
    for (const [price, mark] of [
      ['2,55', 'comma'],
      ['2.55', 'point'],
      ['1.234,5', 'comma'],
    ] as const) {
      for (const [date, order] of [
        ['13/12/2010 08:26', 'day-first'],
        ['12.13.2010 8:26 AM', 'month-first'],
        ['2010-12-13', 'year-first'],
      ] as const) {
        const { dialect, places, unused } = await detect(file(separator, [['1', date, price]]))
        assert.equal(dialect.separator, separator)
        assert.equal(dialect.decimals.get(2), mark)
        assert.equal(dialect.dates.get(1), order)
        assert.deepEqual(places, [0, 1, 2])
        assert.deepEqual(unused, ['Note'])
      }
    }
  }
})

test('the names of the columns tell the separator where the values could mislead', async () => {
  const text = 'InvoiceNo;InvoiceDate;UnitPrice\n1,a,b,c;2010-12-01;2,55\n2,a,b,c;2010-12-01;2,55\n'
  assert.equal((await detect(text)).dialect.separator, ';')
})

test('an encoding that is given is taken, unless a byte order mark says another', async () => {
  const text = file(';', [['Käse', '2010-12-01', '2,55']])
  const mark = '\uFEFF'
  const wide = (content: string): Buffer => Buffer.from(content, 'utf16le')
  const read = async (bytes: Uint8Array, encoding: NonNullable<GivenDialect['encoding']>) =>
    (await detectFile(memorySource('test.csv', bytes), wanted, { encoding })).dialect.encoding
  assert.equal(await read(Buffer.from(text, 'latin1'), 'windows-1252'), 'windows-1252')
  // Valid UTF-8 as it happens: only who knows the file can tell.
  assert.equal(await read(Buffer.from(text), 'windows-1252'), 'windows-1252')
  assert.equal(await read(wide(mark + text), 'utf-16'), 'utf-16le')
  assert.equal(await read(wide(mark + text).swap16(), 'utf-16'), 'utf-16be')
  assert.equal(await read(wide(text), 'utf-16'), 'utf-16le')
  assert.equal(await read(wide(text).swap16(), 'utf-16be'), 'utf-16be')
  for (const [bytes, encoding] of [
    [wide(mark + text), 'windows-1252'],
    [wide(mark + text), 'utf-16be'],
    [Buffer.from(mark + text), 'utf-16'],
    [Buffer.from(mark + text), 'windows-1252'],
  ] as const) {
    await assert.rejects(
      read(bytes, encoding),
      /begins with the byte order mark of utf-.*leave --enc/,
    )
  }
})

test('an order that no value tells is refused with the flag that settles it', async () => {
  const text = file(';', [
    ['1', '1/12/2010', '2,55'],
    ['2', '2/12/2010', '2,55'],
  ])
  await assert.rejects(detect(text), /InvoiceDate: 1\/12\/2010 on line 2 .* --dates day-first or/)
  const given = await detect(text, { dates: 'month-first' })
  assert.equal(given.dialect.dates.get(1), 'month-first')
  assert.ok(
    describeDialect(given.dialect).includes('date order of InvoiceDate: month-first (given)'),
  )
})

test('the importer may declare the order for open files; a value outweighs it', async () => {
  const columns = wanted.map((one) => ({ ...one, dates: 'day-first' as const }))
  const open = await detect(file(';', [['1', '1/12/2010', '2,55']]), {}, columns)
  assert.equal(open.dialect.dates.get(1), 'day-first')
  const finding = open.dialect.findings.find(({ what }) => what.startsWith('date order'))
  assert.equal(finding?.how, 'declared')
  const shown = await detect(file(';', [['1', '1/13/2010', '2,55']]), {}, columns)
  assert.equal(shown.dialect.dates.get(1), 'month-first')
})

test('a mark that no value tells is refused, unless another column tells it', async () => {
  const text = file(';', [['1', '2010-12-01', '1,234']])
  await assert.rejects(detect(text), /UnitPrice: 1,234 on line 2 .* --decimal comma or/)
  const columns = [...wanted, { names: ['Tax'], holds: 'decimal' as const }]
  const both = 'InvoiceNo;InvoiceDate;UnitPrice;Tax\n1;2010-12-01;1,234;0,5\n'
  assert.equal((await detect(both, {}, columns)).dialect.decimals.get(2), 'comma')
})

test('values that contradict each other are refused with both lines, unless told', async () => {
  const dates = file(';', [
    ['1', '13/1/2010', '2,55'],
    ['2', '1/13/2010', '2,55'],
  ])
  await assert.rejects(detect(dates), /13\/1\/2010 on line 2.*1\/13\/2010 on line 3.*--dates/)
  const marks = file(';', [
    ['1', '2010-12-01', '2,55'],
    ['2', '2010-12-01', '2.55'],
  ])
  await assert.rejects(detect(marks), /2,55 on line 2.*2\.55 on line 3.*--decimal/)
  assert.equal((await detect(marks, { decimal: 'point' })).dialect.decimals.get(2), 'point')
})

test('the value that decides may stand anywhere in the file', async () => {
  const rows = Array.from({ length: 60_000 }, (_, index) => [`${index}`, '1/12/2010', '5'])
  const text = file(';', [...rows, ['last', '13/12/2010', '5,5']])
  assert.ok(text.length > 1_048_576)
  const { dialect } = await detect(text)
  assert.equal(dialect.dates.get(1), 'day-first')
  assert.equal(dialect.decimals.get(2), 'comma')
})

function log(day: (index: number) => string, count = 200): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const time = `${String(index % 24).padStart(2, '0')}:${String(index % 60).padStart(2, '0')}`
    return [`${index}`, `${day(index)} ${time}`, '2,55']
  })
  return file(';', rows)
}

test('a log of a few days of one month tells its order as a whole, openly', async () => {
  const dayFirst = await detect(log((index) => `${1 + (index % 4)}/12/2010`))
  assert.equal(dayFirst.dialect.dates.get(1), 'day-first')
  const monthFirst = await detect(log((index) => `12/${1 + (index % 4)}/2010`))
  assert.equal(monthFirst.dialect.dates.get(1), 'month-first')
  const lines = describeDialect(monthFirst.dialect).join('\n')
  assert.match(lines, /month-first \(inferred: 4 days of month 12 that way.*say --dates/)
})

test('less than that stays undecided', async () => {
  const open = [
    log((index) => `${1 + (index % 2)}/12/2010`),
    log((index) => `${1 + (index % 4)}/${1 + (index % 3)}/2010`),
    log((index) => `${1 + (index % 4)}/12/2010`, 50),
    file(
      ';',
      Array.from({ length: 300 }, (_, i) => [`${i}`, `${1 + (i % 4)}/12/2010 09:00`, '2,55']),
    ),
  ]
  for (const text of open) await assert.rejects(detect(text), /--dates/)
})

test('columns are found whatever their case and spacing; all missing ones are listed', async () => {
  const { places } = await detect('price ,INVOICE_NO, invoice date\n2.55,1,2010-12-01\n')
  assert.deepEqual(places, [1, 2, 0])
  await assert.rejects(detect('Invoce;Date;UnitPrice\n1;2010-12-01;2,55\n'), (error: Error) => {
    assert.match(error.message, /InvoiceNo is missing \(also called Invoice\); did you mean Invoce/)
    assert.match(error.message, /InvoiceDate is missing; did you mean Date\?/)
    assert.match(error.message, /It has: Invoce, Date, UnitPrice\./)
    return true
  })
  await assert.rejects(
    detect('InvoiceNo;Invoice;InvoiceDate;UnitPrice\n'),
    /InvoiceNo stands twice in the header, as InvoiceNo and Invoice/,
  )
})

test('Windows-1252 is read and said', async () => {
  const text = Buffer.from('InvoiceNo;InvoiceDate;UnitPrice;Größe\n1;2010-12-01;2,55;ä\n', 'latin1')
  const { dialect, unused } = await detectFile(memorySource('old.csv', text), wanted)
  assert.deepEqual(unused, ['Größe'])
  assert.match(describeDialect(dialect)[0] ?? '', /windows-1252 \(shown: 3 places are not UTF-8\)/)
})
