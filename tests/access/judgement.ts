/** Owns the reference for writes: whether rules allow one, and what is told of it, without SQL. */

import type { Model, ModelRelation } from '../../packages/plinth/src/catalog/catalog.ts'
import type { Expression } from '../../packages/plinth/src/define/expression.ts'
import { isShown, visibleRows } from './evaluator.ts'
import { withFormulas } from './random/values.ts'
import {
  type Asker,
  modelOf,
  type Place,
  proven,
  type Row,
  type Rows,
  ruleHolds,
  settled,
  type World,
} from './rules.ts'

/** A create, or the update of a record by its id. */
export interface Write {
  readonly model: Model
  readonly id: string | undefined
  readonly input: Row
}

/** What a write gets. A record that may not be read afterwards is not told. */
export type Judgement =
  | { readonly is: 'forbidden' | 'unproven' | 'nowhere' | 'not_found' | 'reference_not_found' }
  | { readonly is: 'done'; readonly told: Row | undefined; readonly links: Rows }

/** Judges a write whose values all fit their fields. */
export function judge(world: World, write: Write): Judgement {
  const { model, id, input } = write
  const { access } = model
  const rules = rulesOf(write)
  const given = [...model.fields.values()].filter(({ name }) => Object.hasOwn(input, name))
  const narrow = given.map((field) => field.access.write)
  const impossible = [...rules, ...narrow].some(
    (rule) => settled(world.asker, rule, input) === false,
  )
  if (isNowhere(world, write)) return { is: 'nowhere' }
  if (isUnproven(world, write)) return { is: 'unproven' }
  if (impossible || (id === undefined && isIncomplete(world, model))) return { is: 'forbidden' }
  const row = visibleRows(world, model).find((each) => each.id === id)
  if (id !== undefined && !row) return { is: 'not_found' }
  const before: Place | undefined = row && { model, row }
  const after = placeAfter(world, write, row)
  const writing = before ? { input, before } : { input }
  const asked = (at: Place, rule: (typeof rules)[number]) =>
    ruleHolds(world, rule, { ...at, writing })
  const allowed =
    (before
      ? asked(before, access.update) && asked(after, access.updated)
      : asked(after, access.create)) && narrow.every((rule) => asked(before ?? after, rule))
  if (!allowed) return { is: 'forbidden' }
  if (!references(world, write)) return { is: 'reference_not_found' }
  return { is: 'done', told: told(world, after), links: after.rows ?? world.rows }
}

function rulesOf({ model: { access }, id }: Write): readonly Expression[] {
  return id === undefined ? [access.create] : [access.update, access.updated]
}

/** A tenant's record, by somebody who works in no organisation, where rules let anybody at all. */
function isNowhere({ asker }: World, write: Write): boolean {
  if (write.model.tenant === undefined || asker.organisation || asker.id === null) return false
  const [rule] = rulesOf(write)
  return !(rule?.type === 'constant' && !rule.value)
}

/** No record could make it possible; but one could, had the caller shown again who they are. */
function isUnproven({ catalog, rows, asker }: World, write: Write): boolean {
  const possible = (to: Asker): boolean =>
    rulesOf(write).every((rule) => settled(to, rule, 'unknown') !== false) &&
    !(write.id === undefined && isIncomplete({ catalog, rows, asker: to }, write.model))
  return asker.id !== null && !possible(asker) && possible(proven(asker))
}

/** Whoever may never write a field that every record needs can make none. */
function isIncomplete({ asker }: World, model: Model): boolean {
  return [...model.fields.values()].some(
    ({ role, optional, computed, access }) =>
      (role === 'declared' || role === 'reference') &&
      !optional &&
      !computed &&
      settled(asker, access.write) === false,
  )
}

/** The row as it will be, among the links as they will be; other rows are as they are stored. */
function placeAfter(world: World, { model, input }: Write, row: Row | undefined): Place {
  const values: Record<string, unknown> = { id: 'new', version: 1, deletedAt: null, ...row }
  for (const { name, role } of model.fields.values()) {
    if (Object.hasOwn(input, name)) values[name] = input[name]
    else if (!row && (role === 'declared' || role === 'reference')) values[name] = null
    else if (!row && role === 'tenant') values[name] = world.asker.organisation?.id ?? null
  }
  const whole = withFormulas(world.catalog, new Map([[model.name, [values]]]))
  const links = [...model.relations.values()].filter(({ inputName }) => isGiven(inputName, input))
  const rows = new Map(world.rows)
  for (const relation of links) {
    const ids = input[relation.inputName ?? ''] as readonly string[]
    rows.set(relation.through?.model ?? '', linksAfter(world, { relation, ids, id: values.id }))
  }
  return { model, row: whole.get(model.name)?.[0] ?? {}, rows }
}

interface Linking {
  readonly relation: ModelRelation
  readonly ids: readonly string[]
  readonly id: unknown
}

/** The asker's list, and what the asker cannot know of. */
function linksAfter(world: World, { relation, ids, id }: Linking): readonly Row[] {
  const { model = '', local = '', foreign = '' } = relation.through ?? {}
  const seen = new Set(visibleRows(world, modelOf(world, relation.target)).map((each) => each.id))
  const kept = (world.rows.get(model) ?? []).filter(
    (link) =>
      link[local] !== id || (!ids.includes(String(link[foreign])) && !seen.has(link[foreign])),
  )
  return [...kept, ...ids.map((other) => ({ [local]: id, [foreign]: other }))]
}

/** Whether everything that the input refers to is there for the asker. */
function references(world: World, { model, input }: Write): boolean {
  return [...model.relations.values()].every((relation) => {
    const known = visibleRows(world, modelOf(world, relation.target)).map(({ id }) => id)
    if (isGiven(relation.inputName, input)) {
      return (input[relation.inputName ?? ''] as readonly string[]).every((id) =>
        known.includes(id),
      )
    }
    const id = relation.type === 'belongsTo' ? (input[relation.local] ?? null) : null
    return id === null || known.includes(id)
  })
}

function isGiven(name: string | undefined, input: Row): boolean {
  return name !== undefined && Object.hasOwn(input, name)
}

/** The fields of a record that its writer may read; undefined where that is none of it. */
function told(world: World, at: Place): Row | undefined {
  if (!ruleHolds(world, at.model.access.read, at)) return undefined
  const shown = [...at.model.fields.values()].filter(
    (field) => field.role !== 'deletedAt' && isShown(world, at, field),
  )
  return Object.fromEntries(shown.map(({ name }) => [name, at.row[name] ?? null]))
}
