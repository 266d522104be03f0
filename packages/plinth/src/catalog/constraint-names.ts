/** Owns the names of constraints: what `migrate/` makes and what planners read in an error. */

import { limits } from '../base/limits.ts'
import type { ColumnCheck } from '../kinds/kinds.ts'
import type { Model, ModelCheck } from './catalog.ts'
import { snakeCase } from './names.ts'

/** A constraint that the table of a model holds. */
export interface ModelConstraint {
  /** As PostgreSQL reports it. A unique one is an index of this name. */
  readonly name: string
  readonly type: 'primary' | 'unique' | 'reference' | 'check'
  /** The fields it spans; empty for a check of the model. */
  readonly fields: readonly string[]
  readonly columns: readonly string[]
  /** A reference's column that holds the same in the record it leads to. */
  readonly within?: string
  /** What follows the columns in its name. */
  readonly word: string
  /** A check of a column that its kind asks for. */
  readonly columnCheck?: ColumnCheck
  /** A check that the model declares. */
  readonly modelCheck?: ModelCheck
}

/**
 * The name of an object that belongs to a table. Names of the catalog hold no double underscore,
 * so that two lists of parts never share a name; long ones end in a hash.
 */
export function objectName(table: string, columns: readonly string[], word: string): string {
  const name = [table, ...columns, word].join('__')
  const max = limits.identifierBytesMax
  return name.length <= max ? name : `${name.slice(0, max - 9)}_${hash(name)}`
}

/** Every constraint of a model's table. A name is never used twice. */
export function constraintsOf(model: Model): readonly ModelConstraint[] {
  const primary = model.fields.has('id') ? ['id'] : model.key
  const unique = model.softDelete ? 'unique_kept' : 'unique'
  const sets = uniqueSets(model, primary)
  return Object.freeze([
    constraint(model, { type: 'primary', fields: primary, word: 'primary' }),
    ...sets.map((fields) => constraint(model, { type: 'unique', fields, word: unique })),
    ...tenantKey(model),
    ...references(model),
    ...checks(model),
  ])
}

function uniqueSets(model: Model, primary: readonly string[]): readonly (readonly string[])[] {
  const single = [...model.fields.values()].filter((field) => field.unique)
  const sets = [
    ...single.map((field) => [field.name]),
    model.key,
    ...model.uniques.map((unique) => unique.fields),
  ]
  const seen = new Set<string>([setKey(primary)])
  const { tenant } = model
  // Unique in an organisation. What others hold neither stands in the way nor tells of itself.
  const inside = (fields: readonly string[]): readonly string[] =>
    tenant === undefined || fields.length === 0 || setKey(fields) === setKey(primary)
      ? fields
      : [tenant, ...fields.filter((field) => field !== tenant)]
  return sets.map(inside).filter((fields) => {
    const known = fields.length === 0 || seen.has(setKey(fields))
    seen.add(setKey(fields))
    return !known
  })
}

function setKey(fields: readonly string[]): string {
  return [...fields].sort().join()
}

/**
 * By what records of a tenant refer to each other: the organisation first, so that lists of one
 * are found by it too. It spans what is deleted softly as well.
 */
function tenantKey(model: Model): readonly ModelConstraint[] {
  if (model.tenant === undefined || !model.exposed) return []
  const fields = [model.tenant, 'id']
  return [constraint(model, { type: 'unique', fields, word: 'tenant' })]
}

function references(model: Model): readonly ModelConstraint[] {
  return [...model.fields.values()]
    .filter(({ relation }) => relation !== undefined)
    .map(({ name, relation = '' }) => {
      const within = model.relations.get(relation)?.within
      return constraint(model, {
        ...{ type: 'reference', fields: [name], word: 'reference' },
        ...(within === undefined ? {} : { within: columnOf(model, within) }),
      })
    })
}

function checks(model: Model): readonly ModelConstraint[] {
  const ofColumns = [...model.fields.values()].flatMap((field) =>
    field.kind.columnChecks.map((columnCheck) =>
      constraint(model, {
        ...{ type: 'check', fields: [field.name], word: columnCheck.check.toLowerCase() },
        columnCheck,
      }),
    ),
  )
  const ofModel = model.checks.map((modelCheck) =>
    constraint(model, {
      ...{ type: 'check', fields: [], word: `${snakeCase(modelCheck.name)}__holds` },
      modelCheck,
    }),
  )
  return [...ofColumns, ...ofModel]
}

function constraint(
  model: Model,
  part: Omit<ModelConstraint, 'name' | 'columns'>,
): ModelConstraint {
  const columns = Object.freeze(part.fields.map((field) => columnOf(model, field)))
  const name = objectName(model.table, columns, part.word)
  return Object.freeze({ ...part, name, columns })
}

/** The column of a field of the model. */
export function columnOf(model: Model, field: string): string {
  return model.fields.get(field)?.column ?? snakeCase(field)
}

/** FNV-1a of 32 bits: enough to tell long names of one table apart. */
function hash(text: string): string {
  let state = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
  }
  return (state >>> 0).toString(16).padStart(8, '0')
}
