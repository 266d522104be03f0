/** Owns the specimens that are numbers, with their extremes, sent in every spelling. */

import fc from 'fast-check'
import {
  bigint,
  boolean,
  decimal,
  integer,
  money,
} from '../../../packages/plinth/src/define/fields.ts'
import type { Json } from '../../../packages/plinth/src/kinds/kind.ts'
import { ascending, comparing, ordering, plainly, type Sample, type Specimen } from './specimen.ts'

const bigMax = 2n ** 63n - 1n
const edges = [0n, 1n, -1n, bigMax, -bigMax - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n]
const bigs = fc.oneof(
  fc.constantFrom(...edges),
  fc.bigInt({ min: -bigMax - 1n, max: bigMax }),
  fc.bigInt({ min: -3n, max: 3n }),
)

/** The same number as a text, or as bare digits that no double holds. */
function spelled(kept: string): fc.Arbitrary<Sample> {
  return fc.constantFrom({ sent: JSON.stringify(kept), kept }, { sent: kept, kept })
}

const unitsMax = 10n ** 30n - 1n
const scale = 10

const decimals = fc
  .oneof(
    fc.constantFrom(0n, 1n, -1n, unitsMax, -unitsMax, 10n ** 10n, -5n * 10n ** 9n),
    fc.bigInt({ min: -unitsMax, max: unitsMax }),
  )
  .map(fixed)

/** Units of the last decimal as a text with all its decimals. */
function fixed(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function units(kept: Json): bigint {
  return BigInt(String(kept).replace('.', ''))
}

const safe = Number.MAX_SAFE_INTEGER
const amounts = fc.oneof(
  fc.constantFrom(0, 1, -1, safe, -safe, 250),
  fc.integer({ min: -safe, max: safe }),
)

function moneyIn(currency: string): Specimen {
  return {
    name: `price${currency.charAt(0)}${currency.slice(1).toLowerCase()}`,
    field: (options) => money(currency, options),
    sample: fc.tuple(amounts, fc.boolean()).map(([amount, bare]) => {
      const kept = { amount, currency }
      return { sent: bare ? String(amount) : JSON.stringify(kept), kept }
    }),
    operators: ordering,
    compare: (left, right) => ascending(amountOf(left), amountOf(right)),
    key: false,
  }
}

/** The minor units of an amount of money. */
export function amountOf(kept: Json): number {
  return (kept as { readonly amount: number }).amount
}

/** Numbers of every kind, and truth. */
export const numberSpecimens: readonly Specimen[] = [
  {
    name: 'count',
    field: (options) => integer(options),
    sample: fc.oneof(fc.integer(), fc.integer({ min: -2, max: 2 })).map((kept) => {
      return { sent: kept % 2 === 0 ? `${kept}.0` : String(kept), kept }
    }),
    operators: ordering,
    compare: (left, right) => ascending(Number(left), Number(right)),
    key: true,
  },
  {
    name: 'big',
    field: (options) => bigint(options),
    sample: bigs.chain((value) => spelled(value.toString())),
    operators: ordering,
    compare: (left, right) => ascending(BigInt(String(left)), BigInt(String(right))),
    key: true,
  },
  {
    name: 'exact',
    field: (options) => decimal({ precision: 30, scale, ...options }),
    sample: decimals.chain(spelled),
    operators: ordering,
    compare: (left, right) => ascending(units(left), units(right)),
    key: true,
  },
  ...['GBP', 'JPY', 'BHD'].map(moneyIn),
  {
    name: 'open',
    field: (options) => boolean(options),
    sample: fc.boolean().map(plainly),
    operators: comparing,
    compare: (left, right) => ascending(Number(left), Number(right)),
    key: false,
  },
]
