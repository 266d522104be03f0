/** Owns the grammar of where a list begins, and of what a connection tells beside its rows. */

import type { CursorCells } from '../cursor.ts'
import type { ConnectionShape, FilterShape, SeekShape, SortShape } from '../shape.ts'
import { below, type Entries, note, type Parsing, type Place } from './parsing.ts'

/** What a list that is a connection can be asked beside the rest. */
export const connectionOptions: readonly string[] = Object.freeze(['cursors', 'from'])

/** What an included connection can be asked beside these: its relation, its place, its count. */
export const includedConnectionOptions: readonly string[] = Object.freeze([
  ...connectionOptions,
  ...['relation', 'after', 'before', 'count'],
])

/** What is asked of a list: cursors serve the same question only. */
export interface Question {
  readonly filter: FilterShape | undefined
  readonly sort: readonly SortShape[]
  /** Those of the filter. */
  readonly values: readonly string[]
}

/**
 * A cursor serves the same caller asking the same of the same list; the page may differ. `list`:
 * the model, or the model and its relation.
 */
export function bindingOf({ facts, paging }: Parsing, list: string, question: Question): string {
  return JSON.stringify([list, facts.key, paging?.meId, paging?.organisationId, question])
}

/** A filter as if its values were the first ones of the read. */
export function rebased(filter: FilterShape | undefined, base: number): FilterShape | undefined {
  if (filter === undefined || base === 0) return filter
  switch (filter.is) {
    case 'field':
      return { ...filter, index: filter.index - base }
    case 'null':
      return filter
    case 'not':
      return { ...filter, term: rebased(filter.term, base) ?? filter.term }
    case 'related':
      return { ...filter, where: rebased(filter.where, base) ?? filter.where }
    default:
      return { ...filter, terms: filter.terms.map((term) => rebased(term, base) ?? term) }
  }
}

interface Seeking {
  /** Where the options stand. */
  readonly place: Place | undefined
  readonly binding: string
  readonly sort: readonly SortShape[]
}

/** Parses where a list begins; undefined: at its beginning. */
export function parseSeek(
  parsing: Parsing,
  { after, before, from }: Entries,
  seeking: Seeking,
): SeekShape | undefined {
  const atEnd = parseFrom(parsing, from, seeking.place)
  const direction = after === undefined ? 'before' : 'after'
  const cursor = after ?? before
  const place = below(seeking.place, direction)
  if (cursor === undefined) return atEnd ? { direction: 'before', indexes: [] } : undefined
  if ((before !== undefined || atEnd) && after !== undefined) {
    note(parsing, place, ['bad_cursor', 'Give either "after" or "before".'])
    return undefined
  }
  // Where the question itself is wrong no cursor can fit it: one mistake is told once.
  if (parsing.problems.length > 0) return undefined
  const known = typeof cursor === 'string' ? cursor : ''
  const cells = parsing.paging?.cursors.open(seeking.binding, known)
  if (!cells || cells.length !== seeking.sort.length) {
    const detail = 'This cursor is not of this list as it is filtered and sorted now'
    note(parsing, place, ['bad_cursor', `${detail}: start again without it.`])
    return undefined
  }
  return { direction, indexes: keep(parsing, cells) }
}

function parseFrom(parsing: Parsing, input: unknown, up: Place | undefined): boolean {
  if (input === undefined || input === 'end') return input === 'end'
  note(parsing, below(up, 'from'), ['not_in_choices', 'Give end, or leave it out.'])
  return false
}

function keep(parsing: Parsing, cells: CursorCells): readonly (number | null)[] {
  return cells.map((cell) => (cell === null ? null : parsing.values.push(cell) - 1))
}

/** Parses what a connection tells; undefined where connections are not asked for. */
export function parseConnection(
  parsing: Parsing,
  { cursors = 'none', count }: Entries,
  { place, binding }: Omit<Seeking, 'sort'>,
): ConnectionShape | undefined {
  if (!parsing.connections) return undefined
  if (cursors !== 'none' && cursors !== 'ends' && cursors !== 'each') {
    note(parsing, below(place, 'cursors'), ['not_in_choices', 'Give one of: none, ends, each.'])
    return undefined
  }
  const counted = place !== undefined && count !== undefined
  if (counted && count !== 'exact') {
    note(parsing, below(place, 'count'), ['not_in_choices', 'Give exact, or leave it out.'])
  }
  return { cursors, binding: parsing.bindings.push(binding) - 1, counted }
}
