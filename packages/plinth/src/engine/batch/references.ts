/** Owns references between the steps of a batch: `{ "$ref": "name" }` in place of an id. */

import { invalidInput } from '../../base/failure.ts'
import type { Model } from '../../catalog/catalog.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'

/** The ids of records made by earlier steps, by name, and where the reference stands. */
export interface References {
  readonly ids: ReadonlyMap<string, string>
  readonly place: string
}

/** The id of a step: given, or that of an earlier step's record. */
export function resolveId(id: unknown, references: References): string {
  return typeof id === 'string' ? id : (resolveReference(id, references) ?? '')
}

/**
 * Replaces references by ids where a field or a list of links holds ids. Elsewhere the same form
 * is a value: JSON may hold `{ "$ref": … }` of its own.
 */
export function resolveReferences(
  input: unknown,
  { model, ids, place }: References & { readonly model: Model },
): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const links = new Set([...model.relations.values()].map((relation) => relation.inputName))
  const resolved: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(input)) {
    const at = { ids, place: `${place}/${name}` }
    if (model.fields.get(name)?.role === 'reference') {
      resolved[name] = resolveReference(value, at) ?? value
    } else if (links.has(name) && Array.isArray(value)) {
      resolved[name] = value.map((item: unknown) => resolveReference(item, at) ?? item)
    } else resolved[name] = value
  }
  return resolved
}

function resolveReference(value: unknown, { ids, place }: References): string | undefined {
  const name = referenceName(value)
  if (name === undefined) return undefined
  const id = ids.get(name)
  if (id !== undefined) return id
  const near = suggestionOrStop(name, ids.keys())
  const detail = `No earlier operation made a record of this name${near}`
  throw invalidInput([{ pointer: place, code: 'unknown_reference', detail }])
}

/** The name that a value refers to; undefined where it is no reference. */
export function referenceName(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const keys = Object.keys(value)
  const name = (value as Readonly<Record<string, unknown>>).$ref
  return keys.length === 1 && typeof name === 'string' ? name : undefined
}
