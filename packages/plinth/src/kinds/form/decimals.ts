/** Owns exact decimal numbers in text: reading, printing and comparing without doubles. */

/** A decimal number `units / 10 ** scale`. */
export interface Decimal {
  readonly units: bigint
  readonly scale: number
}

const decimalPattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** The power of ten beyond which a number is not written out: no column holds it anyway. */
const magnitudeMax = 2_000

/** Reads a decimal number, with an exponent too; undefined where it is none or absurdly large. */
export function readDecimal(text: string): Decimal | undefined {
  const match = decimalPattern.exec(text)
  if (!match) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  // Looking back, so that zeros inside are not counted again from each of them.
  const kept = fraction.replace(/(?<!0)0+$/, '')
  const scale = kept.length - Number(exponent)
  const digits = BigInt(whole + kept)
  if (digits === 0n) return { units: 0n, scale: 0 }
  if (Math.abs(scale) > magnitudeMax) return undefined
  const units = sign === '-' ? -digits : digits
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : shorten(units, scale)
}

/** The number in units of `10 ** -scale`, or undefined where digits would be lost. */
export function unitsAt(decimal: Decimal, scale: number): bigint | undefined {
  if (decimal.scale > scale) return undefined
  return decimal.units * 10n ** BigInt(scale - decimal.scale)
}

/** Prints units of `10 ** -scale` as PostgreSQL prints `numeric(p, scale)`. */
export function printUnits(units: bigint, scale: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function shorten(units: bigint, scale: number): Decimal {
  let shorter = units
  let digits = scale
  while (digits > 0 && shorter % 10n === 0n) {
    shorter /= 10n
    digits--
  }
  return { units: shorter, scale: digits }
}
