import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from './failure.ts'
import { doubleOf, exactNumber, isExactNumber, type ParsedJson, parseJson } from './json.ts'
import { limits } from './limits.ts'

/** The parsed value as JSON.parse would have returned it. */
function plain(value: ParsedJson): unknown {
  if (isExactNumber(value)) return Number(value.exactNumber)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  assert.equal(Object.getPrototypeOf(value), null)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function failureOf(text: string): Failure {
  try {
    parseJson(text)
  } catch (error) {
    assert.ok(error instanceof Failure, String(error))
    return error
  }
  return assert.fail(`${text.slice(0, 100)} was accepted`)
}

function problemOf(text: string): string {
  const [problem] = failureOf(text).problems
  return `${problem?.pointer} ${problem?.code}`
}

const key = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !/^(__proto__|constructor|prototype)$|\0/.test(text))

const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.double({ noNaN: true }), key),
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))

test('what JSON.stringify writes is read as JSON.parse reads it', () => {
  const property = fc.property(tree, fc.constantFrom(0, 1, '\t'), (value, space) => {
    const text = JSON.stringify(value, null, space)
    assert.deepEqual(plain(parseJson(text)), JSON.parse(text))
  })
  fc.assert(property, { numRuns: 500 })
})

test('any text is JSON here exactly when it is for JSON.parse', () => {
  const tokens = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ' ',
    '\n',
    '"a"',
    '"b\\n"',
    '"\\x"',
    '"',
    '\\',
    '\t',
  ]
  const words = [
    'true',
    'false',
    'null',
    'nul',
    '0',
    '-',
    '-0',
    '1',
    '01',
    '.',
    '1.5',
    'e',
    '1e5',
    '+',
  ]
  const token = fc.constantFrom(...tokens, ...words, '\u00a0', '\ufeff', '\u0001')
  const property = fc.property(fc.array(token, { maxLength: 9 }), (parts) => {
    const text = parts.join('')
    let expected: unknown
    try {
      expected = JSON.parse(text)
    } catch {
      const failure = failureOf(text)
      // A key given twice in front of the mistake cannot end the reading early.
      assert.equal(failure.code, 'malformed_body', text)
      assert.match(failure.detail, /^Line \d+, column \d+: .+\.$/)
      return
    }
    try {
      assert.deepEqual(plain(parseJson(text)), expected)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      assert.equal(error.problems[0]?.code, 'duplicate_key', text)
    }
  })
  fc.assert(property, { numRuns: 20_000 })
})

test('a mistake is named with its line and column', () => {
  assert.equal(failureOf('').detail, 'Line 1, column 1: there is no JSON; send a JSON value.')
  assert.equal(failureOf('[1,\n  x]').detail, 'Line 2, column 3: a JSON value is expected.')
  assert.equal(failureOf('{"a":1 "b"}').detail, 'Line 1, column 8: a comma or } is expected.')
  assert.equal(failureOf('"ab').detail, 'Line 1, column 4: the text has no end.')
})

test('keys that come twice are refused wherever they are', () => {
  assert.equal(problemOf('{"a":1,"a":1}'), '/a duplicate_key')
  assert.equal(problemOf('{"a":[{},{"b/~":1,"\\u0062/~":2}]}'), '/a/1/b~1~0 duplicate_key')
  assert.equal(failureOf('{"a":1,"a":1,"b":1,"b":2}').problems.length, 2)
})

test('keys that reach into prototypes are refused', () => {
  for (const name of ['__proto__', 'constructor', 'prototype', '\\u005f_proto__']) {
    const failure = failureOf(`{"x":{"${name}":{"polluted":true}}}`)
    assert.equal(failure.code, 'invalid_input')
    assert.equal(failure.problems[0]?.code, 'forbidden_key')
  }
  assert.equal('polluted' in {}, false)
})

test('text that PostgreSQL cannot hold is refused, in keys too', () => {
  assert.equal(problemOf('["\\ud800"]'), '/0 not_well_formed')
  assert.equal(problemOf('["a\ud800"]'), '/0 not_well_formed')
  assert.equal(problemOf('["\\u0000"]'), '/0 not_well_formed')
  assert.match(problemOf('{"\\udc00":1}'), /not_well_formed$/)
  assert.deepEqual(parseJson('"\\ud83d\\ude00"'), '😀')
})

test('each cap holds exactly', () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  parseJson(deep(limits.jsonDepthMax))
  assert.match(problemOf(deep(limits.jsonDepthMax + 1)), /too_deep$/)
  assert.match(problemOf(deep(500_000)), /too_deep$/)
  const wide = (keys: number) => `{${Array.from({ length: keys }, (_, at) => `"k${at}":0`)}}`
  parseJson(wide(limits.jsonKeysMax))
  assert.match(problemOf(wide(limits.jsonKeysMax + 1)), /too_many_keys$/)
  const half = limits.jsonStringBytesMax / 2
  parseJson(`"${'é'.repeat(half)}"`)
  assert.equal(problemOf(`"${'é'.repeat(half)}a"`), ' too_long')
  parseJson('1'.repeat(limits.jsonNumberDigitsMax))
  assert.equal(problemOf('1'.repeat(limits.jsonNumberDigitsMax + 1)), ' too_long')
})

test('numbers are doubles only where nothing is lost', () => {
  for (const text of ['0', '-0', '1.50', '9007199254740991', '1e3', '0.1', '1.5e-300', '0e999']) {
    assert.deepEqual(parseJson(text), Number(text), text)
  }
  const inexact = ['9007199254740992', '-9007199254740993', '1e400', '1e-400', '1e16']
  for (const text of [...inexact, '0.1000000000000000055', '1.00000000000000000001']) {
    const parsed = parseJson(text)
    assert.ok(isExactNumber(parsed), text)
    assert.equal(parsed.exactNumber, text)
    assert.ok(Object.isFrozen(parsed))
  }
  assert.equal(isExactNumber(parseJson('{"exactNumber":"5"}')), false)
  assert.equal(doubleOf(exactNumber('1e300')), 1e300)
  assert.equal(doubleOf(exactNumber('9007199254740993')), undefined)
})

test('D03 a megabyte of numbers with zeros inside is read at once', () => {
  const number = `1.${'0'.repeat(limits.jsonNumberDigitsMax - 3)}1`
  const text = `[${new Array(2_600).fill(number).join(',')}]`
  // Of the processor's time: how long it waits for its turn says nothing.
  const before = process.cpuUsage()
  const parsed = parseJson(text)
  assert.ok(
    process.cpuUsage(before).user < 400_000,
    'the zeros are counted again from each of them',
  )
  assert.equal((parsed as readonly ParsedJson[]).length, 2_600)
})

test('every double is read back as itself', () => {
  const property = fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
    const parsed = parseJson(JSON.stringify(double))
    assert.equal(isExactNumber(parsed) ? doubleOf(parsed) : parsed, double === 0 ? 0 : double)
  })
  fc.assert(property, { numRuns: 1_000 })
})
