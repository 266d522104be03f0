import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Failure } from '../base/failure.ts'
import { exactNumber, parseJson } from '../base/json.ts'
import { limits } from '../base/limits.ts'
import type { Kind, StandardSchema } from './kinds.ts'
import * as kinds from './kinds.ts'

/** What a kind says to an input: its value, or the places and codes of its problems. */
function said(kind: Kind, input: unknown, by: 'check' | 'parse' = 'check'): unknown {
  const problems: string[] = []
  const report = (below: string, code: string, detail: string) => {
    assert.match(detail, /^[A-Z].*\.$/s, 'a problem is a sentence')
    problems.push(`${below} ${code}`.trim())
  }
  const value = by === 'check' ? kind.check(input, report) : kind.parse(String(input), report)
  return problems.length > 0 ? { problems } : value
}

function refuses(kind: Kind, code: string, ...inputs: readonly unknown[]): void {
  for (const input of inputs) {
    assert.deepEqual(said(kind, input), { problems: [code] }, inspect(input))
  }
}

function takes(kind: Kind, ...pairs: readonly (readonly [unknown, unknown])[]): void {
  for (const [input, value] of pairs) assert.deepEqual(said(kind, input), value)
}

const exact = (digits: string) => exactNumber(digits)

test('text', () => {
  const name = kinds.textKind({ min: 2, max: 4 })
  refuses(name, 'wrong_type', 5, null, undefined, true, [], {}, exact('1e400'))
  refuses(name, 'too_short', '', 'a', '😀')
  refuses(name, 'too_long', 'abcde', '😀😀😀😀😀')
  refuses(name, 'not_well_formed', 'ab\ud800', 'a\0b')
  refuses(name, 'bad_format', 'a\nb', 'a\tb', 'a\u2028b', 'a\u0085b', '\u007fab')
  takes(name, ['😀😀😀😀', '😀😀😀😀'], ['e\u0301a', 'e\u0301a'])
  takes(kinds.textKind({ trim: true, min: 1 }), ['  a b ', 'a b'])
  refuses(kinds.textKind({ trim: true, min: 1 }), 'too_short', '   ')
  refuses(kinds.textKind({ multiline: true }), 'bad_format', 'a\u0007')
  takes(kinds.textKind({ multiline: true }), ['a\r\n\tb', 'a\r\n\tb'])
  refuses(kinds.textKind(), 'too_long', 'a'.repeat(limits.textCharactersDefault + 1))
  const code = kinds.textKind({ pattern: /^[A-Z]{3}$/g })
  refuses(code, 'bad_format', 'ab', 'ABCD')
  takes(code, ['ABC', 'ABC'], ['ABC', 'ABC'])
  assert.deepEqual(code.columnChecks[1], { check: 'pattern', pattern: '^[A-Z]{3}$' })
})

test('e-mail', () => {
  const email = kinds.emailKind()
  takes(email, [' Ann+x@Example.COM ', 'ann+x@example.com'], ['a@bücher.de', 'a@xn--bcher-kva.de'])
  refuses(
    email,
    'bad_format',
    '',
    '@',
    'a@',
    '@b.de',
    'a@b',
    'a@b..de',
    'a@-b.de',
    'a@b.1',
    'a b@c.de',
  )
  refuses(email, 'bad_format', '.a@b.de', 'a.@b.de', 'a..b@c.de', 'a@b@c.de', 'a@b.de\nBcc: x@y.de')
  refuses(
    email,
    'bad_format',
    '"a"@b.de',
    'a@[127.0.0.1]',
    `${'a'.repeat(65)}@b.de`,
    'mi\u212ae@b.de',
  )
  refuses(email, 'bad_format', `a@${'b.'.repeat(126)}de`, 'a@b.de/x', 'a@bü.de:80', 'a@b.de\0')
  refuses(email, 'wrong_type', 5, null)
})

test('slug and address', () => {
  refuses(kinds.slugKind(), 'bad_format', 'A', 'a--b', '-a', 'a-', 'a b', 'ä', 'a\n')
  refuses(kinds.slugKind({ max: 3 }), 'too_long', 'abcd')
  const url = kinds.urlKind()
  takes(url, ['HTTPS://Example.com:443/a/../b?q=ä', 'https://example.com/b?q=%C3%A4'])
  refuses(url, 'bad_format', 'example.com', 'javascript:alert(1)', 'ftp://a.de/', ' https://a.de/')
  refuses(url, 'bad_format', 'https://u:p@a.de/', 'https://u@a.de/', 'java\nscript:x', 'https://')
  refuses(kinds.urlKind({ max: 20 }), 'too_long', 'https://example.com/a')
  takes(kinds.urlKind({ protocols: ['mailto'] }), ['mailto:a@b.de', 'mailto:a@b.de'])
})

test('whole numbers', () => {
  const integer = kinds.integerKind({ min: 0, max: 9 })
  refuses(integer, 'wrong_type', '5', null, true, {}, [5], 5n)
  refuses(integer, 'bad_format', 1.5, Number.NaN, Number.POSITIVE_INFINITY)
  refuses(integer, 'out_of_range', -1, 10, exact('1e400'))
  takes(integer.operand(), [-1, -1])
  assert.equal(said(integer, '7', 'parse'), 7)
  assert.deepEqual(said(integer, '7.0', 'parse'), { problems: ['bad_format'] })
  assert.deepEqual(said(integer, '', 'parse'), { problems: ['bad_format'] })
  const big = kinds.bigintKind()
  takes(big, [5, '5'], ['-7', '-7'], [exact('9007199254740993'), '9007199254740993'])
  takes(
    big,
    [exact('9e18'), '9000000000000000000'],
    [parseJson('-9223372036854775808'), '-9223372036854775808'],
  )
  refuses(big, 'out_of_range', '9223372036854775808', exact('1e19'), '9'.repeat(400), 1e300)
  refuses(big, 'bad_format', '', '1.5', 1.5, '1e3', ' 1', '0x10', '+1', exact('1e400000'))
  refuses(big, 'wrong_type', null, true, Number.NaN)
})

test('decimals and money', () => {
  const price = kinds.decimalKind({ precision: 5, scale: 2, min: 0 })
  takes(price, [1.5, '1.50'], ['999.99', '999.99'], [0, '0.00'], ['1.500', '1.50'], [1e2, '100.00'])
  refuses(price, 'too_precise', 1.005, '0.001', 1e-7, exact('0.1000000000000000055'))
  refuses(price, 'out_of_range', 1000, -0.01, '1000.00', exact('1e400'), exact('1e-4000'))
  refuses(price, 'bad_format', '', '1,5', '.5', '5.', '1e2', 'NaN', 'Infinity', '١')
  refuses(price, 'wrong_type', Number.NaN, Number.POSITIVE_INFINITY, null, {}, false)
  const pounds = kinds.moneyKind('GBP', { min: 0 })
  takes(pounds, [5, { amount: 5, currency: 'GBP' }], [-0, { amount: 0, currency: 'GBP' }])
  refuses(pounds, 'too_precise', 12.5, { amount: 0.5, currency: 'GBP' })
  refuses(pounds, 'wrong_type', '5', null, undefined, [], { amount: '5', currency: 'GBP' })
  refuses(pounds, '/currency not_in_choices', { amount: 5, currency: 'EUR' }, { amount: 5 })
  refuses(pounds, '/amount wrong_type', { currency: 'GBP' })
  refuses(pounds, 'unknown_key', { amount: 5, currency: 'GBP', rate: 1 })
  refuses(pounds, 'out_of_range', -1, exact('9007199254740993'), 2 ** 53)
  assert.deepEqual(said(pounds, '1250', 'parse'), { amount: 1250, currency: 'GBP' })
  assert.deepEqual(['JPY', 'GBP', 'IQD'].map(kinds.minorUnitDigits), [0, 2, 3])
})

test('booleans, choices and UUIDs', () => {
  refuses(kinds.booleanKind(), 'wrong_type', 'true', 1, 0, null)
  assert.equal(said(kinds.booleanKind(), 'false', 'parse'), false)
  assert.deepEqual(said(kinds.booleanKind(), '1', 'parse'), { problems: ['bad_format'] })
  refuses(kinds.choiceKind(['a', 'b']), 'not_in_choices', 'c', '', 'A', '__proto__')
  refuses(kinds.choiceKind(['a', 'b']), 'wrong_type', 0, ['a'])
  refuses(kinds.uuidKind(), 'bad_format', '', '0189', `{${crypto.randomUUID()}}`)
})

test('dates and instants', () => {
  refuses(kinds.dateKind(), 'bad_format', '2026-02-29', '1900-02-29', '0000-01-01', '2026-1-1', '')
  refuses(
    kinds.dateKind(),
    'bad_format',
    '2026-11-21T00:00:00Z',
    '+10000-01-01',
    'infinity',
    'today',
  )
  refuses(kinds.dateKind({ min: '2026-01-01' }), 'out_of_range', '2025-12-31')
  const instant = kinds.instantKind()
  takes(instant, ['2026-11-21T02:33:25.500Z', '2026-11-21T02:33:25.5Z'])
  takes(instant, ['2024-02-28T23:30:00-01:00', '2024-02-29T00:30:00Z'])
  takes(instant, ['2024-03-01t00:30:00+23:59', '2024-02-29T00:31:00Z'])
  refuses(
    instant,
    'bad_format',
    '2026-06-30T23:59:60Z',
    '2026-06-30T24:00:00Z',
    '2026-02-30T00:00:00Z',
  )
  refuses(instant, 'bad_format', '2026-11-21', '2026-11-21T02:33:25', '2026-11-21 02:33:25Z', 'now')
  refuses(instant, 'too_precise', '2026-11-21T02:33:25.1234567Z')
  refuses(instant, 'out_of_range', '0001-01-01T00:00:00+01:00', '9999-12-31T23:00:00-01:00')
  refuses(instant, 'wrong_type', 1767225600000, new Date(0))
})

test('durations', () => {
  const duration = kinds.durationKind()
  takes(duration, ['P14M', 'P1Y2M'], ['PT90M', 'PT1H30M'], ['PT24H', 'PT24H'], ['P2W', 'P14D'])
  takes(
    duration,
    ['P0D', 'PT0S'],
    ['-P1DT1H', 'P-1DT-1H'],
    ['PT-0.5S', 'PT-0.5S'],
    ['P1Y-1M', 'P11M'],
  )
  refuses(
    duration,
    'bad_format',
    '',
    'P',
    'PT',
    'P1',
    '1D',
    'P1.5D',
    'PT1H2',
    'P1DT',
    'p1d',
    'P1M1Y',
  )
  refuses(duration, 'out_of_range', 'P10001Y', 'PT999999999999H', 'P999999999999W')
  refuses(duration, 'too_precise', 'PT0.0000001S')
})

test('JSON', () => {
  const json = kinds.jsonKind()
  const deep = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
  assert.deepEqual(said(json, deep(limits.jsonDepthMax)), deep(limits.jsonDepthMax))
  refuses(json, `${'/0'.repeat(limits.jsonDepthMax)} too_deep`, deep(limits.jsonDepthMax + 1))
  refuses(json, '/a/0 not_well_formed', { a: ['\0'] }, { a: ['\ud800'] })
  refuses(json, 'not_well_formed', { '\0': 1 })
  refuses(json, '/a~1b too_precise', { 'a/b': exact('9007199254740993') }, { 'a/b': Number.NaN })
  refuses(json, '/0 wrong_type', [undefined], [new Date(0)], [() => 1], [1n], [new Map()])
  refuses(json, 'bad_format', JSON.parse('{"__proto__":1}'))
  takes(json, [exact('1e300'), 1e300], [null, null], [-0, 0])
  assert.deepEqual(said(json, '{"a":1}', 'parse'), { a: 1 })
  assert.deepEqual(said(json, '{"a":1,"a":2}', 'parse'), { problems: ['bad_format'] })
})

test('JSON of a schema', () => {
  const size: StandardSchema<unknown, { size: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate(value) {
        const given = typeof value === 'object' && value !== null && 'size' in value && value.size
        if (typeof given === 'number') return { value: { size: given } }
        return { issues: [{ message: 'Give a size.', path: ['si/ze', { key: 0 }] }] }
      },
    },
  }
  const json = kinds.jsonKind({ schema: size })
  takes(json, [{ size: 5, more: 1 }, { size: 5 }])
  refuses(json, '/si~1ze/0 bad_format', { size: '5' })
})

test('lists and bytes', () => {
  const list = kinds.listKind(kinds.integerKind({ max: 9 }), { min: 1, max: 3 })
  refuses(list, 'wrong_type', '1', { 0: 1 }, null)
  refuses(list, 'too_short', [])
  refuses(list, 'too_long', [1, 2, 3, 4])
  assert.deepEqual(said(list, [1, 10, 'x']), { problems: ['/1 out_of_range', '/2 wrong_type'] })
  refuses(list, '/0 wrong_type', [null], new Array(1))
  assert.deepEqual(said(list, '[1,2]', 'parse'), [1, 2])
  const bytes = kinds.binaryKind({ maxBytes: 4 })
  takes(bytes, ['AQID', 'AQID'], ['', ''])
  refuses(bytes, 'bad_format', 'A', 'AR', 'A+==', 'AQ=', 'AQ==', 'a b')
  refuses(bytes, 'too_long', 'AQIDBAU')
})

test('declarations that cannot hold are refused', () => {
  const wrong: readonly (() => unknown)[] = [
    () => kinds.textKind({ min: 5, max: 4 }),
    () => kinds.textKind({ pattern: /a/, max: 100_000 }),
    () => kinds.integerKind({ max: 2 ** 31 }),
    () => kinds.decimalKind({ precision: 2, scale: 3 }),
    () => kinds.decimalKind({ min: '0.001' }),
    () => kinds.moneyKind('XX'),
    () => kinds.choiceKind([]),
    () => kinds.choiceKind(['a', 'a']),
    () => kinds.listKind(kinds.listKind(kinds.textKind())),
    () => kinds.dateKind({ min: '2026-02-30' }),
  ]
  for (const declare of wrong) {
    assert.throws(
      declare,
      (error) => error instanceof Failure && error.code === 'declaration_invalid',
    )
  }
})

test('each operator knows its operand', () => {
  const tags = kinds.listKind(kinds.textKind({ max: 3 }))
  assert.equal(kinds.operandOf(tags, 'has').name, 'text')
  assert.equal(kinds.operandOf(tags, 'isNull').name, 'boolean')
  assert.equal(kinds.operandOf(kinds.emailKind(), 'contains').name, 'text')
  assert.equal(
    kinds.operandOf(kinds.moneyKind('GBP', { min: 0 }), 'gt').options.min,
    Number.MIN_SAFE_INTEGER,
  )
})

test('D03 decimals with zeros inside are read at once, as many as a filter holds', () => {
  const price = kinds.decimalKind({ precision: 10, scale: 2 })
  const text = `1.${'0'.repeat(2_000)}1`
  // Of the processor's time: how long it waits for its turn says nothing.
  const before = process.cpuUsage()
  for (let count = 0; count < limits.filterValuesMax; count++) {
    assert.equal(
      price.check(text, () => undefined),
      undefined,
    )
  }
  assert.ok(
    process.cpuUsage(before).user < 600_000,
    'the zeros are counted again from each of them',
  )
})
