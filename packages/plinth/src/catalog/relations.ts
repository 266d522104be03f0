/** Owns how relations find their other side, and the join tables made for manyToMany. */

import { always, never } from '../define/expression.ts'
import type { BelongsTo, HasMany, HasOne, ManyToMany, Relation } from '../define/relation.ts'
import { uuidKind } from '../kinds/kinds.ts'
import type { Model, ModelField, ModelRelation } from './catalog.ts'
import type { DraftModel } from './draft.ts'
import { type Mistakes, suggestion } from './mistakes.ts'
import { singularOf, snakeCase } from './names.ts'
import { isTenant, tenantField } from './organisations/tenants.ts'

interface Context {
  readonly drafts: ReadonlyMap<string, DraftModel>
  readonly mistakes: Mistakes
  /** Join models made so far, by name. */
  readonly joins: Map<string, Model>
}

/** The relations of a model, resolved. Adds the join models it needs to `joins`. */
export function relationsOf(draft: DraftModel, context: Context): Map<string, ModelRelation> {
  const relations = new Map<string, ModelRelation>()
  for (const [name, member] of Object.entries(draft.members)) {
    if (member.is === 'field') continue
    const place = `${draft.place}.fields.${name}`
    const target = context.drafts.get(member.target)
    if (!target) {
      const near = suggestion(member.target, context.drafts.keys())
      context.mistakes.add(place, `there is no model "${member.target}"${near}`)
      continue
    }
    const side: Side = { draft, name, place, target, context }
    const relation = resolve(side, member)
    if (relation) relations.set(name, Object.freeze(relation))
  }
  return relations
}

interface Side {
  readonly draft: DraftModel
  readonly name: string
  readonly place: string
  readonly target: DraftModel
  readonly context: Context
}

function resolve(side: Side, relation: Relation): ModelRelation | undefined {
  switch (relation.is) {
    case 'belongsTo':
      return belongs(side, relation)
    case 'hasMany':
    case 'hasOne':
      return has(side, relation)
    case 'manyToMany':
      return relation.through ? through(side, relation.through) : joined(side, relation)
  }
}

const plain = Object.freeze({
  ...{ through: undefined, inputName: undefined, within: undefined },
  onDelete: 'restrict',
} as const)

function belongs(side: Side, relation: BelongsTo): ModelRelation {
  const { draft, name, place, target, context } = side
  if (relation.onDelete === 'clear' && !relation.optional) {
    context.mistakes.add(place, "onDelete: 'clear' needs optional: true, or use 'restrict'")
  }
  return {
    ...plain,
    name,
    type: 'belongsTo',
    many: false,
    target: relation.target,
    local: `${name}Id`,
    foreign: 'id',
    onDelete: relation.onDelete,
    within: sharedField(draft, target),
  }
}

/** Two records of tenants that refer to each other are of one organisation. */
function sharedField(...sides: readonly DraftModel[]): string | undefined {
  return sides.every(isTenant) ? tenantField : undefined
}

function has(side: Side, relation: HasMany | HasOne): ModelRelation | undefined {
  const back = backReference(side, relation.by)
  if (!back) return undefined
  if (relation.is === 'hasOne' && !back.relation.unique) {
    side.context.mistakes.add(
      side.place,
      `hasOne needs unique: true on ${side.target.place}.fields.${back.name}`,
    )
  }
  return {
    ...plain,
    name: side.name,
    type: relation.is,
    many: relation.is === 'hasMany',
    target: relation.target,
    local: 'id',
    foreign: `${back.name}Id`,
  }
}

function backReference(
  { draft, place, target, context }: Side,
  by: string | undefined,
): { name: string; relation: BelongsTo } | undefined {
  const candidates = belongsToOf(target, draft.name)
  if (by !== undefined) {
    const chosen = candidates.find(({ name }) => name === by)
    const cure = `declare ${by}: belongsTo('${draft.name}') on ${target.place}`
    if (!chosen) context.mistakes.add(place, `by: '${by}' is not its other side: ${cure}`)
    return chosen
  }
  if (candidates.length === 1) return candidates[0]
  context.mistakes.add(
    place,
    candidates.length === 0
      ? `${target.place} has no belongsTo('${draft.name}'): declare it there`
      : `${target.place} belongs to it twice: say which by { by: '${candidates[0]?.name}' }`,
  )
  return undefined
}

function belongsToOf(draft: DraftModel, target: string): { name: string; relation: BelongsTo }[] {
  return Object.entries(draft.members).flatMap(([name, member]) =>
    member.is === 'belongsTo' && member.target === target ? [{ name, relation: member }] : [],
  )
}

function through(side: Side, name: string): ModelRelation | undefined {
  const { draft, place, target, context } = side
  const join = context.drafts.get(name)
  const mine = join ? belongsToOf(join, draft.name)[0] : undefined
  const theirs = join
    ? belongsToOf(join, target.name).find((x) => x.name !== mine?.name)
    : undefined
  if (!join || !mine || !theirs) {
    const wanted = `belongsTo('${draft.name}') and belongsTo('${target.name}')`
    context.mistakes.add(place, `through: '${name}' must be a model with ${wanted}`)
    return undefined
  }
  return {
    ...many(side),
    through: Object.freeze({ model: name, local: `${mine.name}Id`, foreign: `${theirs.name}Id` }),
  }
}

function many({ name, target }: Side): ModelRelation {
  return {
    ...plain,
    name,
    type: 'manyToMany',
    many: true,
    target: target.name,
    local: 'id',
    foreign: 'id',
  }
}

function joined(side: Side, relation: ManyToMany): ModelRelation | undefined {
  const { draft, name, place, target, context } = side
  const twins = Object.values(draft.members).filter(
    (member) => member.is === 'manyToMany' && member.target === relation.target && !member.through,
  )
  if (target === draft || twins.length > 1) {
    context.mistakes.add(place, "needs a model of its own between the two: give { through: '…' }")
    return undefined
  }
  const [first, second] = [draft, target].sort((a, b) => (a.name < b.name ? -1 : 1)) as [
    DraftModel,
    DraftModel,
  ]
  const model = joinModel(first, second, draft.kit)
  if (context.drafts.has(model.name)) {
    context.mistakes.add(
      place,
      `its join table would be named like ${model.name}: rename that model`,
    )
  }
  if (!context.joins.has(model.name)) context.joins.set(model.name, model)
  return {
    ...many(side),
    through: Object.freeze({
      model: model.name,
      local: `${draft.name}Id`,
      foreign: `${target.name}Id`,
    }),
    inputName: `${singularOf(name)}Ids`,
  }
}

function joinModel(first: DraftModel, second: DraftModel, kit: string): Model {
  const name = `${first.name}${second.name.slice(0, 1).toUpperCase()}${second.name.slice(1)}`
  const within = sharedField(first, second)
  const fields = [joinField(first), joinField(second)]
  const pair = fields.map((field) => field.name)
  if (within !== undefined) fields.push(tenantJoinField(within))
  const relations = [first, second].map((side): [string, ModelRelation] => [
    side.name,
    Object.freeze({
      ...plain,
      name: side.name,
      type: 'belongsTo',
      many: false,
      target: side.name,
      local: `${side.name}Id`,
      foreign: 'id',
      onDelete: 'cascade',
      within,
    }),
  ])
  return Object.freeze({
    name,
    kit,
    plural: `${name}s`,
    schema: snakeCase(kit),
    table: snakeCase(name),
    fields: new Map(fields.map((field) => [field.name, field])),
    relations: new Map(relations),
    access: nothing,
    key: Object.freeze(pair),
    softDelete: false,
    audit: 'none',
    tenant: within,
    uniques: Object.freeze([Object.freeze({ name: 'pair', fields: Object.freeze(pair) })]),
    indexes: Object.freeze([]),
    checks: Object.freeze([]),
    exposed: false,
    ...{ was: undefined, splitFrom: undefined },
    description: undefined,
  })
}

const nothing = Object.freeze({
  ...{ read: never, create: never, update: never, updated: never, delete: never },
  within: always,
})

function joinField(side: DraftModel): ModelField {
  return Object.freeze({ ...linkField(`${side.name}Id`, 'reference'), relation: side.name })
}

/** Both sides of a link are of its organisation: PostgreSQL compares them with it. */
function tenantJoinField(name: string): ModelField {
  return Object.freeze(linkField(name, 'tenant'))
}

function linkField(name: string, role: ModelField['role']): ModelField {
  return {
    name,
    column: snakeCase(name),
    kind: uuidKind(),
    optional: false,
    unique: false,
    default: undefined,
    computed: undefined,
    role,
    relation: undefined,
    access: Object.freeze({ read: always, write: always }),
    was: undefined,
    description: undefined,
  }
}
