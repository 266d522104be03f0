/** Tests that cells become typed values, and that what does not fit is named with its form. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cell, type CellForm, cell } from './cells.ts'

const german: CellForm = { decimal: 'comma', dates: 'day-first' }
const open: CellForm = { decimal: undefined, dates: undefined }

function read<T>(column: Cell<T>, text: string, form = german): T | string | undefined {
  let expected = ''
  const value = column.reader(form)(text, (what) => {
    expected = what
    return undefined
  })
  return expected === '' ? value : `expected ${expected}`
}

test('each kind of cell reads its values', () => {
  assert.equal(read(cell('A'), 'x  y\r\n\n z'), 'x  y z')
  assert.equal(read(cell('A', { multiline: true }), 'x\ny'), 'x\ny')
  assert.equal(read(cell.integer('A'), '1.234'), 1_234)
  assert.equal(read(cell.integer('A'), '-6,00'), -6)
  assert.equal(read(cell.decimal('A'), '1.234,50'), '1234.50')
  assert.deepEqual(read(cell.money('A', { currency: 'GBP' }), '2,5'), {
    amount: 250,
    currency: 'GBP',
  })
  assert.deepEqual(read(cell.money('A', { currency: 'JPY' }), '250'), {
    amount: 250,
    currency: 'JPY',
  })
  assert.equal(read(cell.date('A'), '1/12/2010'), '2010-12-01')
  const london = cell.instant('A', { zone: 'Europe/London' })
  assert.equal(read(london, '1/7/2010 08:26'), '2010-07-01T07:26:00Z')
  assert.equal(read(london, '2010-12-01 08:26:07.250', open), '2010-12-01T08:26:07.25Z')
  const yes = cell.boolean('A', { yes: ['Ja', '1'], no: ['Nein', '0'] })
  assert.deepEqual([read(yes, 'JA'), read(yes, '0')], [true, false])
})

test('what does not fit is refused with the form that is expected', () => {
  const gbp = cell.money('A', { currency: 'GBP' })
  assert.equal(read(cell.integer('A'), '1,5'), 'expected a whole number')
  assert.equal(read(cell.integer('A'), '99999999999999999'), 'expected a whole number')
  assert.equal(read(cell.decimal('A'), '2.55'), 'expected a number like 1.234,50')
  assert.equal(read(cell.decimal('A'), '2.55', open), 'expected a number like 1234 (say --decimal)')
  assert.equal(read(gbp, '2,555'), 'expected an amount of GBP: 2 decimals at most')
  assert.equal(read(gbp, '99999999999999999,00'), 'expected a smaller amount')
  assert.equal(read(cell.date('A'), '13/13/2010'), 'expected a date, day first, like 31/12/2010')
  assert.equal(
    read(cell.date('A'), '1/12/2010 08:26'),
    'expected a date, day first, like 31/12/2010',
  )
  assert.equal(read(cell.date('A'), '1/12/2010', open), 'expected a date, like 2010-12-31')
  assert.match(String(read(cell.boolean('A', { yes: ['y'], no: ['n'] }), 'maybe')), /one of y, n/)
})

test('cells that cannot be are refused where they are declared', () => {
  assert.throws(() => cell.money('A', { currency: 'XYZ' }), /not an ISO 4217/)
  assert.throws(() => cell.instant('A', { zone: 'Mars' }), /not a time zone/)
})
