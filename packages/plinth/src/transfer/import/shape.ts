/** Owns models as an import sees them: which columns of text hold what rows say of a record. */

import { Failure } from '../../base/failure.ts'
import type { Catalog, Model, ModelField } from '../../catalog/catalog.ts'
import { type NaturalKey, naturalKey } from './key.ts'

/** One column of what is said of records, before they are stored. */
export interface SaidColumn {
  readonly use: 'key' | 'field' | 'otherwise' | 'reference'
  /** The field whose kind it has. */
  readonly field: ModelField
  /** True: the last value in the file holds instead of the first. */
  readonly last: boolean
}

/** A field that an import can fill, and its columns. */
export interface Fillable {
  readonly field: ModelField
  /** What people call it: `product.price`. */
  readonly place: string
  readonly said: number
  /** Absent for parts of the key. */
  readonly otherwise?: number
}

/** A relation that an import can fill: the columns from `at` hold the related record's key. */
export interface Reference {
  readonly name: string
  /** The field that holds the id. */
  readonly field: ModelField
  readonly target: NaturalKey
  readonly at: number
  readonly inKey: boolean
}

/** A model as an import sees it. The columns of its key come first. */
export interface ModelShape {
  readonly model: Model
  readonly key: NaturalKey
  readonly columns: readonly SaidColumn[]
  readonly fields: ReadonlyMap<string, Fillable>
  readonly references: ReadonlyMap<string, Reference>
  /** The organisation whose records they are; absent: the model is no tenant's. */
  readonly organisationId?: string
}

/** Gives the shape of a model, made once. */
export type Shapes = (model: string) => ModelShape

/**
 * The shapes of the models that an importer fills. Records of tenants' models are found and made in
 * the organisation, and nowhere else.
 *
 * @throws Failure `declaration_invalid` for a model that does not exist or has no natural key, and
 * `usage` for one of tenants without an organisation.
 */
export function modelShapes(
  catalog: Catalog,
  lastWins: Readonly<Record<string, readonly string[]>>,
  organisationId?: string,
): Shapes {
  const shapes = new Map<string, ModelShape>()
  return (name) => {
    const known = shapes.get(name)
    if (known) return known
    const key = naturalKey(catalog, name)
    if (!key) {
      const lacks = catalog.models.has(name) ? 'has no natural key' : 'is no model of the app'
      const cure = 'An import finds records by it: say key: […] in the model.'
      throw new Failure('declaration_invalid', { detail: `${name} ${lacks}. ${cure}` })
    }
    const shape = shapeOf(catalog, key, lastWins[name] ?? [])
    const whole = key.model.tenant === undefined ? shape : placed(shape, organisationId)
    shapes.set(name, whole)
    return whole
  }
}

/** The operator works in no organisation: without a word nobody would know whose records are. */
function placed(shape: ModelShape, organisationId: string | undefined): ModelShape {
  if (organisationId !== undefined) return Object.freeze({ ...shape, organisationId })
  const belong = `The records of ${shape.model.name} belong to one organisation each`
  const detail = `${belong}: say to which, by --organisation <id or slug>. Nothing was stored.`
  throw new Failure('usage', { detail })
}

function shapeOf(catalog: Catalog, key: NaturalKey, last: readonly string[]): ModelShape {
  const { model } = key
  const columns: SaidColumn[] = key.leaves.map((field) => ({ use: 'key', field, last: false }))
  const placeOf = (name: string): string => `${model.name}.${name}`
  const fields = new Map<string, Fillable>()
  const references = new Map<string, Reference>()
  for (const { field, name, target, at } of key.parts) {
    if (target) references.set(name, { name, field, target, at, inKey: true })
    else fields.set(name, { field, place: placeOf(name), said: at })
  }
  const push = (use: SaidColumn['use'], field: ModelField, isLast: boolean): number =>
    columns.push({ use, field, last: isLast }) - 1
  for (const field of model.fields.values()) {
    if (model.key.includes(field.name)) continue
    const name = field.relation ?? field.name
    const isLast = last.includes(name)
    if (field.role === 'reference') {
      const target = naturalKey(catalog, model.relations.get(name)?.target ?? '')
      if (!target) continue
      references.set(name, { name, field, target, at: columns.length, inKey: false })
      for (const leaf of target.leaves) push('reference', leaf, isLast)
    } else if (field.role === 'declared' && !field.computed) {
      const said = push('field', field, isLast)
      const otherwise = push('otherwise', field, false)
      fields.set(name, { field, place: placeOf(name), said, otherwise })
    }
  }
  return Object.freeze({ model, key, columns, fields, references })
}
