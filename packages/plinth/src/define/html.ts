/** Owns HTML as mails are written in: a tag that escapes whatever is put into it. */

import { assert } from '../base/assert.ts'

// No JSON has such a member: what came from somebody is never taken for what the tag has made.
const made: unique symbol = Symbol.for('plinth.html')

/** HTML made by the tag `html`. */
export interface Html {
  readonly is: 'html'
  readonly text: string
  readonly [made]: true
}

/** A page's content under a title of its own. */
export interface TitledContent {
  readonly title: string
  readonly content: Html
}

/** What can be put into HTML. A list is joined; null, undefined and false are nothing. */
export type HtmlValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Html
  | readonly HtmlValue[]

/**
 * Writes HTML. Values are escaped, wherever they stand; other `html` is taken as it is. An address
 * in `href` or `src` must be a web or mail address, or it is left out. Attributes have to stand in
 * quotes. What only looks like `html`, as parsed JSON may, is shown as its JSON.
 *
 * @example
 * html`<p>Dear ${name},</p><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
 */
export function html(texts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = texts[0] ?? ''
  values.forEach((value, index) => {
    demandPlace(text)
    const addressed = /(?:href|src)\s*=\s*["']\s*$/i.test(text)
    text += addressed ? safeAddress(value) : textOf(value)
    text += texts[index + 1] ?? ''
  })
  return htmlOf(text)
}

/** HTML of our own, which nothing was put into unescaped. */
export function htmlOf(text: string): Html {
  return Object.freeze({ is: 'html', text, [made]: true } as const)
}

/** A text as HTML. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

const entities: Readonly<Record<string, string>> = Object.freeze({
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
})

function textOf(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value !== 'object') return escapeText(String(value))
  if (isList(value)) return value.map(textOf).join('')
  return made in value ? value.text : escapeText(JSON.stringify(value))
}

function isList(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value)
}

/** Escaping does not help where an address is a script: only known schemes stay. */
function safeAddress(value: HtmlValue): string {
  const address = typeof value === 'string' ? value.trim() : ''
  return /^(?:https?:\/\/|mailto:|tel:|cid:|[/#?])/i.test(address) ? escapeText(address) : ''
}

// Places where no escaping is enough.
function demandPlace(before: string): void {
  const tag = before.slice(before.lastIndexOf('<'))
  const inTag = before.lastIndexOf('<') > before.lastIndexOf('>')
  assert(!inTag || !/=\s*$/.test(tag), 'In `html`, attributes stand in quotes: href="…".')
  assert(
    !inTag || /=\s*(?:"[^"]*|'[^']*)$/.test(tag),
    'In `html`, values stand in texts or quotes.',
  )
  const open = /<(script|style)\b[^>]*>(?!.*<\/\1)/is.test(before)
  assert(!open, 'In `html`, no value stands inside of script or style.')
}
