/** Owns the query string of reads of one record: the same tree as in a body, in brackets. */

type Tree = Readonly<Record<string, unknown>>

interface Writing {
  readonly pairs: string[]
  /** Relations that are included as they are: `category`, `lines.product`. */
  readonly bare: string[]
}

/**
 * What one record is to be read with, behind a question mark; '' where nothing was asked for.
 *
 * @example search({ fields: ['name'], include: { lines: { limit: 5 } } })
 * // ?fields=name&include[lines][limit]=5
 */
export function search({ fields, include }: Tree): string {
  const writing: Writing = { pairs: [], bare: [] }
  const { pairs, bare } = writing
  if (Array.isArray(fields)) pairs.push(`fields=${list(fields)}`)
  addIncludes(writing, [], include)
  if (bare.length > 0) pairs.push(`include=${list(bare)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function addIncludes(writing: Writing, path: readonly string[], include: unknown): void {
  for (const [relation, asked] of entries(include)) {
    const below = [...path, relation]
    const place = `include[${below.join('][')}]`
    const options = entries(asked)
    if (options.length === 0) writing.bare.push(below.join('.'))
    for (const [word, value] of options) {
      if (word === 'include') addIncludes(writing, below, value)
      else if (word === 'filter') addFilter(writing.pairs, `${place}[filter]`, value)
      else writing.pairs.push(`${place}[${word}]=${list(Array.isArray(value) ? value : [value])}`)
    }
  }
}

function addFilter(pairs: string[], place: string, filter: unknown): void {
  for (const [key, value] of entries(filter)) {
    const at = `${place}[${key}]`
    if (value === null) pairs.push(`${nullPlace(place, key)}=${key !== 'ne'}`)
    else if ((key === 'in' || key === 'notIn') && Array.isArray(value)) {
      pairs.push(`${at}=${list(value)}`)
    } else if (typeof value !== 'object' || 'amount' in value) pairs.push(`${at}=${text(value)}`)
    else addFilter(pairs, at, value)
  }
}

/** Texts cannot say null: `[eq]` null is written as `[isNull]=true`. */
function nullPlace(place: string, key: string): string {
  return key === 'eq' || key === 'ne' ? `${place}[isNull]` : `${place}[${key}][isNull]`
}

function entries(value: unknown): readonly (readonly [string, object | string | null])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).filter(([, each]) => each !== undefined)
}

function list(values: readonly unknown[]): string {
  return values.map(text).join(',')
}

/** Money is compared by its amount; the currency is the field's. */
function text(value: unknown): string {
  const bare = typeof value === 'object' && value !== null ? (value as Tree).amount : value
  return encodeURIComponent(String(bare))
}
