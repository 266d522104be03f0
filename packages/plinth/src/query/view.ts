/** Owns what a caller can know of a model: the fields and relations that exist for it. */

import type { CallerFacts } from '../access/caller.ts'
import { fieldRead, isUnreadable, type RowSource } from '../access/compile.ts'
import { present } from '../base/assert.ts'
import { limits } from '../base/limits.ts'
import type { Catalog, Model, ModelField, ModelRelation } from '../catalog/catalog.ts'

/**
 * A model as a caller sees it. What the caller can never read is not in it, so that whoever asks
 * for it by name gets the answer that any unknown name gets.
 */
export interface View {
  readonly model: Model
  /** In order of declaration. */
  readonly fields: ReadonlyMap<string, ModelField>
  readonly relations: ReadonlyMap<string, ModelRelation>
}

const views = new WeakMap<Catalog, Map<string, View>>()

/** The view of a model for callers of these facts; worked out once. */
export function viewOf(catalog: Catalog, facts: CallerFacts, model: Model): View {
  const known = views.get(catalog) ?? new Map<string, View>()
  views.set(catalog, known)
  const key = `${facts.key} ${model.name}`
  const found = known.get(key)
  if (found) return found
  if (known.size >= limits.statementCacheMax * 10) known.clear()
  const view = makeView(catalog, facts, model)
  known.set(key, view)
  return view
}

/** The model at the other end of a relation. */
export function targetOf(catalog: Catalog, relation: ModelRelation): Model {
  return present(catalog.models.get(relation.target), `model ${relation.target}`)
}

function makeView(catalog: Catalog, facts: CallerFacts, model: Model): View {
  const row: RowSource = { model, alias: 't' }
  const fields = new Map<string, ModelField>()
  for (const field of model.fields.values()) {
    if (field.role === 'deletedAt') continue
    const condition = fieldRead({ catalog, facts, row }, field)
    if (condition.constant !== false) fields.set(field.name, field)
  }
  const relations = new Map<string, ModelRelation>()
  for (const relation of model.relations.values()) {
    if (isVisible(relation, { catalog, facts, model })) relations.set(relation.name, relation)
  }
  return Object.freeze({ model, fields, relations })
}

interface Place {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  readonly model: Model
}

/** A relation tells what its key columns hold, so it is no more visible than they are. */
function isVisible(relation: ModelRelation, { catalog, facts, model }: Place): boolean {
  const target = targetOf(catalog, relation)
  if (!target.exposed || isUnreadable(catalog, facts, target)) return false
  if (!canRead({ catalog, facts, model }, relation.local)) return false
  if (!canRead({ catalog, facts, model: target }, relation.foreign)) return false
  if (!relation.through) return true
  const link = present(catalog.models.get(relation.through.model), relation.through.model)
  if (!link.exposed) return true
  const at = { catalog, facts, model: link }
  if (isUnreadable(catalog, facts, link)) return false
  return canRead(at, relation.through.local) && canRead(at, relation.through.foreign)
}

function canRead({ catalog, facts, model }: Place, name: string): boolean {
  const field = present(model.fields.get(name), `${model.name}.${name}`)
  return fieldRead({ catalog, facts, row: { model, alias: 't' } }, field).constant !== false
}
