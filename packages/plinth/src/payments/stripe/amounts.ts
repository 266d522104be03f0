/** Owns the few currencies whose minor units Stripe counts otherwise than ISO 4217. */

import { type Money, minorUnitDigits } from '../../kinds/kinds.ts'

// https://docs.stripe.com/currencies#special-cases
const digitsAtStripe: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 }
const threeDigits = 3

/** An amount as Stripe counts it; undefined where Stripe cannot say it exactly. */
export function toStripe({ amount, currency }: Money): number | undefined {
  const digits = minorUnitDigits(currency)
  const shift = (digitsAtStripe[currency] ?? digits) - digits
  const counted = shift < 0 ? amount / 10 ** -shift : amount * 10 ** shift
  // Cards take no thousandths: Stripe refuses amounts of such currencies that do not end in 0.
  if (digits === threeDigits && counted % 10 !== 0) return undefined
  return Number.isSafeInteger(counted) ? counted : undefined
}

/** An amount of Stripe's in our minor units. */
export function fromStripe(counted: number, currency: string): number {
  const digits = minorUnitDigits(currency)
  const shift = (digitsAtStripe[currency] ?? digits) - digits
  return shift < 0 ? counted * 10 ** -shift : counted / 10 ** shift
}
