/** Owns the grammar of sorting: `-price,category.name`, made a total order by `id`. */

import { limits } from '../../base/limits.ts'
import type { SortShape } from '../shape.ts'
import { targetOf, type View, viewOf } from '../view.ts'
import {
  below,
  itemsOf,
  note,
  noteExcess,
  noteUnknown,
  type Parsing,
  type Place,
} from './parsing.ts'

const byId: SortShape = Object.freeze({ path: Object.freeze([]), field: 'id', descending: false })

/** The order of records where none is asked for: that of their creation. */
export const defaultSort: readonly SortShape[] = Object.freeze([byId])

/** Parses sort keys. A key given twice counts once; what follows `id` decides nothing. */
export function parseSort(
  parsing: Parsing,
  input: unknown,
  at: { readonly view: View; readonly place: Place },
): readonly SortShape[] {
  if (input === undefined) return defaultSort
  const items = itemsOf(parsing, input)
  if (!items) {
    note(parsing, at.place, ['wrong_type', 'Give a list of fields, such as ["-createdAt"].'])
    return defaultSort
  }
  if (items.length > limits.sortFieldsMax) {
    const cap = `A read sorts by at most ${limits.sortFieldsMax} fields (sortFieldsMax)`
    noteExcess(parsing, at.place, `${cap}: leave some out.`)
    return defaultSort
  }
  const keys: SortShape[] = []
  for (const [index, item] of items.entries()) {
    const place = parsing.text ? at.place : below(at.place, index)
    const key = sortKey(parsing, item, { view: at.view, place })
    if (key && !keys.some((each) => sameField(each, key))) keys.push(key)
  }
  const end = keys.findIndex((key) => key.path.length === 0 && key.field === 'id')
  return end < 0 ? [...keys, byId] : keys.slice(0, end + 1)
}

function sameField(one: SortShape, two: SortShape): boolean {
  return one.field === two.field && one.path.join('.') === two.path.join('.')
}

function sortKey(
  parsing: Parsing,
  item: unknown,
  { view, place }: { view: View; place: Place },
): SortShape | undefined {
  if (typeof item !== 'string') {
    note(parsing, place, ['wrong_type', 'Give the name of a field, with "-" before it to descend.'])
    return undefined
  }
  const descending = item.startsWith('-')
  const given = descending ? item.slice(1) : item
  const names = given.split('.')
  const path: string[] = []
  let at = view
  for (const name of names.slice(0, -1)) {
    const relation = at.relations.get(name)
    if (!relation || relation.many || path.length >= limits.includeDepthMax) {
      noteUnknown(parsing, place, { what: 'field', name: given, known: at.fields.keys() })
      return undefined
    }
    path.push(name)
    at = viewOf(parsing.catalog, parsing.facts, targetOf(parsing.catalog, relation))
  }
  const field = at.fields.get(names.at(-1) ?? '')
  if (!field) {
    noteUnknown(parsing, place, { what: 'field', name: given, known: at.fields.keys() })
    return undefined
  }
  if (!field.kind.sortable) {
    note(parsing, place, [
      'not_sortable',
      `"${given}" has no order to sort by: choose another field.`,
    ])
    return undefined
  }
  return { path, field: field.name, descending }
}
