/** Owns kinds that are numbers: integers of two sizes, exact decimals and money. */

import { isExactNumber } from '../base/json.ts'
import { isCurrency, minorUnitDigits } from './form/currencies.ts'
import { type Decimal, printUnits, readDecimal, unitsAt } from './form/decimals.ts'
import { demand, refuse, refuseType } from './form/problems.ts'
import {
  type ColumnCheck,
  defineKind,
  type Json,
  type Kind,
  ordering,
  type Report,
} from './kind.ts'

const integerMin = -2_147_483_648
const integerMax = 2_147_483_647
const bigintMin = -(2n ** 63n)
const bigintMax = 2n ** 63n - 1n

/** Bounds of an integer, both included. */
export interface IntegerOptions {
  readonly min?: number
  readonly max?: number
}

/** A whole number of 32 bits. */
export function integerKind(options: IntegerOptions = {}): Kind<number> {
  const { min = integerMin, max = integerMax } = options
  const sane = Number.isInteger(min) && Number.isInteger(max) && min <= max
  demand(
    sane && min >= integerMin && max <= integerMax,
    'An integer has whole bounds of 32 bits, min <= max; use bigint for larger numbers.',
  )

  function check(input: unknown, report: Report): number | undefined {
    if (isExactNumber(input)) return refuse(report, 'out_of_range', rangeText(min, max))
    if (typeof input !== 'number') return refuseType(report, 'a whole number', input)
    if (!Number.isInteger(input)) return refuse(report, 'bad_format', 'Give a whole number.')
    if (input < min || input > max) return refuse(report, 'out_of_range', rangeText(min, max))
    return input === 0 ? 0 : input
  }

  return defineKind({
    name: 'integer',
    family: 'number',
    columnType: 'integer',
    columnChecks: rangeChecks(options.min?.toString(), options.max?.toString()),
    check,
    parse: (text, report) => parseInteger(text, check, report),
    parameter: String,
    stored: (parameter) => parameter,
    toJson: (columnText) => columnText,
    toValue: Number,
    jsonSchema: { type: 'integer', format: 'int32', minimum: min, maximum: max },
    graphqlScalar: 'Int',
    example: Math.min(Math.max(1, min), max),
    operators: ordering,
    sortable: true,
    arithmetic: true,
    options: { min, max },
    operand: () => integerKind(),
  })
}

/** Bounds of a big integer, both included, exact: write large ones as texts. */
export interface BigintOptions {
  readonly min?: string | number | bigint
  readonly max?: string | number | bigint
}

/**
 * A whole number of 64 bits. Its value is a text of digits, since a JSON reader may round such a
 * number; whole JSON numbers are taken too, exactly.
 */
export function bigintKind(options: BigintOptions = {}): Kind<string> {
  const min = BigInt(options.min ?? bigintMin)
  const max = BigInt(options.max ?? bigintMax)
  demand(bigintMin <= min && min <= max && max <= bigintMax, 'A bigint has bounds of 64 bits.')

  function check(input: unknown, report: Report): string | undefined {
    const text = numberText(input)
    if (text === undefined) return refuseType(report, 'a whole number or a text of digits', input)
    const decimal = typeof input === 'string' && !/^-?\d+$/.test(text) ? undefined : read(text)
    if (!decimal || decimal.scale > 0) {
      return refuse(report, 'bad_format', 'Give a whole number or a text of digits.')
    }
    const { units } = decimal
    if (units < min || units > max) return refuse(report, 'out_of_range', rangeText(min, max))
    return units.toString()
  }

  return defineKind({
    name: 'bigint',
    family: 'number',
    columnType: 'bigint',
    columnChecks: rangeChecks(options.min?.toString(), options.max?.toString()),
    check,
    parse: check,
    parameter: (value) => value,
    stored: (parameter) => parameter,
    toJson: quote,
    toValue: (columnText) => columnText,
    jsonSchema: { type: 'string', format: 'int64', pattern: '^(0|-?[1-9][0-9]{0,18})$' },
    graphqlScalar: 'BigInt',
    example: clamp(1n, min, max).toString(),
    operators: ordering,
    sortable: true,
    arithmetic: true,
    options: { min: min.toString(), max: max.toString() },
    operand: () => bigintKind(),
  })
}

/** Size and bounds of a decimal number. */
export interface DecimalOptions {
  /** Digits in all, 1 to 1,000. Default 18. */
  readonly precision?: number
  /** Digits after the point, 0 to `precision`. Default 2. */
  readonly scale?: number
  /** Included; write as a text where doubles are too coarse. */
  readonly min?: string | number
  readonly max?: string | number
}

/**
 * An exact decimal number. Its value is a text with all its decimals, `'12.50'`, as PostgreSQL
 * prints it; JSON numbers are taken too, exactly. More decimals than the scale are refused, never
 * rounded.
 */
export function decimalKind(options: DecimalOptions = {}): Kind<string> {
  const { precision = 18, scale = 2 } = options
  const whole = Number.isInteger(precision) && Number.isInteger(scale)
  demand(
    whole && precision >= 1 && precision <= 1_000 && scale >= 0 && scale <= precision,
    'A decimal needs 1 <= precision <= 1000 and 0 <= scale <= precision.',
  )
  const largest = 10n ** BigInt(precision) - 1n
  const min = bound(options.min, scale) ?? -largest
  const max = bound(options.max, scale) ?? largest
  demand(-largest <= min && min <= max && max <= largest, 'A decimal has bounds of its precision.')
  const range = rangeText(printUnits(min, scale), printUnits(max, scale))
  const form = scale === 0 ? 'no decimals' : `at most ${scale} decimals`

  function check(input: unknown, report: Report): string | undefined {
    const text = numberText(input)
    if (text === undefined) return refuseType(report, "a number or a text such as '12.50'", input)
    const plain = typeof input !== 'string' || /^-?\d+(?:\.\d+)?$/.test(text)
    if (!plain) return refuse(report, 'bad_format', "Give a decimal number such as '12.50'.")
    const decimal = read(text)
    if (!decimal) return refuse(report, 'out_of_range', range)
    const units = unitsAt(decimal, scale)
    if (units === undefined) return refuse(report, 'too_precise', `Give ${form}.`)
    if (units < min || units > max) return refuse(report, 'out_of_range', range)
    return printUnits(units, scale)
  }

  return defineKind({
    name: 'decimal',
    family: 'number',
    columnType: `numeric(${precision},${scale})`,
    columnChecks: rangeChecks(
      options.min === undefined ? undefined : printUnits(min, scale),
      options.max === undefined ? undefined : printUnits(max, scale),
    ),
    check,
    parse: check,
    parameter: (value) => value,
    stored: (parameter) => parameter,
    toJson: quote,
    toValue: (columnText) => columnText,
    jsonSchema: { type: 'string', format: 'decimal', pattern: decimalSchemaPattern(scale) },
    graphqlScalar: 'Decimal',
    example: printUnits(clamp(10n ** BigInt(scale), min, max), scale),
    operators: ordering,
    sortable: true,
    arithmetic: true,
    options: { precision, scale, min: printUnits(min, scale), max: printUnits(max, scale) },
    operand: () => decimalKind({ precision, scale }),
  })
}

/** An amount of money: whole minor units (pence, cents) of one currency. */
export interface Money<C extends string = string> {
  readonly amount: number
  readonly currency: C
}

/** Bounds of an amount in minor units, both included. */
export interface MoneyOptions {
  readonly min?: number
  readonly max?: number
}

/**
 * Money of one currency (ISO 4217), counted in its minor units: `{ amount: 1250, currency: 'GBP' }`
 * is £12.50. A bare whole number is taken as the amount.
 */
export function moneyKind<const C extends string>(
  currency: C,
  options: MoneyOptions = {},
): Kind<Money<C>> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options
  demand(isCurrency(currency), `${currency} is not an ISO 4217 currency code, such as GBP.`)
  demand(
    Number.isSafeInteger(min) && Number.isSafeInteger(max) && min <= max,
    'Money has whole bounds in minor units, min <= max.',
  )
  const form = `a whole number of minor units or {"amount": 1250, "currency": "${currency}"}`
  const of = (amount: number): Money<C> => Object.freeze({ amount, currency })
  const tail = `,"currency":"${currency}"}`

  function check(input: unknown, report: Report): Money<C> | undefined {
    const amount = amountOf(input, { currency, form }, report)
    if (amount === undefined) return undefined
    if (isExactNumber(amount)) return refuse(report, 'out_of_range', rangeText(min, max))
    if (typeof amount !== 'number') return refuseType(report, form, amount)
    if (!Number.isInteger(amount)) return refuse(report, 'too_precise', `Give ${form}.`)
    if (amount < min || amount > max) return refuse(report, 'out_of_range', rangeText(min, max))
    return of(amount === 0 ? 0 : amount)
  }

  return defineKind({
    name: 'money',
    family: 'number',
    columnType: 'bigint',
    columnChecks: rangeChecks(min.toString(), max.toString()),
    check,
    parse: (text, report) => parseInteger(text, check, report),
    parameter: (value) => value.amount.toString(),
    stored: (parameter) => parameter,
    toJson: (columnText) => `{"amount":${columnText}${tail}`,
    toValue: (columnText) => of(Number(columnText)),
    jsonSchema: moneySchema(currency, min, max),
    graphqlScalar: 'Money',
    example: { amount: Math.min(Math.max(1250, min), max), currency },
    operators: ordering,
    sortable: true,
    arithmetic: true,
    options: { currency, digits: minorUnitDigits(currency), min, max },
    operand: () => moneyKind(currency),
  })
}

function amountOf(
  input: unknown,
  { currency, form }: { currency: string; form: string },
  report: Report,
): unknown {
  const object = typeof input === 'object' && !Array.isArray(input) && !isExactNumber(input)
  if (!object || input === null) return input ?? refuseType(report, form, input)
  const other = Object.keys(input).find((key) => key !== 'amount' && key !== 'currency')
  if (other !== undefined) return refuse(report, 'unknown_key', `Give ${form}.`)
  if (!('currency' in input) || input.currency !== currency) {
    report('/currency', 'not_in_choices', `Give the currency ${currency}.`)
    return undefined
  }
  if ('amount' in input && input.amount !== null && input.amount !== undefined) return input.amount
  report('/amount', 'wrong_type', 'Give the amount as a whole number of minor units.')
  return undefined
}

function moneySchema(currency: string, minimum: number, maximum: number): Record<string, Json> {
  return {
    type: 'object',
    properties: { amount: { type: 'integer', minimum, maximum }, currency: { const: currency } },
    required: ['amount', 'currency'],
    additionalProperties: false,
  }
}

function numberText(input: unknown): string | undefined {
  if (typeof input === 'string') return input
  if (typeof input === 'number') return Number.isFinite(input) ? String(input) : undefined
  return isExactNumber(input) ? input.exactNumber : undefined
}

/** Reads a decimal of a sane length: what is longer fits no column. */
function read(text: string): Decimal | undefined {
  return text.length > 2_100 ? undefined : readDecimal(text)
}

function parseInteger<V>(
  text: string,
  check: (input: unknown, report: Report) => V | undefined,
  report: Report,
): V | undefined {
  if (/^-?\d{1,400}$/.test(text)) return check(Number(text), report)
  return refuse(report, 'bad_format', 'Give a whole number in digits.')
}

function bound(given: string | number | undefined, scale: number): bigint | undefined {
  if (given === undefined) return undefined
  const decimal = readDecimal(String(given))
  const units = decimal && unitsAt(decimal, scale)
  demand(units !== undefined, `The bound ${given} of a decimal has at most ${scale} decimals.`)
  return units
}

function decimalSchemaPattern(scale: number): string {
  return scale === 0 ? '^-?[0-9]+$' : `^-?[0-9]+\\.[0-9]{${scale}}$`
}

function rangeChecks(min: string | undefined, max: string | undefined): readonly ColumnCheck[] {
  if (min === undefined && max === undefined) return []
  return [
    {
      check: 'range',
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    },
  ]
}

function rangeText(min: unknown, max: unknown): string {
  return `Give a number from ${min} to ${max}.`
}

function clamp(value: bigint, min: bigint, max: bigint): bigint {
  if (value < min) return min
  return value > max ? max : value
}

function quote(columnText: string): string {
  return `"${columnText}"`
}
