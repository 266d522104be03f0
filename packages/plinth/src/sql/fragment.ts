/** Owns the one form of SQL text: a frozen fragment of text pieces and the parameters between. */

import { assert } from '../base/assert.ts'

/**
 * A piece of SQL. `texts` has one more entry than `parts`; a part is a parameter slot or a name.
 * Values never enter the text: they travel beside it.
 */
export interface Fragment {
  readonly chunks: readonly Chunk[]
}

/** Literal SQL text, or a value that becomes `$n`. */
export type Chunk = string | Parameter

/** A value that travels beside the text, in PostgreSQL's text form, or a slot filled per call. */
export interface Parameter {
  readonly parameter: unknown
}

/** A statement ready for the driver: text with `$1…$n` and the parameters in that order. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

const none: Fragment = Object.freeze({ chunks: Object.freeze([]) })

/** The empty fragment. */
export const empty = none

/**
 * Builds a fragment. Interpolated fragments are spliced; any other value is refused: use `value`
 * for values and `name` for identifiers, so that nothing enters the text by accident.
 *
 * @example sql`select ${name('id')} from ${name('catalog', 'product')} where id = ${value(id)}`
 */
export function sql(texts: TemplateStringsArray, ...parts: readonly Fragment[]): Fragment {
  const chunks: Chunk[] = []
  texts.forEach((text, index) => {
    push(chunks, text)
    const part = parts[index]
    if (part) for (const chunk of part.chunks) push(chunks, chunk)
  })
  return freeze(chunks)
}

/** A parameter: `$n` in the text, the value beside it. */
export function value(parameter: unknown): Fragment {
  return freeze([Object.freeze({ parameter })])
}

/** A parameter with a cast, so that PostgreSQL never has to guess its type. */
export function typed(parameter: unknown, type: string): Fragment {
  assert(/^[a-z][a-z0-9 ()[\],]*$/.test(type), `${type} is a type name`)
  return freeze([Object.freeze({ parameter }), `::${type}`])
}

/** A quoted identifier; several join by a dot: `"catalog"."product"`. */
export function name(...names: readonly string[]): Fragment {
  return freeze([names.map(quoteName).join('.')])
}

/** Trusted text of our own code (keywords, operators). Never anything that a caller sent. */
export function raw(text: string): Fragment {
  return text === '' ? none : freeze([text])
}

/** A quoted string literal, for statements that take no parameters (DDL). */
export function literal(text: string): Fragment {
  assert(!text.includes('\0'), 'a literal holds no NUL')
  const doubled = text.replaceAll("'", "''")
  return freeze([text.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`])
}

/** Joins fragments by a separator of trusted text. */
export function join(fragments: readonly Fragment[], separator = ', '): Fragment {
  const chunks: Chunk[] = []
  fragments.forEach((fragment, index) => {
    if (index > 0) push(chunks, separator)
    for (const chunk of fragment.chunks) push(chunks, chunk)
  })
  return freeze(chunks)
}

/** Conjunction; nothing means true. */
export function all(conditions: readonly Fragment[]): Fragment {
  if (conditions.length === 0) return raw('true')
  return conditions.length === 1 ? (conditions[0] ?? none) : sql`(${join(conditions, ' and ')})`
}

/** Disjunction; nothing means false. */
export function any(conditions: readonly Fragment[]): Fragment {
  if (conditions.length === 0) return raw('false')
  return conditions.length === 1 ? (conditions[0] ?? none) : sql`(${join(conditions, ' or ')})`
}

/** The statement of a fragment. An equal parameter object is sent once and named by one `$n`. */
export function statement(fragment: Fragment): Statement {
  const values: unknown[] = []
  const places = new Map<Parameter, number>()
  let text = ''
  for (const chunk of fragment.chunks) {
    if (typeof chunk === 'string') {
      text += chunk
      continue
    }
    let place = places.get(chunk)
    if (place === undefined) {
      values.push(chunk.parameter)
      place = values.length
      places.set(chunk, place)
    }
    text += `$${place}`
  }
  return Object.freeze({ text, values: Object.freeze(values) })
}

/** Quotes an identifier. */
export function quoteName(text: string): string {
  assert(text !== '' && !text.includes('\0'), 'an identifier is not empty and holds no NUL')
  return `"${text.replaceAll('"', '""')}"`
}

function push(chunks: Chunk[], chunk: Chunk): void {
  const last = chunks.length - 1
  if (chunk === '') return
  if (typeof chunk === 'string' && typeof chunks[last] === 'string') chunks[last] += chunk
  else chunks.push(chunk)
}

function freeze(chunks: readonly Chunk[]): Fragment {
  return Object.freeze({ chunks: Object.freeze(chunks) })
}
