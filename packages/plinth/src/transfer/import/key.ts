/** Owns natural keys: the values by which an import finds a record, however deep they refer. */

import { Failure } from '../../base/failure.ts'
import type { Catalog, Model, ModelField } from '../../catalog/catalog.ts'

/** A part of a natural key: a field, or a related record by its own key. */
export interface KeyPart {
  /** The field, or the one that holds the related record's id. */
  readonly field: ModelField
  /** What an importer calls it: the field, or the relation. */
  readonly name: string
  /** The related record's key; absent for a plain field. */
  readonly target?: NaturalKey
  /** The first of the columns that it takes, counted within the key. */
  readonly at: number
}

/** A model's natural key, with related records resolved to their own keys. */
export interface NaturalKey {
  readonly model: Model
  readonly parts: readonly KeyPart[]
  /** The plain fields that it comes down to, one for each column. */
  readonly leaves: readonly ModelField[]
}

/**
 * The natural key of a model; undefined where it has none.
 *
 * @throws Failure `declaration_invalid` where the keys of some models refer to each other.
 */
export function naturalKey(
  catalog: Catalog,
  name: string,
  above: readonly string[] = [],
): NaturalKey | undefined {
  const model = catalog.models.get(name)
  if (!model || model.key.length === 0) return undefined
  if (above.includes(name)) {
    const round = [...above, name].join(' → ')
    const detail = `The natural keys ${round} refer to each other: no record can be found by them.`
    throw new Failure('declaration_invalid', { detail })
  }
  const leaves: ModelField[] = []
  const parts: KeyPart[] = []
  for (const field of model.key.flatMap((one) => model.fields.get(one) ?? [])) {
    const at = leaves.length
    const related =
      field.role === 'reference' ? model.relations.get(field.relation ?? '') : undefined
    const target = related && naturalKey(catalog, related.target, [...above, name])
    if (related && !target) return undefined
    leaves.push(...(target?.leaves ?? [field]))
    parts.push({ field, name: field.relation ?? field.name, at, ...(target ? { target } : {}) })
  }
  return Object.freeze({ model, parts, leaves })
}

/** The key's cells as one text that no other key shares. */
export function keyText(cells: readonly (string | null)[]): string {
  return cells.length === 1 ? (cells[0] ?? '') : JSON.stringify(cells)
}
