/** Owns the specimens that are text, hostile text above all. */

import fc from 'fast-check'
import { choice, email, slug, text, url, uuid } from '../../../packages/plinth/src/define/fields.ts'
import type { Json } from '../../../packages/plinth/src/kinds/kind.ts'
import { comparing, lettering, plainly, type Specimen } from './specimen.ts'

/** What breaks programs that build texts out of texts. */
const hostile = [
  ...['', ' ', "'", "''", '"', '\\', '\\\\', '\\n', '%', '_', '%_%', '\\%', '$1', '#{x}', '{{x}}'],
  ...['null', 'NULL', 'true', '0', '-0', 'NaN', '{"a":1}', '[1,2]', '{}', '{NULL}', '"quoted"'],
  ...["'; drop table thing; --", "' or '1'='1", '/* */', '--', "E'\\x00'", '$$;select 1;$$'],
  ...['<script>alert(1)</script>', '&amp;', '%00', '%27', '%2C', 'a,b', 'a=b', 'a&b', 'a+b', '?#/'],
  ...[
    'é',
    'e\u0301',
    'ﬁ',
    'Straße',
    '\u202Eabc',
    'שלום',
    'مرحبا',
    '日本語',
    '👩‍👩‍👧‍👦',
    '𝒳',
    '\u{10FFFF}',
  ],
  ...['\uFEFF', '\u200B', '\u00A0', '\uFFFD', '\uFFFF', '__proto__', 'constructor', 'a.b', '../..'],
] as const

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostile) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
)

/** Any text that a line of text may be. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(piece, { maxLength: 4 })
  .map((pieces) => pieces.join('').replaceAll(/[\p{Cc}\u2028\u2029]/gu, ''))

const longText = fc
  .tuple(hostileText, fc.integer({ min: 1, max: 10_000 }))
  .map(([unit, count]) => [...(unit === '' ? 'x' : unit).repeat(count)].slice(0, 10_000).join(''))

const lines = fc
  .array(fc.oneof(piece, fc.constantFrom('\n', '\r\n', '\t')), { maxLength: 6 })
  .map((pieces) => pieces.join('').replaceAll(/[^\P{Cc}\t\n\r]/gu, ''))

/** Code points, as PostgreSQL's "C" orders UTF-8; not UTF-16 units, as JavaScript does. */
export function byCodePoints(left: Json, right: Json): number {
  return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))
}

const words = fc.constantFrom('a', 'b2', 'z', '0', 'summer', 'hats', '9x')
const slugs = fc.array(words, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('-'))
const hexDigits = '0123456789abcdef'
const uuids = fc
  .string({ unit: fc.constantFrom(...hexDigits), minLength: 32, maxLength: 32 })
  .map((digits) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
const addresses = fc
  .tuple(fc.constantFrom('a', "o'brien", 'a+b', 'x.y', '%_', '{}'), slugs)
  .map(([local, host]) => `${local}@${host}.example`)
const targets = fc
  .tuple(slugs, fc.constantFrom('', '?a=1&b=%27', "?q='%20or", '#top', 'a/b;c,d', '%E2%82%AC'))
  .map(([host, rest]) => `https://${host}.example/${rest}`)

const letters = { operators: lettering, compare: byCodePoints, key: true }

/** Texts of every kind. */
export const textSpecimens: readonly Specimen[] = [
  {
    name: 'line',
    field: (options) => text(options),
    sample: fc.oneof({ weight: 9, arbitrary: hostileText }, longText).map(plainly),
    ...letters,
    key: false,
  },
  {
    name: 'code',
    field: (options) => text({ max: 40, min: 1, ...options }),
    sample: hostileText
      .map((given) => [...given].slice(0, 40).join(''))
      .filter((given) => given !== '')
      .map(plainly),
    ...letters,
  },
  {
    name: 'note',
    field: (options) => text({ multiline: true, ...options }),
    sample: lines.map(plainly),
    ...letters,
    key: false,
  },
  {
    name: 'trimmed',
    field: (options) => text({ trim: true, ...options }),
    sample: hostileText.map((given) => ({
      sent: JSON.stringify(`  ${given} `),
      kept: given.trim(),
    })),
    ...letters,
    key: false,
  },
  {
    name: 'plate',
    field: (options) => text({ pattern: /^[A-Z]{2}-\d+$/, max: 9, ...options }),
    sample: fc.nat({ max: 99_999 }).map((number) => plainly(`AB-${number}`)),
    ...letters,
  },
  {
    name: 'mailbox',
    field: (options) => email(options),
    sample: addresses.map((kept) => ({ sent: JSON.stringify(` ${kept.toUpperCase()}`), kept })),
    ...letters,
  },
  { name: 'handle', field: (options) => slug(options), sample: slugs.map(plainly), ...letters },
  {
    name: 'link',
    field: (options) => url(options),
    sample: targets
      .filter((given) => !given.includes("'"))
      .map((kept) => ({ sent: JSON.stringify(kept.replace('https', 'HTTPS')), kept })),
    ...letters,
  },
  {
    name: 'state',
    field: (options) => choice(['open', "it's", 'a,b', '{"a":1}', 'Ünïcode 👩‍👧'], options),
    sample: fc.constantFrom('open', "it's", 'a,b', '{"a":1}', 'Ünïcode 👩‍👧').map(plainly),
    operators: comparing,
    compare: byCodePoints,
    key: true,
  },
  {
    name: 'token',
    field: (options) => uuid(options),
    sample: uuids.map((kept) => ({ sent: JSON.stringify(kept.toUpperCase()), kept })),
    operators: comparing,
    compare: byCodePoints,
    key: true,
  },
]
