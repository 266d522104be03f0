/** Owns the specimens with an inside: JSON, lists of scalars, bytes. */

import fc from 'fast-check'
import {
  bigint,
  binary,
  choice,
  date,
  decimal,
  instant,
  integer,
  json,
  list,
  money,
  text,
} from '../../../packages/plinth/src/define/fields.ts'
import type { Json } from '../../../packages/plinth/src/kinds/kind.ts'
import { momentSpecimens } from './moments.ts'
import { plainly, type Sample, type Specimen, type SpecimenOptions } from './specimen.ts'
import { hostileText } from './texts.ts'

const forbidden = new Set(['__proto__', 'constructor', 'prototype'])
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1e21, 5e-324, 1.7976931348623157e308, 0.1, 2 ** 53, -1.5),
)

const trees = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(hostileText, numbers, fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      hostileText.filter((key) => !forbidden.has(key)),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value

/** Null is a value of a required JSON field; of an optional one it means that there is none. */
const documents = trees
  .filter((tree) => tree !== null)
  .map((tree) => {
    const sent = JSON.stringify(tree)
    return { sent, kept: JSON.parse(sent, noNegativeZero) as Json }
  })

function noNegativeZero(_: string, value: unknown): unknown {
  return value === 0 ? 0 : value
}

function listOf(
  name: string,
  field: (options: SpecimenOptions) => ReturnType<Specimen['field']>,
  item: fc.Arbitrary<Sample>,
): Specimen {
  return {
    name,
    field,
    sample: fc.array(item, { maxLength: 5 }).map((items) => ({
      sent: `[${items.map(({ sent }) => sent).join(',')}]`,
      kept: items.map(({ kept }) => kept),
    })),
    operators: ['eq', 'ne', 'has'],
    key: false,
  }
}

const [, instants] = momentSpecimens
const bigs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => {
  return { sent: value.toString(), kept: value.toString() }
})
const cents = fc.bigInt({ min: 0n, max: 10n ** 12n }).map((value) => {
  const digits = value.toString().padStart(3, '0')
  const kept = `${digits.slice(0, -2)}.${digits.slice(-2)}`
  return { sent: kept, kept }
})
const amounts = fc.integer({ min: 0, max: 99_999 }).map((amount) => {
  return { sent: String(amount), kept: { amount, currency: 'EUR' } }
})

/** What holds more than one value. */
export const structureSpecimens: readonly Specimen[] = [
  {
    name: 'extra',
    field: (options) => json(options),
    sample: documents,
    operators: [],
    key: false,
  },
  {
    name: 'bytes',
    field: (options) => binary({ maxBytes: 300, ...options }),
    sample: fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => plainly(Buffer.from(bytes).toString('base64url'))),
    operators: [],
    key: false,
  },
  listOf('labels', (options) => list(text(), options), hostileText.map(plainly)),
  listOf('counts', (options) => list(integer(), options), fc.integer().map(plainly)),
  listOf('bigs', (options) => list(bigint(), options), bigs),
  listOf('rates', (options) => list(decimal(), options), cents),
  listOf('prices', (options) => list(money('EUR'), options), amounts),
  listOf('days', (options) => list(date(), options), fc.constant(plainly('2026-02-28'))),
  ...(instants ? [listOf('instants', (options) => list(instant(), options), instants.sample)] : []),
  listOf(
    'moods',
    (options) => list(choice(['a,b', '"', 'null']), options),
    fc.constantFrom('a,b', '"', 'null').map(plainly),
  ),
]
