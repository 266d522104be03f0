/** Owns what of an app is there for anybody at all: what nobody may do or read, no door shows. */

import type {
  Catalog,
  FieldAccess,
  Model,
  ModelField,
  ModelOperation,
  ModelRelation,
} from '../catalog.ts'

/** True where a rule is the constant no. */
export function isNever(rule: FieldAccess['read']): boolean {
  return rule.type === 'constant' && !rule.value
}

/** True where some caller may pass the rule of an operation. */
export function isServed(operation: ModelOperation): boolean {
  const { access } = operation.model
  switch (operation.type) {
    case 'list':
    case 'get':
      return !isNever(access.read)
    case 'upsert':
      return !isNever(access.create) || isChangeable(operation.model)
    case 'update':
      return isChangeable(operation.model)
    default:
      return !isNever(access[operation.type])
  }
}

/** An update is asked for twice: of the row before, and of the row after. */
function isChangeable({ access }: Model): boolean {
  return !isNever(access.update) && !isNever(access.updated)
}

/** Fields that some caller may read. */
export function readableFields(model: Model): readonly ModelField[] {
  if (isNever(model.access.read)) return []
  return [...model.fields.values()].filter(
    (field) => field.role !== 'deletedAt' && !isNever(field.access.read),
  )
}

/** Fields that some caller may write. */
export function writableFields(model: Model): readonly ModelField[] {
  return [...model.fields.values()].filter(
    (field) =>
      (field.role === 'declared' || field.role === 'reference') &&
      field.computed === undefined &&
      !isNever(field.access.write),
  )
}

/** Relations to records that some caller may read. */
export function readableRelations(model: Model, catalog: Catalog): readonly ModelRelation[] {
  return [...model.relations.values()].filter((relation) => {
    const target = catalog.models.get(relation.target)
    return target?.exposed && !isNever(target.access.read)
  })
}
