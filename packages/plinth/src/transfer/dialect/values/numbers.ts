/** Owns numbers as people write them: decimal marks, digit groups, exact values as text. */

/** The character between whole and fraction. */
export type DecimalMark = 'comma' | 'point'

/** What one value says about the decimal mark of its column. */
export type DecimalEvidence = DecimalMark | 'either' | 'none' | 'no number'

const sign = /^[+\-\u2212]/
const spaces = "[ \\u00a0\\u202f'\\u2019]"
const pointNumber = numberPattern(',', '\\.')
const commaNumber = numberPattern('\\.', ',')

function numberPattern(group: string, mark: string): RegExp {
  const whole = `\\d+|\\d{1,3}(?:${group}\\d{3})+|\\d{1,3}(?:${spaces}\\d{3})+`
  return new RegExp(`^([+\\-\\u2212]?)(?:(${whole})(?:${mark}(\\d*))?|${mark}(\\d+))$`)
}

/**
 * The exact value as `-1234.50`, with the digits of the fraction as they stood; undefined where the
 * text is not a number with this mark. Never passes through floating point.
 */
export function parseDecimal(text: string, mark: DecimalMark): string | undefined {
  const found = (mark === 'comma' ? commaNumber : pointNumber).exec(text)
  if (!found) return undefined
  const whole = (found[2] ?? '0').replace(/\D/g, '').replace(/^0+(?=\d)/, '')
  const fraction = found[3] ?? found[4] ?? ''
  const digits = fraction === '' ? whole : `${whole}.${fraction}`
  const negative = (found[1] === '-' || found[1] === '\u2212') && /[1-9]/.test(digits)
  return negative ? `-${digits}` : digits
}

/** What a value says: one mark, `either` where both read it, `none` where it has no mark. */
export function decimalEvidence(text: string): DecimalEvidence {
  const digits = text.replace(sign, '')
  const commas = count(digits, ',')
  const points = count(digits, '.')
  if (commas === 0 && points === 0) {
    return parseDecimal(text, 'point') === undefined ? 'no number' : 'none'
  }
  const comma = parseDecimal(text, 'comma')
  const point = parseDecimal(text, 'point')
  if (comma !== undefined && point !== undefined) return 'either'
  if (comma !== undefined) return 'comma'
  return point === undefined ? 'no number' : 'point'
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

/**
 * Minor units of a decimal text, exactly: `2.55` with two digits is `255`. Undefined where the
 * fraction has more digits than the currency, unless those are zeros: nothing is rounded.
 */
export function minorUnits(decimal: string, digits: number): string | undefined {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal)
  if (!found) return undefined
  const fraction = found[3] ?? ''
  if (/[1-9]/.test(fraction.slice(digits))) return undefined
  const units = (found[2] ?? '') + fraction.slice(0, digits).padEnd(digits, '0')
  const plain = units.replace(/^0+(?=\d)/, '')
  return found[1] === '-' && plain !== '0' ? `-${plain}` : plain
}
