/** Tests that numbers are read exactly, with either mark, and that nothing is rounded. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalEvidence, minorUnits, parseDecimal } from './numbers.ts'

test('a number is read by its mark, exactly', () => {
  const cases: readonly [string, string | undefined, string | undefined][] = [
    ['2,55', '2.55', undefined],
    ['2.55', undefined, '2.55'],
    ['1.234,50', '1234.50', undefined],
    ['1,234.50', undefined, '1234.50'],
    ['1,234', '1.234', '1234'],
    ['1.234.567', '1234567', undefined],
    ['1 234,5', '1234.5', undefined],
    ["1'234.5", undefined, '1234.5'],
    ['1\u202f234\u00a0567,5', '1234567.5', undefined],
    ['-0,50', '-0.50', undefined],
    ['\u22123', '-3', '-3'],
    ['+3', '3', '3'],
    ['-0', '0', '0'],
    ['007', '7', '7'],
    ['5,', '5', undefined],
    [',5', '0.5', undefined],
    ['123456789012345678901234,56', '123456789012345678901234.56', undefined],
    ['12,34,567', undefined, undefined],
    ['1.23,4', undefined, undefined],
    ['1e3', undefined, undefined],
    ['£5', undefined, undefined],
    ['', undefined, undefined],
    ['-', undefined, undefined],
    ['.', undefined, undefined],
  ]
  for (const [text, comma, point] of cases) {
    assert.equal(parseDecimal(text, 'comma'), comma, `${text} with a comma`)
    assert.equal(parseDecimal(text, 'point'), point, `${text} with a point`)
  }
})

test('a value tells its mark only where the other reading is impossible', () => {
  const cases = [
    ['2,55', 'comma'],
    ['0,123', 'either'],
    ['1,234', 'either'],
    ['1234,567', 'comma'],
    ['1.234,5', 'comma'],
    ['1,234,567', 'point'],
    ['1.234.567', 'comma'],
    ['12', 'none'],
    ['AMAZON', 'no number'],
    ['1.2.3', 'no number'],
  ] as const
  for (const [text, said] of cases) assert.equal(decimalEvidence(text), said, text)
})

test('minor units are exact, and a finer fraction is refused', () => {
  assert.equal(minorUnits('2.55', 2), '255')
  assert.equal(minorUnits('2.5', 2), '250')
  assert.equal(minorUnits('2', 2), '200')
  assert.equal(minorUnits('2.550', 2), '255')
  assert.equal(minorUnits('2.555', 2), undefined)
  assert.equal(minorUnits('-0.05', 2), '-5')
  assert.equal(minorUnits('-0.00', 2), '0')
  assert.equal(minorUnits('150', 0), '150')
  assert.equal(minorUnits('90071992547409.93', 2), '9007199254740993')
})

test('every amount survives being written with either mark and with groups', () => {
  const options = fc.record({ units: fc.bigInt(-(10n ** 20n), 10n ** 20n), comma: fc.boolean() })
  fc.assert(
    fc.property(options, ({ units, comma }) => {
      const digits = (units < 0n ? -units : units).toString().padStart(3, '0')
      const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, comma ? '.' : ',')
      const text = `${units < 0n ? '-' : ''}${whole}${comma ? ',' : '.'}${digits.slice(-2)}`
      const decimal = parseDecimal(text, comma ? 'comma' : 'point')
      assert.equal(minorUnits(decimal ?? '', 2), units.toString())
    }),
  )
})
