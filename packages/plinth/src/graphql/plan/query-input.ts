/** Owns the arguments of reads as the grammar of reads has them: ids, filters, sorts and pages. */

import { present } from '../../base/assert.ts'
import { invalidInput } from '../../base/failure.ts'
import type { Catalog, Model, ModelField } from '../../catalog/catalog.ts'
import type { Names } from '../schema/names.ts'
import { plainId } from '../schema/node-ids.ts'

/** What ids and names are read with. */
export interface Dictionary {
  readonly catalog: Catalog
  readonly names: Names
}

/** Arguments of a field, or the members of an input. */
export type Given = Readonly<Record<string, unknown>>

/** The type of the records that a field's value names; undefined where it names none. */
function typeNamedBy(
  { names }: Dictionary,
  model: Model,
  { role, relation }: ModelField,
): string | undefined {
  if (role === 'id') return names.types.get(model.name)
  const target = relation === undefined ? undefined : model.relations.get(relation)?.target
  return target === undefined ? undefined : names.types.get(target)
}

function isIdField({ role }: ModelField): boolean {
  return role === 'id' || role === 'reference'
}

/** The values of a write: ids may be global ones. */
export function plainValues(dictionary: Dictionary, model: Model, input: unknown): unknown {
  if (!isGiven(input)) return input
  const values: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(input)) {
    const field = model.fields.get(name)
    const links = field ? undefined : linkedBy(model, name)
    if (field && isIdField(field)) {
      values[name] = plainId(value, typeNamedBy(dictionary, model, field))
    } else if (links !== undefined && Array.isArray(value)) {
      values[name] = value.map((id) => plainId(id, dictionary.names.types.get(links)))
    } else values[name] = value
  }
  return values
}

function linkedBy(model: Model, name: string): string | undefined {
  return [...model.relations.values()].find(({ inputName }) => inputName === name)?.target
}

/** A filter, with plain ids in place of global ones. */
export function plainFilter(dictionary: Dictionary, model: Model, filter: unknown): unknown {
  if (!isGiven(filter)) return filter
  const result: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(filter)) {
    result[name] = plainTerm(dictionary, model, [name, value])
  }
  return result
}

function plainTerm(
  dictionary: Dictionary,
  model: Model,
  [name, value]: readonly [string, unknown],
): unknown {
  if (name === 'not') return plainFilter(dictionary, model, value)
  if (name === 'and' || name === 'or') {
    return Array.isArray(value) ? value.map((each) => plainFilter(dictionary, model, each)) : value
  }
  const field = model.fields.get(name)
  if (field) {
    if (!isIdField(field) || !isGiven(value)) return value
    const type = typeNamedBy(dictionary, model, field)
    return mapped(value, (each) =>
      Array.isArray(each) ? each.map((id) => plainId(id, type)) : plainId(each, type),
    )
  }
  const relation = model.relations.get(name)
  if (!relation || !isGiven(value)) return value
  const target = present(dictionary.catalog.models.get(relation.target), relation.target)
  if (!relation.many) return plainFilter(dictionary, target, value)
  return mapped(value, (each) => plainFilter(dictionary, target, each))
}

function mapped(given: Given, change: (value: unknown) => unknown): Given {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, change(value)]))
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `[{ price: DESC }, { category: { name: ASC } }]` → `['-price', 'category.name']`. */
function sortWords(sort: readonly unknown[]): readonly string[] {
  return sort.map((key) => {
    const names: string[] = []
    let at: unknown = key
    while (isGiven(at)) {
      const [entry] = Object.entries(at)
      names.push(entry?.[0] ?? '')
      at = entry?.[1]
    }
    return `${at === 'DESC' ? '-' : ''}${names.join('.')}`
  })
}

/** The options of a list, from the arguments of a connection. */
export function listOptions(dictionary: Dictionary, model: Model, given: Given): Given {
  const { first, after, last, before, filter, sort } = given
  checkDirection(given)
  const limit = last ?? first ?? undefined
  const backwards = last !== undefined && last !== null
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(isSet(after) ? { after } : {}),
    ...(isSet(before) ? { before } : {}),
    ...(backwards && !isSet(before) ? { from: 'end' } : {}),
    ...(isSet(filter) ? { filter: plainFilter(dictionary, model, filter) } : {}),
    ...(Array.isArray(sort) ? { sort: sortWords(sort) } : {}),
  }
}

function checkDirection({ first, after, last, before }: Given): void {
  const refused = (pointer: string, detail: string) =>
    invalidInput([{ pointer: `/${pointer}`, code: 'contradiction', detail }])
  if (isSet(first) && isSet(last)) throw refused('last', 'Give either "first" or "last".')
  if (isSet(before) && !isSet(last)) throw refused('before', '"before" goes with "last".')
  if (isSet(after) && isSet(last)) throw refused('after', '"after" goes with "first".')
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** The natural key of a call: each of its fields as text. */
export function keyTexts(dictionary: Dictionary, model: Model, key: Given): Record<string, string> {
  const plain = plainValues(dictionary, model, key) as Given
  return Object.fromEntries(
    Object.entries(plain).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}
