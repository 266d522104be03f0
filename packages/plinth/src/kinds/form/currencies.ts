/** Owns currencies: the ISO 4217 codes and the decimal digits of their minor units. */

// Not asked of Intl: its data follows everyday use (no fils in IQD), while payment providers
// count by ISO 4217, and a wrong digit is an amount a thousand times too large.
const digitsByCode: ReadonlyMap<string, number> = new Map([
  ...codes('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', 0),
  ...codes('BHD IQD JOD KWD LYD OMR TND', 3),
  ...codes('CLF UYW', 4),
])

const known: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** True for an ISO 4217 code such as `GBP`. */
export function isCurrency(code: string): boolean {
  return known.has(code)
}

/** How many decimal digits the minor unit stands for: 2 for GBP, 0 for JPY, 3 for KWD. */
export function minorUnitDigits(currency: string): number {
  return digitsByCode.get(currency) ?? 2
}

function codes(list: string, digits: number): [string, number][] {
  return list.split(' ').map((code) => [code, digits])
}
