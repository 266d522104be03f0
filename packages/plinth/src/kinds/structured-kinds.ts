/** Owns kinds with an inside: JSON, lists and bytes. */

import { assert } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import { base64url } from '../base/ids.ts'
import { parseJson } from '../base/json.ts'
import { arrayLiteral, readArray } from './form/arrays.ts'
import { checkJson } from './form/json-values.ts'
import { counted, demand, refuse, refuseType } from './form/problems.ts'
import { issuePointer, type OutputOf, type StandardSchema } from './form/schema.ts'
import { type ColumnCheck, defineKind, type Json, type Kind, type Report } from './kind.ts'

/** The schema of a JSON value. */
export interface JsonOptions<S extends StandardSchema = StandardSchema> {
  /** Any Standard Schema (zod, valibot, …) that validates at once, without a promise. */
  readonly schema?: S
}

/** Any JSON value. */
export function jsonKind(): Kind<Json>
/** JSON that a schema describes; what the schema returns is stored, so it must be JSON too. */
export function jsonKind<S extends StandardSchema>(options: {
  readonly schema: S
}): Kind<OutputOf<S>>
export function jsonKind({ schema }: JsonOptions = {}): Kind<unknown> {
  function check(input: unknown, report: Report): unknown {
    const json = checkJson(input, report)
    if (json === undefined || !schema) return json
    const result = schema['~standard'].validate(json)
    assert(!(result instanceof Promise), 'the schema of a JSON field validates without a promise')
    if (!result.issues) return checkJson(result.value, report)
    for (const issue of result.issues) report(issuePointer(issue), 'bad_format', issue.message)
    return undefined
  }
  return defineKind<unknown>({
    name: 'json',
    family: 'json',
    columnType: 'jsonb',
    check,
    parse: (text, report) => parseThen(text, check, report),
    parameter: (value) => JSON.stringify(value),
    toJson: (columnText) => columnText,
    toValue: (columnText) => JSON.parse(columnText),
    jsonSchema: {},
    graphqlScalar: 'Json',
    ...(schema ? {} : { example: { colour: 'blue' } }),
    operators: ['isNull'],
    options: schema ? { vendor: schema['~standard'].vendor } : {},
  })
}

/** How many items a list has. */
export interface ListOptions {
  /** Default 0. */
  readonly min?: number
  /** Default 100. */
  readonly max?: number
}

/** A list of values of one kind, in order. Items are never null and never lists. */
export function listKind<V>(item: Kind<V>, options: ListOptions = {}): Kind<readonly V[]> {
  const { min = 0, max = 100 } = options
  demand(item.item === undefined, 'A list holds no lists; use a JSON field or another model.')
  demand(min >= 0 && min <= max && max >= 1, 'A list needs 0 <= min <= max and max >= 1.')

  function check(input: unknown, report: Report): readonly V[] | undefined {
    if (!Array.isArray(input)) return refuseType(report, 'a list', input)
    if (input.length > max)
      return refuse(report, 'too_long', `Give at most ${counted(max, 'item')}.`)
    if (input.length < min)
      return refuse(report, 'too_short', `Give at least ${counted(min, 'item')}.`)
    return checkItems(input, item, report)
  }

  return defineKind<readonly V[]>({
    name: 'list',
    family: 'list',
    columnType: `${item.columnType}[]`,
    columnChecks: [itemsCheck(min, max)],
    check,
    parse: (text, report) => parseThen(text, check, report),
    parameter: (value) => arrayLiteral(value.map((each) => item.parameter(each))),
    toJson: (columnText) => itemsToJson(columnText, item),
    toValue: (columnText) =>
      Object.freeze(
        readArray(columnText).map((text) => {
          assert(text !== null, 'a list holds no null')
          return item.toValue(text)
        }),
      ),
    jsonSchema: { type: 'array', items: item.jsonSchema, minItems: min, maxItems: max },
    graphqlScalar: `[${item.graphqlScalar}!]`,
    ...(item.example === undefined ? {} : { example: Array(Math.max(min, 1)).fill(item.example) }),
    operators: ['eq', 'ne', 'has', 'isNull'],
    item,
    options: { item: item.name, min, max },
    operand: () => listKind(item.operand()),
    ...(item.bound ? { bound: (app) => listKind(item.bound?.(app) ?? item, options) } : {}),
  })
}

function checkItems<V>(
  input: readonly unknown[],
  item: Kind<V>,
  report: Report,
): readonly V[] | undefined {
  const values: V[] = []
  for (let index = 0; index < input.length; index++) {
    const value = item.check(input[index], (below, code, detail) =>
      report(`/${index}${below}`, code, detail),
    )
    if (value !== undefined) values.push(value)
  }
  return values.length === input.length ? Object.freeze(values) : undefined
}

function itemsToJson(columnText: string, item: Kind): string {
  const texts = readArray(columnText)
  let json = '['
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index] ?? null
    assert(text !== null, 'a list holds no null')
    json += index > 0 ? `,${item.toJson(text)}` : item.toJson(text)
  }
  return `${json}]`
}

function itemsCheck(min: number, max: number): ColumnCheck {
  return { check: 'items', ...(min > 0 ? { min } : {}), max }
}

/** Bytes in unpadded base64url. `maxBytes` defaults to 65,536. */
export function binaryKind(options: { readonly maxBytes?: number } = {}): Kind<string> {
  const { maxBytes = 65_536 } = options
  demand(maxBytes >= 1 && maxBytes <= 1_048_576, 'Binary has 1 to 1,048,576 bytes; use a file.')
  const charactersMax = Math.ceil((maxBytes * 4) / 3)

  function check(input: unknown, report: Report): string | undefined {
    if (typeof input !== 'string') return refuseType(report, 'bytes in base64url', input)
    if (input.length > charactersMax) {
      return refuse(report, 'too_long', `Give at most ${maxBytes} bytes.`)
    }
    if (isBase64url(input)) return input
    return refuse(report, 'bad_format', 'Give bytes in base64url (A-Z a-z 0-9 - _), unpadded.')
  }

  return defineKind({
    name: 'binary',
    family: 'binary',
    columnType: 'bytea',
    columnChecks: [{ check: 'octets', max: maxBytes }],
    check,
    parse: check,
    parameter: (value) => `\\x${bytesOf(value).toHex()}`,
    stored: (parameter) => parameter,
    toJson: (columnText) => `"${textOf(columnText)}"`,
    toValue: textOf,
    jsonSchema: { type: 'string', contentEncoding: 'base64url', maxLength: charactersMax },
    graphqlScalar: 'Base64Url',
    example: 'AQ',
    operators: ['isNull'],
    options: { maxBytes },
  })
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.fromBase64(text, { alphabet: 'base64url' })
}

function textOf(columnText: string): string {
  assert(columnText.startsWith('\\x'), 'connections run with bytea_output hex')
  return base64url(Uint8Array.fromHex(columnText.slice(2)))
}

/** The one spelling of some bytes: no padding, no bits beyond the last byte. */
function isBase64url(text: string): boolean {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return false
  return base64url(bytesOf(text)) === text
}

function parseThen<V>(
  text: string,
  check: (input: unknown, report: Report) => V | undefined,
  report: Report,
): V | undefined {
  let json: unknown
  try {
    json = parseJson(text)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return refuse(report, 'bad_format', `Give JSON. ${error.detail}`)
  }
  return check(json, report)
}
