/** Owns the strict parser of JSON that comes from outside. */

import { Failure, invalidInput, type Problem } from './failure.ts'
import { limits } from './limits.ts'

const brand = Symbol('exactNumber')

/** A JSON number that a double would change, with the digits as they were sent. */
export interface ExactNumber {
  readonly exactNumber: string
  readonly [brand]: true
}

/** What the parser returns: JSON with objects without a prototype, and exact numbers. */
export type ParsedJson =
  | null
  | boolean
  | number
  | string
  | ExactNumber
  | ParsedJson[]
  | { [key: string]: ParsedJson }

/** Wraps the digits of a JSON number that a double would change. */
export function exactNumber(digits: string): ExactNumber {
  return Object.freeze({ exactNumber: digits, [brand]: true as const })
}

/** True for a number that came with more digits than a double holds. */
export function isExactNumber(input: unknown): input is ExactNumber {
  return typeof input === 'object' && input !== null && brand in input
}

/** The double that stands for exactly the same number, where there is one. */
export function doubleOf(exact: ExactNumber): number | undefined {
  const double = Number(exact.exactNumber)
  return sameNumber(exact.exactNumber, String(double)) ? double : undefined
}

/**
 * Parses JSON text. Beside bad syntax it refuses what JSON readers disagree about or what is sent
 * to do harm: keys given twice, `__proto__`, `constructor` and `prototype` as keys, lone
 * surrogates, NUL, and anything beyond the caps of JSON. A number that a double would change, or a
 * whole one beyond 2^53 - 1, arrives as an ExactNumber.
 *
 * @throws Failure `malformed_body` with line and column, `invalid_input` with JSON pointers.
 */
export function parseJson(text: string): ParsedJson {
  const reader: Reader = { text, at: 0, keys: 0, path: [], problems: [] }
  skipSpace(reader)
  if (reader.at === text.length) fail(reader, 'there is no JSON; send a JSON value')
  const value = readValue(reader)
  skipSpace(reader)
  if (reader.at < text.length) fail(reader, 'the JSON ended before; leave out what follows')
  if (reader.problems.length > 0) throw invalidInput(reader.problems)
  return value
}

interface Reader {
  readonly text: string
  at: number
  keys: number
  readonly path: (string | number)[]
  readonly problems: Problem[]
}

const problemsMax = 50
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function readValue(reader: Reader): ParsedJson {
  switch (reader.text.charCodeAt(reader.at)) {
    case 0x22:
      return readString(reader)
    case 0x7b:
      return readObject(reader)
    case 0x5b:
      return readList(reader)
    case 0x74:
      return readWord(reader, 'true', true)
    case 0x66:
      return readWord(reader, 'false', false)
    case 0x6e:
      return readWord(reader, 'null', null)
    default:
      return readNumber(reader)
  }
}

function readWord<T>(reader: Reader, word: string, value: T): T {
  if (!reader.text.startsWith(word, reader.at)) fail(reader, 'a JSON value is expected')
  reader.at += word.length
  return value
}

function readObject(reader: Reader): ParsedJson {
  const object: { [key: string]: ParsedJson } = Object.create(null)
  enter(reader)
  if (closes(reader, 0x7d)) return object
  do {
    skipSpace(reader)
    if (reader.text.charCodeAt(reader.at) !== 0x22) fail(reader, 'a key in quotes is expected')
    const key = readString(reader)
    reader.path.push(key)
    const kept = checkKey(reader, object, key)
    skipSpace(reader)
    if (reader.text.charCodeAt(reader.at) !== 0x3a) fail(reader, 'a colon is expected')
    reader.at++
    skipSpace(reader)
    const value = readValue(reader)
    reader.path.pop()
    if (kept) object[key] = value
  } while (continues(reader, 0x7d))
  return object
}

function checkKey(reader: Reader, object: object, key: string): boolean {
  if (++reader.keys > limits.jsonKeysMax) {
    abort(reader, 'too_many_keys', `Send at most ${limits.jsonKeysMax} keys in all.`)
  }
  if (forbiddenKeys.has(key)) {
    report(reader, 'forbidden_key', `Leave out the key ${key}; its name is never accepted.`)
    return false
  }
  if (key in object) report(reader, 'duplicate_key', 'Give each key once; this one comes twice.')
  return true
}

function readList(reader: Reader): ParsedJson {
  const list: ParsedJson[] = []
  enter(reader)
  if (closes(reader, 0x5d)) return list
  do {
    skipSpace(reader)
    reader.path.push(list.length)
    list.push(readValue(reader))
    reader.path.pop()
  } while (continues(reader, 0x5d))
  return list
}

/** Steps into an object or a list. The path is as long as the levels above. */
function enter(reader: Reader): void {
  if (reader.path.length >= limits.jsonDepthMax) {
    abort(reader, 'too_deep', `Send JSON of at most ${limits.jsonDepthMax} levels.`)
  }
  reader.at++
}

function closes(reader: Reader, bracket: number): boolean {
  skipSpace(reader)
  if (reader.text.charCodeAt(reader.at) !== bracket) return false
  reader.at++
  return true
}

function continues(reader: Reader, bracket: number): boolean {
  skipSpace(reader)
  const next = reader.text.charCodeAt(reader.at)
  if (next !== 0x2c && next !== bracket) {
    fail(reader, `a comma or ${String.fromCharCode(bracket)} is expected`)
  }
  reader.at++
  return next === 0x2c
}

function readString(reader: Reader): string {
  const { text } = reader
  const start = reader.at + 1
  let at = start
  let escaped = false
  let surrogates = false
  for (; ; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x22) break
    if (unit === 0x5c) {
      escaped = true
      at++
    } else if (unit >= 0xd800) {
      surrogates = true
    } else if (!(unit >= 0x20)) {
      // A control character, or NaN beyond the end.
      reader.at = Math.min(at, text.length)
      fail(reader, at >= text.length ? 'the text has no end' : 'a control character needs \\u')
    }
  }
  const value = escaped ? decodeEscapes(reader, at + 1) : text.slice(start, at)
  reader.at = at + 1
  checkString(reader, value, escaped || surrogates)
  return value
}

/** Leaves the escapes to the native parser, which knows them all and refuses any other. */
function decodeEscapes(reader: Reader, end: number): string {
  try {
    return JSON.parse(reader.text.slice(reader.at, end))
  } catch {
    return fail(reader, 'this text holds an escape or a control character that JSON forbids')
  }
}

function checkString(reader: Reader, value: string, special: boolean): void {
  if (value.length * 3 > limits.jsonStringBytesMax) {
    const bytes = new TextEncoder().encode(value).length
    const max = limits.jsonStringBytesMax
    if (bytes > max) abort(reader, 'too_long', `Send texts of at most ${max} bytes, not ${bytes}.`)
  }
  if (!special) return
  if (!value.isWellFormed()) {
    report(reader, 'not_well_formed', 'Send well-formed Unicode: this text holds half a character.')
  }
  if (value.includes('\0')) {
    report(reader, 'not_well_formed', 'Leave out the NUL character (U+0000).')
  }
}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

function readNumber(reader: Reader): number | ExactNumber {
  numberPattern.lastIndex = reader.at
  if (!numberPattern.test(reader.text)) fail(reader, 'a JSON value is expected')
  const digits = reader.text.slice(reader.at, numberPattern.lastIndex)
  if (digits.length > limits.jsonNumberDigitsMax) {
    abort(reader, 'too_long', `Send numbers of at most ${limits.jsonNumberDigitsMax} characters.`)
  }
  reader.at = numberPattern.lastIndex
  const double = Number(digits)
  if (Number.isSafeInteger(double) && String(double) === digits) return double
  const inexact = Number.isInteger(double) && !Number.isSafeInteger(double)
  return inexact || !sameNumber(digits, String(double)) ? exactNumber(digits) : double
}

/** True where two spellings mean the same decimal number: `1.50e1` and `15`. */
function sameNumber(one: string, other: string): boolean {
  return one === other || significance(one) === significance(other)
}

/** The digits from the first to the last that is not zero, and their power of ten. */
function significance(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) return text
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const digits = (whole + fraction).replace(/^0+/, '')
  // Looking back, so that zeros inside are not counted again from each of them.
  const short = digits.replace(/(?<!0)0+$/, '')
  const power = Number(exponent) - fraction.length + digits.length - short.length
  return short === '' ? '0' : `${sign}${short}e${power}`
}

function skipSpace(reader: Reader): void {
  const { text } = reader
  let { at } = reader
  let unit = text.charCodeAt(at)
  while (unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09) {
    unit = text.charCodeAt(++at)
  }
  reader.at = at
}

/** Notes a problem at the present place and reads on, so that one answer names them all. */
function report(reader: Reader, code: string, detail: string): void {
  if (reader.problems.length >= problemsMax) throw invalidInput(reader.problems)
  let pointer = ''
  for (const step of reader.path) {
    const key = String(step).toWellFormed().slice(0, 200)
    pointer += `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
  }
  reader.problems.push({ pointer, code, detail })
}

/** Ends at once where reading on would cost what the cap is to save. */
function abort(reader: Reader, code: string, detail: string): never {
  report(reader, code, detail)
  throw invalidInput(reader.problems)
}

function fail(reader: Reader, what: string): never {
  const before = reader.text.slice(0, reader.at)
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  throw new Failure('malformed_body', { detail: `Line ${line}, column ${column}: ${what}.` })
}
