import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lengthAfter, momentMs } from './lengths.ts'

const from = Date.parse('2026-01-31T12:00:00Z')
const after = (length: string | number): string => new Date(lengthAfter(length)(from)).toISOString()

test('lengths follow the calendar where they name months, and the clock where they do not', () => {
  assert.equal(after('P1M'), '2026-02-28T12:00:00.000Z')
  assert.equal(after('P1Y1M'), '2027-02-28T12:00:00.000Z')
  assert.equal(after('P13M'), '2027-02-28T12:00:00.000Z')
  assert.equal(after('P2W'), '2026-02-14T12:00:00.000Z')
  assert.equal(after('P1DT2H3M4.5S'), '2026-02-01T14:03:04.500Z')
  assert.equal(after('PT0.25S'), '2026-01-31T12:00:00.250Z')
  assert.equal(after(1_500), '2026-01-31T12:00:01.500Z')
  assert.equal(after(-5), '2026-01-31T12:00:00.000Z')
  assert.equal(after('P9999Y'), '9998-12-31T00:00:00.000Z')
})

test('what is no length and no moment is refused', () => {
  for (const wrong of ['', 'P', 'PT', '1D', 'P1H', 'PT1D', 'P-1D', 'P1.5D', Number.NaN]) {
    assert.throws(() => lengthAfter(wrong), { code: 'invalid_input' }, String(wrong))
  }
  assert.throws(() => momentMs('soon'), { code: 'invalid_input' })
  assert.equal(momentMs('2026-01-31T12:00:00Z'), from)
})
