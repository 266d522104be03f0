import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc, { type Arbitrary } from 'fast-check'
import { Client } from 'pg'
import { parseJson } from '../base/json.ts'
import { type EmbeddedServer, startEmbedded } from '../database/embedded/server.ts'
import { portablePattern } from './form/patterns.ts'
import type { Kind } from './kind.ts'
import * as kinds from './kinds.ts'

/** Inputs that a kind takes; `normal` ones come back unchanged. */
interface Sample {
  readonly kind: Kind
  readonly inputs: Arbitrary<unknown>
}

const digits = (count: number) =>
  fc.nat(10 ** count - 1).map((value) => `${value}`.padStart(count, '0'))
const awkward = [
  '',
  'NULL',
  'null',
  '"',
  '\\',
  '\\\\"',
  "'",
  ',',
  '{}',
  '{a,b}',
  ' a ',
  'é',
  '😀',
  '$1',
  '\\x00',
]
const line = fc.oneof(
  fc.constantFrom(...awkward),
  fc.string({ unit: 'grapheme' }).filter((text) => /^[^\p{Cc}\u2028\u2029]*$/u.test(text)),
)
const lines = fc
  .tuple(line, fc.constantFrom('\n', '\t', '\r\n'), line)
  .map((parts) => parts.join(''))
const day = fc
  .tuple(
    fc.integer({ min: 2, max: 9998 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
  )
  .map(([year, month, date]) =>
    [`${year}`.padStart(4, '0'), `${month}`.padStart(2, '0'), `${date}`.padStart(2, '0')].join('-'),
  )
const edgeDays = fc.constantFrom(
  '0001-01-01',
  '9999-12-31',
  '2024-02-29',
  '2000-02-29',
  '1969-12-31',
)
const hour = fc.nat(23).map((value) => `${value}`.padStart(2, '0'))
const sixty = fc.nat(59).map((value) => `${value}`.padStart(2, '0'))
const offset = fc.oneof(
  fc.constant('Z'),
  fc
    .tuple(fc.constantFrom('+', '-'), fc.nat(15), sixty)
    .map(([sign, hours, minutes]) => `${sign}${`${hours}`.padStart(2, '0')}:${minutes}`),
)
const fraction = fc.oneof(fc.constant(''), digits(1), digits(3), digits(6))
const moment = fc
  .tuple(
    fc.oneof(day, fc.constantFrom('2024-02-29', '2023-12-31', '2023-03-01')),
    hour,
    sixty,
    sixty,
    fraction,
    offset,
  )
  .map(
    ([date, hours, minutes, seconds, decimals, zone]) =>
      `${date}T${hours}:${minutes}:${seconds}${decimals && `.${decimals}`}${zone}`,
  )
const edgeMoments = fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z')
const amount = fc.option(fc.integer({ min: -4000, max: 4000 }), { nil: undefined })
const length = fc
  .record({
    Y: amount,
    M: amount,
    W: amount,
    D: amount,
    h: amount,
    m: amount,
    s: amount,
    f: fraction,
  })
  .map(({ Y, M, W, D, h, m, s, f }) => {
    const part = (value: number | undefined, unit: string) =>
      value === undefined ? '' : value + unit
    const seconds = s === undefined ? '' : `${s}${f && `.${f}`}S`
    const time = part(h, 'H') + part(m, 'M') + seconds
    return `P${part(Y, 'Y')}${part(M, 'M')}${part(W, 'W')}${part(D, 'D')}${time && `T${time}`}`
  })
  .filter((text) => text !== 'P')
const json = fc
  .jsonValue({ stringUnit: 'grapheme' })
  .filter((value) => !JSON.stringify(value).match(/__proto__|"(?:constructor|prototype)":|\\u0000/))
const bytes = fc
  .uint8Array({ maxLength: 40 })
  .map((array) => array.toBase64({ alphabet: 'base64url', omitPadding: true }))
const pounds = kinds.moneyKind('GBP')
const cents = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
)
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom('9223372036854775807', '-9223372036854775808', 5, '-0'),
)
const decimal = fc.oneof(
  fc
    .tuple(fc.maxSafeInteger(), fc.nat(99))
    .map(([whole, cent]) => `${whole}.${`${cent}`.padStart(2, '0')}`),
  fc.constantFrom(0, -0, 1.5, -0.25, '9999999999999999.99', '-0.00', '007.10'),
)

const samples: Readonly<Record<string, Sample>> = {
  text: { kind: kinds.textKind(), inputs: line },
  trimmed: {
    kind: kinds.textKind({ trim: true, max: 30 }),
    inputs: line.filter((text) => text.length < 31),
  },
  multiline: { kind: kinds.textKind({ multiline: true }), inputs: lines },
  email: {
    kind: kinds.emailKind(),
    inputs: fc.oneof(fc.emailAddress(), fc.constant(' Ann.O@MÜNCHEN.de ')),
  },
  slug: {
    kind: kinds.slugKind(),
    inputs: fc.stringMatching(/^[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,3}$/),
  },
  url: {
    kind: kinds.urlKind(),
    inputs: fc.webUrl({ withFragments: true, withQueryParameters: true }),
  },
  integer: {
    kind: kinds.integerKind(),
    inputs: fc.oneof(fc.integer(), fc.constantFrom(-0, 2147483647, -2147483648)),
  },
  bigint: { kind: kinds.bigintKind(), inputs: long },
  decimal: { kind: kinds.decimalKind(), inputs: decimal },
  wide: {
    kind: kinds.decimalKind({ precision: 40, scale: 20 }),
    inputs: fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value.toFixed(12)),
  },
  money: {
    kind: pounds,
    inputs: fc.oneof(
      cents,
      cents.map((value) => ({ amount: value, currency: 'GBP' })),
    ),
  },
  boolean: { kind: kinds.booleanKind(), inputs: fc.boolean() },
  choice: {
    kind: kinds.choiceKind(['NULL', 'a "b"', 'c\\d', 'true']),
    inputs: fc.constantFrom('NULL', 'a "b"', 'c\\d', 'true'),
  },
  uuid: {
    kind: kinds.uuidKind(),
    inputs: fc.oneof(
      fc.uuid(),
      fc.uuid().map((text) => text.toUpperCase()),
    ),
  },
  date: { kind: kinds.dateKind(), inputs: fc.oneof(day, edgeDays) },
  instant: { kind: kinds.instantKind(), inputs: fc.oneof(moment, edgeMoments) },
  duration: { kind: kinds.durationKind(), inputs: length },
  json: { kind: kinds.jsonKind(), inputs: json },
  binary: { kind: kinds.binaryKind(), inputs: bytes },
}

for (const [name, { kind, inputs }] of Object.entries(samples)) {
  Object.assign(samples, {
    [`list of ${name}`]: { kind: kinds.listKind(kind), inputs: fc.array(inputs, { maxLength: 6 }) },
  })
}

function accept(kind: Kind, input: unknown): unknown {
  const value = kind.check(input, (below, code, detail) => {
    assert.fail(`${JSON.stringify(input)}${below} was refused: ${code}, ${detail}`)
  })
  assert.notEqual(value, undefined)
  return value
}

describe('every kind', () => {
  for (const [name, { kind, inputs }] of Object.entries(samples)) {
    test(`${name}: what was checked is normal`, () => {
      const property = fc.property(inputs, (input) => {
        const value = accept(kind, input)
        assert.deepEqual(accept(kind, value), value)
        assert.ok(typeof value !== 'object' || Object.isFrozen(value))
      })
      fc.assert(property, { numRuns: 200 })
    })
  }

  test('its example is one, and its operand takes what it takes', () => {
    for (const { kind } of Object.values(samples)) {
      if (kind.example === undefined) continue
      const value = accept(kind, kind.example)
      assert.deepEqual(accept(kind.operand(), value), value)
    }
  })

  test('it never throws and always says why', () => {
    const strange = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true })
    for (const { kind } of Object.values(samples)) {
      const property = fc.property(fc.oneof(strange, fc.string(), fc.double()), (input) => {
        const codes: string[] = []
        const value = kind.check(input, (_, code) => codes.push(code))
        assert.equal(value === undefined, codes.length > 0)
      })
      fc.assert(property, { numRuns: 100 })
    }
  })
})

describe('on PostgreSQL', () => {
  let directory: string
  let server: EmbeddedServer
  let client: Client

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'plinth-kinds-'))
    server = await startEmbedded({ directory, log: () => {} })
    client = new Client({
      ...server.address,
      options: '-c TimeZone=UTC -c IntervalStyle=iso_8601 -c DateStyle=ISO',
      types: { getTypeParser: () => (text: string) => text },
    })
    await client.connect()
  })

  after(async () => {
    await client?.end()
    await server?.stop()
    if (directory) await rm(directory, { recursive: true, force: true })
  })

  /** Stores texts in a column of a type and returns how PostgreSQL prints them. */
  async function stored(type: string, texts: readonly string[]): Promise<string[]> {
    await client.query(`create temp table cell (at integer, content ${type})`)
    const rows = texts.map((_, at) => `(${at}, $${at + 1})`)
    await client.query(`insert into cell values ${rows.join(', ')}`, [...texts])
    const { rows: cells } = await client.query({
      text: 'select content from cell order by at',
      rowMode: 'array',
    })
    await client.query('drop table cell')
    return cells.map(([content]) => String(content))
  }

  for (const [name, { kind, inputs }] of Object.entries(samples)) {
    test(`${name}: a value comes back as it went in`, async () => {
      const values = fc.sample(inputs, 150).map((input) => accept(kind, input))
      const texts = await stored(
        kind.columnType,
        values.map((value) => kind.parameter(value)),
      )
      values.forEach((value, at) => {
        const text = texts[at] ?? assert.fail('a row is missing')
        assert.deepEqual(kind.toValue(text), value)
        assert.deepEqual(JSON.parse(kind.toJson(text)), value)
        assert.deepEqual(accept(kind, parseJson(kind.toJson(text))), value)
        // A second trip prints the same text: it was PostgreSQL's own normal form.
        if (kind.family !== 'json' && kind.family !== 'list') return
        assert.deepEqual(accept(kind, JSON.parse(kind.toJson(text))), value)
      })
    })
  }

  test('durations, instants and decimals are normalised as PostgreSQL does it', async () => {
    for (const name of ['duration', 'instant', 'decimal', 'wide'] as const) {
      const { kind, inputs } = samples[name] ?? assert.fail(name)
      const raw = fc.sample(inputs, 200).map(String)
      const texts = await stored(kind.columnType, raw)
      raw.forEach((input, at) => {
        assert.equal(accept(kind, input), kind.toValue(texts[at] ?? ''), input)
      })
    }
  })

  test('a day exists here exactly when it does there', async () => {
    const kind = kinds.dateKind()
    const any = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.nat(13), fc.nat(32))
    const leap = fc.tuple(fc.constantFrom(1900, 2000, 2023, 2024, 2100), fc.constant(2), fc.nat(30))
    const days = fc
      .sample(fc.oneof(any, leap), 500)
      .map(([year, month, date]) =>
        [`${year}`.padStart(4, '0'), `${month}`.padStart(2, '0'), `${date}`.padStart(2, '0')].join(
          '-',
        ),
      )
    const { rows } = await client.query({
      text: "select pg_input_is_valid(day, 'date') from unnest($1::text[]) day",
      values: [kinds.arrayLiteral(days)],
      rowMode: 'array',
    })
    days.forEach((text, at) => {
      assert.equal(kind.check(text, () => {}) !== undefined, rows[at]?.[0] === 't', text)
    })
  })

  test('a portable pattern matches the same texts on both sides', async () => {
    const patterns = [
      /^[a-z0-9]+(-[a-z0-9]+)*$/,
      /^\d{3}-(?:ab|c+)?$/,
      /^[A-Z]{2,4}\.[x.]*$/,
      /a|b-/,
    ]
    const letters = fc.string({ unit: fc.constantFrom(...'ab-c019.xAZ\\d\n'), maxLength: 7 })
    for (const pattern of patterns) {
      const portable = portablePattern(pattern) ?? assert.fail(`${pattern} is portable`)
      const texts = [...fc.sample(letters, 300), ...fc.sample(fc.stringMatching(pattern), 50)]
      const { rows } = await client.query({
        text: 'select content ~ $2 from unnest($1::text[]) content',
        values: [kinds.arrayLiteral(texts), portable],
        rowMode: 'array',
      })
      texts.forEach((text, at) => {
        assert.equal(pattern.test(text), rows[at]?.[0] === 't', `${pattern} on ${text}`)
      })
    }
    for (const pattern of [/a/i, /\w/, /^.$/, /[^a]/, /(a)\1/, /a(?=b)/, /\u00e9/, /a{256}/]) {
      assert.equal(portablePattern(pattern), undefined, String(pattern))
    }
  })
})
