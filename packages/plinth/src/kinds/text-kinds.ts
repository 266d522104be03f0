/** Owns kinds that are text: free text, e-mail addresses, slugs and addresses of the web. */

import { limits } from '../base/limits.ts'
import { demandPatternedLength, patternTest, portablePattern } from './form/patterns.ts'
import { characterCount, counted, demand, refuse, refuseType, storable } from './form/problems.ts'
import {
  type ColumnCheck,
  defineKind,
  type Json,
  type Kind,
  type KindDefinition,
  lettering,
  type Report,
} from './kind.ts'

/** How a text may look. Lengths are in characters (code points). */
export interface TextOptions {
  /** Default 0. */
  readonly min?: number
  /** Default 10,000; with a pattern 200, and then at most 4,096. */
  readonly max?: number
  /** Must match somewhere, so anchor it with ^ and $. */
  readonly pattern?: RegExp
  /** Cuts white space at both ends before all else. Default false. */
  readonly trim?: boolean
  /** Allows line breaks and tabs. Default false: a single line without control characters. */
  readonly multiline?: boolean
}

const singleLine = /^[^\p{Cc}\u2028\u2029]*$/u
const manyLines = /^(?:[^\p{Cc}]|[\t\n\r])*$/u

/** Free text, kept as it was given (no Unicode normalisation). */
export function textKind(options: TextOptions = {}): Kind<string> {
  const { min = 0, pattern, trim = false, multiline = false } = options
  const max = options.max ?? (pattern ? 200 : limits.textCharactersDefault)
  demand(min >= 0 && max >= 1 && min <= max, 'A text needs 0 <= min <= max and max >= 1.')
  if (pattern) demandPatternedLength(max)
  const matches = pattern && patternTest(pattern)
  const clean = multiline ? manyLines : singleLine

  function check(input: unknown, report: Report): string | undefined {
    if (typeof input !== 'string') return refuseType(report, 'a text', input)
    const text = trim ? input.trim() : input
    if (!storable(text, report) || !fits(text, { min, max }, report)) return undefined
    if (!clean.test(text)) {
      const advice = multiline ? 'control characters' : 'line breaks and control characters'
      return refuse(report, 'bad_format', `Leave out ${advice}.`)
    }
    if (matches && !matches(text)) {
      return refuse(report, 'bad_format', `Give a text that matches ${pattern.source}.`)
    }
    return text
  }

  return letters({
    name: 'text',
    columnChecks: textChecks({ min, max }, pattern),
    check,
    jsonSchema: textSchema({ min, max }, pattern),
    graphqlScalar: 'String',
    ...(pattern ? {} : { example: 'text'.padEnd(Math.min(min, 1_000), 's').slice(0, max) }),
    options: { min, max, trim, multiline, ...(pattern ? { pattern: pattern.source } : {}) },
    operand: () => textKind({ max: Math.max(max, 1), trim, multiline: true }),
  })
}

/**
 * An e-mail address, trimmed and lower-cased as a whole (no provider in use tells upper and lower
 * case apart), at most 254 characters. The part before the @ is ASCII; an international domain is
 * turned into its ASCII form, so that one mailbox has one spelling. Quoted parts and bare host
 * names are refused.
 */
export function emailKind(): Kind<string> {
  return letters({
    name: 'email',
    columnChecks: [{ check: 'length', min: 3, max: 254 }],
    check(input, report) {
      if (typeof input !== 'string') return refuseType(report, 'an e-mail address', input)
      return (
        normalEmail(input) ??
        refuse(report, 'bad_format', 'Give an e-mail address such as name@example.com.')
      )
    },
    jsonSchema: { type: 'string', format: 'email', maxLength: 254 },
    graphqlScalar: 'Email',
    example: 'name@example.com',
  })
}

const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/
const domainLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

function normalEmail(input: string): string | undefined {
  if (input.length > 1_000) return undefined
  const text = input.trim()
  const split = text.lastIndexOf('@')
  // Only ASCII may reach toLowerCase: U+212A would turn into a plain k, another mailbox.
  const given = text.slice(0, Math.max(split, 0))
  if (!/^[\x21-\x7e]+$/.test(given)) return undefined
  const local = given.toLowerCase()
  const dots = local.startsWith('.') || local.endsWith('.') || local.includes('..')
  const domain = normalDomain(text.slice(split + 1))
  if (!localPart.test(local) || dots || domain === undefined) return undefined
  const email = `${local}@${domain}`
  return email.length <= 254 ? email : undefined
}

function normalDomain(text: string): string | undefined {
  let domain = text.toLowerCase()
  if (/[^\x21-\x7e]/.test(text)) {
    if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(text)) return undefined
    domain = URL.parse(`http://${text.normalize('NFC')}/`)?.hostname ?? ''
  }
  const labels = domain.split('.')
  if (labels.length < 2 || !labels.every((label) => domainLabel.test(label))) return undefined
  return /^\d+$/.test(labels.at(-1) ?? '') ? undefined : domain
}

const slugPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** A name in an address: lower-case letters, digits and single hyphens. `max` defaults to 100. */
export function slugKind(options: { readonly max?: number } = {}): Kind<string> {
  const { max = 100 } = options
  demand(max >= 1 && max <= 1_000, 'A slug has a max between 1 and 1,000 characters.')
  return letters({
    name: 'slug',
    columnChecks: textChecks({ min: 1, max }, slugPattern),
    check(input, report) {
      if (typeof input !== 'string') return refuseType(report, 'a slug', input)
      if (!fits(input, { min: 1, max }, report)) return undefined
      if (slugPattern.test(input)) return input
      return refuse(
        report,
        'bad_format',
        'Give lower-case letters a-z and digits, joined by single hyphens, such as summer-hats.',
      )
    },
    jsonSchema: textSchema({ min: 1, max }, slugPattern),
    graphqlScalar: 'String',
    example: 'summer-hats'.slice(0, Math.min(max, 6)),
    options: { max },
  })
}

/** Which addresses are taken. */
export interface UrlOptions {
  /** Schemes without the colon. Default `['https', 'http']`. */
  readonly protocols?: readonly string[]
  /** In characters of the normal form. Default 2,048. */
  readonly max?: number
}

/** An address of the web in the normal form of the WHATWG URL standard, without credentials. */
export function urlKind(options: UrlOptions = {}): Kind<string> {
  const { protocols = ['https', 'http'], max = 2_048 } = options
  demand(protocols.length > 0 && max >= 1, 'An address needs a protocol and a max of at least 1.')
  const expected = `an address that starts with ${protocols.map((name) => `${name}:`).join(' or ')}`
  return letters({
    name: 'url',
    columnChecks: textChecks({ min: 1, max }),
    check(input, report) {
      if (typeof input !== 'string') return refuseType(report, expected, input)
      if (!storable(input, report) || !fits(input, { min: 1, max }, report)) return undefined
      const url = /[\s\p{Cc}]/u.test(input) ? null : URL.parse(input)
      if (!url || !protocols.includes(url.protocol.slice(0, -1))) {
        return refuse(report, 'bad_format', `Give ${expected}.`)
      }
      if (url.username !== '' || url.password !== '') {
        return refuse(report, 'bad_format', 'Leave user name and password out of the address.')
      }
      return fits(url.href, { min: 1, max }, report) ? url.href : undefined
    },
    jsonSchema: { type: 'string', format: 'uri', maxLength: max },
    graphqlScalar: 'Url',
    ...(protocols.includes('https') && max >= 20 ? { example: 'https://example.com/' } : {}),
    options: { protocols, max },
  })
}

interface Length {
  readonly min: number
  readonly max: number
}

function fits(text: string, { min, max }: Length, report: Report): boolean {
  // The count of units bounds the count of characters, so most texts need no counting.
  const count = text.length <= max && text.length >= min * 2 ? text.length : characterCount(text)
  if (count > max)
    refuse(report, 'too_long', `Give at most ${counted(max, 'character')}, not ${count}.`)
  if (count < min) refuse(report, 'too_short', tooShort(min, count))
  return count <= max && count >= min
}

function tooShort(min: number, count: number): string {
  const least = counted(min, 'character')
  return count === 0
    ? `It is empty: give at least ${least}.`
    : `Give at least ${least}, not ${count}.`
}

function textChecks({ min, max }: Length, pattern?: RegExp): readonly ColumnCheck[] {
  const checks: ColumnCheck[] = [{ check: 'length', ...(min > 0 ? { min } : {}), max }]
  const portable = pattern && portablePattern(pattern)
  if (portable) checks.push({ check: 'pattern', pattern: portable })
  return checks
}

function textSchema({ min, max }: Length, pattern?: RegExp): Record<string, Json> {
  const schema: Record<string, Json> = { type: 'string', maxLength: max }
  if (min > 0) schema.minLength = min
  if (pattern && !pattern.flags.includes('i')) schema.pattern = pattern.source
  return schema
}

type Shared = 'family' | 'columnType' | 'parse' | 'parameter' | 'stored' | 'toJson' | 'toValue'

/** What all texts share: the column holds the value itself. */
function letters(definition: Omit<KindDefinition<string>, Shared | 'operators'>): Kind<string> {
  return defineKind({
    family: 'text',
    columnType: 'text',
    parse: (text, report) => definition.check(text, report),
    parameter: (value) => value,
    stored: (parameter) => parameter,
    toJson: (columnText) => JSON.stringify(columnText),
    toValue: (columnText) => columnText,
    operators: lettering,
    sortable: true,
    collated: true,
    ...definition,
  })
}
