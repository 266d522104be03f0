/** Owns the compilation of an app into its catalog: every mistake at once, or a frozen catalog. */

import type { AnyKit, App } from '../define/kit.ts'
import type { ActionOperation, Catalog, Model, ModelIndex, ModelRelation } from './catalog.ts'
import { type DraftModel, draftModels, orderedKits } from './draft.ts'
import type { Asked, Setting, VisibleModel } from './expressions/places.ts'
import { actionsOf } from './logic/actions.ts'
import { channelsOf } from './logic/channels.ts'
import { followersOf } from './logic/followers.ts'
import { logicOf } from './logic/logic.ts'
import { type DraftField, draftFields } from './members.ts'
import { Mistakes, suggestion } from './mistakes.ts'
import { nameProblem } from './names.ts'
import { operationsOf } from './operations.ts'
import { openModels } from './organisations/open.ts'
import { organisationsOf } from './organisations/roles.ts'
import { checkTenancy } from './organisations/tenancy.ts'
import { isTenant, tenantField } from './organisations/tenants.ts'
import { relationsOf } from './relations.ts'
import { accessOf, checksOf, fieldAccess, formulas } from './rules.ts'
import { checkServices } from './services/services.ts'

/** What comes to a catalog beside the app's own kits. */
export interface BuiltIns {
  readonly kits: readonly AnyKit[]
  readonly actions: readonly ActionOperation[]
}

/**
 * Compiles an app. Fails with `declaration_invalid`, whose problems list every mistake with its
 * place and cure.
 *
 * @example const catalog = compileCatalog(app({ kits: [catalog, orders] }))
 */
export function compileCatalog(
  app: App<unknown>,
  builtIns: BuiltIns = { kits: [], actions: [] },
): Catalog {
  const mistakes = new Mistakes()
  const kits = orderedKits([...builtIns.kits, ...app.kits], mistakes)
  const organisations = organisationsOf(app.organisations, mistakes)
  const drafts = openModels(draftModels(kits, mistakes), organisations)
  checkTenancy({ drafts, organisations, mistakes })
  const roles = app.roles ? new Set(app.roles) : undefined
  const joins = new Map<string, Model>()
  const visible = new Map<string, Visible>()
  for (const draft of drafts.values()) {
    const fields = draftFields(draft, { mistakes, roles })
    const relations = relationsOf(draft, { drafts, mistakes, joins })
    visible.set(draft.name, { name: draft.name, fields, relations })
  }
  const asked: Asked = {
    ...{ roles: new Set(), permissions: new Set() },
    ...{ assurances: new Set(), provedMinutes: new Set() },
  }
  const { services } = app
  checkServices({ services, roles, organisations }, mistakes)
  const shared = { models: visible, mistakes, roles, organisations, services, asked }
  const models = new Map<string, Model>()
  for (const draft of drafts.values()) {
    models.set(draft.name, finish(draft, { ...shared, model: visibleOf(visible, draft) }))
  }
  for (const [name, join] of joins) models.set(name, join)
  const logic = logicOf(kits, mistakes)
  const declared = actionsOf({ ...shared, actions: logic.actions, models })
  const followers = followersOf(logic.events, shared)
  const channels = channelsOf(logic.channels, shared)
  for (const action of app.actions) {
    if (logic.actions.get(`${action.kit}.${action.name}`) === action) continue
    mistakes.add(
      'app.actions',
      `${action.kit}.${action.name} is of no kit of this app: add its kit`,
    )
  }
  const operations = operationsOf(models, [...builtIns.actions, ...declared], mistakes)
  mistakes.report()
  return Object.freeze({
    title: app.title,
    models,
    operations,
    logic,
    followers,
    channels,
    roles,
    organisations,
    services,
    askedByRules: Object.freeze(asked),
  })
}

interface Visible extends VisibleModel {
  readonly fields: Map<string, DraftField>
  readonly relations: Map<string, ModelRelation>
}

type Shared = Omit<Setting, 'place' | 'use'>

function visibleOf(visible: ReadonlyMap<string, Visible>, draft: DraftModel): Visible {
  return visible.get(draft.name) as Visible
}

function finish(draft: DraftModel, shared: Shared): Model {
  const rule: Setting = { ...shared, place: `${draft.place}.access`, use: 'rule' }
  const access = accessOf(draft, rule)
  fieldAccess(draft, rule)
  formulas(draft, { ...shared, place: `${draft.place}.compute`, use: 'stored' })
  const checks = checksOf(draft, { ...shared, place: `${draft.place}.checks`, use: 'stored' })
  const columns = columnSets(draft, shared)
  const fields = [...shared.model.fields.values()].map(({ isComputed: _, ...field }) =>
    Object.freeze({ ...field, access: Object.freeze(field.access) }),
  )
  const { name, kit, plural, schema, table, spec } = draft
  return Object.freeze({
    ...{ name, kit, plural, schema, table, access, checks },
    ...columns,
    fields: new Map(fields.map((field) => [field.name, field])),
    relations: shared.model.relations,
    softDelete: spec.softDelete ?? false,
    audit: auditOf(spec.audit),
    tenant: isTenant(draft) ? tenantField : undefined,
    exposed: true,
    was: spec.was,
    splitFrom: splitOf(draft, shared),
    description: spec.description,
  })
}

function splitOf({ spec, place }: DraftModel, { model, mistakes }: Shared): Model['splitFrom'] {
  for (const name of Object.keys(spec.splitFrom?.as ?? {})) {
    if (model.fields.has(name)) continue
    const problem = `there is no field "${name}"${suggestion(name, model.fields.keys())}`
    mistakes.add(`${place}.splitFrom.as`, problem)
  }
  return spec.splitFrom
}

function auditOf(audit: boolean | 'readers' | undefined): Model['audit'] {
  if (audit === 'readers') return 'readers'
  return audit ? 'admin' : 'none'
}

interface ColumnSets {
  readonly key: readonly string[]
  readonly uniques: readonly ModelIndex[]
  readonly indexes: readonly ModelIndex[]
}

function columnSets(draft: DraftModel, shared: Shared): ColumnSets {
  const { spec, place } = draft
  const names = (set: readonly PropertyKey[], part: string): readonly string[] =>
    Object.freeze(
      set.map((name) => columnName(String(name), { shared, place: `${place}.${part}` })),
    )
  // What is found in one organisation alone is looked for by it first.
  const inside = (fields: readonly string[]): readonly string[] =>
    isTenant(draft) ? [tenantField, ...fields.filter((each) => each !== tenantField)] : fields
  const sets = (list: readonly (readonly PropertyKey[])[] | undefined, part: string) =>
    (list ?? []).map((set) => index(inside(names(set, part))))
  const key = names((spec.key ?? []) as readonly PropertyKey[], 'key')
  const uniques = sets(spec.unique as never, 'unique')
  const single = key.length === 1 && shared.model.fields.get(key[0] ?? '')?.unique
  const known = uniques.some((unique) => sameNames(unique.fields, inside(key)))
  if (key.length > 0 && !single && !known) uniques.push(index(inside(key)))
  checkKey(key, { shared, place: `${place}.key` })
  return { key, uniques, indexes: sets(spec.indexes as never, 'indexes') }
}

interface ColumnPlace {
  readonly shared: Shared
  readonly place: string
}

function checkKey(key: readonly string[], { shared, place }: ColumnPlace): void {
  for (const name of key) {
    if (shared.model.fields.get(name)?.role === 'tenant') {
      shared.mistakes.add(place, `leave ${name} out: a key is one of its organisation anyway`)
    }
    if (shared.model.fields.get(name)?.optional) {
      shared.mistakes.add(place, `${name} is optional: a natural key always has a value`)
    }
  }
}

/** A column by the name of its field, or of the relation that it holds. */
function columnName(name: string, { shared, place }: ColumnPlace): string {
  const { fields, relations } = shared.model
  const field = relations.get(name)?.type === 'belongsTo' ? `${name}Id` : name
  const known = fields.get(field)
  if (!known) {
    shared.mistakes.add(place, `there is no field "${name}"${suggestion(name, fields.keys())}`)
  } else if (!known.kind.sortable && known.kind.family !== 'boolean') {
    shared.mistakes.add(place, `${name} cannot be indexed: ${known.kind.name} has no order`)
  }
  return field
}

function index(fields: readonly string[]): ModelIndex {
  return Object.freeze({ name: fields.join('_'), fields })
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name))
}

/** Checks a plural that a declaration gives: it stands in addresses. */
export function pluralProblem(plural: string): string | undefined {
  return nameProblem(plural)
}
