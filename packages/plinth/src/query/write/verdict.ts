/** Owns the verdict of a write: the conditions that one statement checks, and what each refuses. */

import {
  type Condition,
  compileAccess,
  compileRule,
  type RowSource,
  type RuleRequest,
  readCondition,
} from '../../access/compile.ts'
import { allOf, conditionText } from '../../access/condition.ts'
import { scopesReach } from '../../access/scopes/scopes.ts'
import { Failure, invalidInput } from '../../base/failure.ts'
import type { Model, ModelField, ModelRelation } from '../../catalog/catalog.ts'
import { all, type Fragment, join, name, sql } from '../../sql/fragment.ts'
import type { WriteTarget } from './permissions.ts'

/** One condition of a write; its column in the result says whether it held. */
export interface Demand {
  readonly condition: Fragment
  /** The failure where it did not hold. */
  refuse(): Failure
}

/** Everything that a write must fulfil, in the order in which it is refused. */
export interface Verdict {
  /** False: refused whatever the row. */
  readonly possible: boolean
  readonly demands: readonly Demand[]
}

/** How the demands of a write are asked: of which rows, for which given fields. */
export interface VerdictSpec extends WriteTarget {
  readonly verb: 'create' | 'update' | 'delete'
  /** Aliases of the row before and after; create has no before, delete no after. */
  readonly before: string | undefined
  readonly after: string | undefined
  readonly given: readonly string[]
  /** Links to set: the relation, and the fragment of its array of ids. */
  readonly links: readonly { readonly relation: ModelRelation; readonly ids: Fragment }[]
  /** The tables of links as they will be, for the row after (`linksAfter`). */
  readonly linksAfter: ReadonlyMap<string, Fragment>
}

/** The verdict of a write: its rules on the row before and after, field rules, references. */
export function verdictOf(spec: VerdictSpec): Verdict {
  if (!scopesReach(spec.facts.scopes, spec.model, spec.verb))
    return { possible: false, demands: [] }
  const rules: Condition[] = []
  const { before, after } = spec
  if (before) rules.push(compileAccess(seenFrom(spec, before), spec.verb))
  if (after) rules.push(compileAccess(seenFrom(spec, after), before ? 'updated' : 'create'))
  for (const { access } of givenFields(spec)) {
    rules.push(compileRule({ ...seenFrom(spec, before ?? after ?? 'n'), rule: access.write }))
  }
  const rulesHold = allOf(rules)
  if (rulesHold.constant === false) return { possible: false, demands: [] }
  const allowed: readonly Demand[] = rulesHold.fragment
    ? [{ condition: rulesHold.fragment, refuse: () => refusal(spec) }]
    : []
  return { possible: true, demands: [...allowed, ...references(spec), ...linked(spec)] }
}

/** The failure of a write that rules forbid: anonymous callers are asked to sign in. */
export function refusal({ facts }: Pick<WriteTarget, 'facts'>): Failure {
  if (!facts.signedIn && !facts.unrestricted) {
    return new Failure('sign_in_required', { detail: 'Sign in to do this.' })
  }
  return new Failure('forbidden', { detail: 'The rules of this record do not allow this to you.' })
}

/** The select list of the demands: one boolean column each, never null. */
export function demandColumns(demands: readonly Demand[]): Fragment {
  return join(
    demands.map(
      ({ condition }, index) => sql`coalesce(${condition}, false) as ${name(demandName(index))}`,
    ),
  )
}

/** The condition that every demand held. */
export function demandsHold(demands: readonly Demand[], alias: string): Fragment {
  return all(demands.map((_, index) => name(alias, demandName(index))))
}

/** The columns of the demands, for the outer select. */
export function demandNames(demands: readonly Demand[], alias: string): readonly Fragment[] {
  return demands.map((_, index) => name(alias, demandName(index)))
}

/** The first demand that did not hold, from the result's cells. */
export function firstRefusal(
  demands: readonly Demand[],
  cells: readonly (string | null)[],
): Failure | undefined {
  return demands.find((_, index) => cells[index] !== 't')?.refuse()
}

function demandName(index: number): string {
  return `d${index}`
}

/** What a rule about the row of this alias sees. */
function seenFrom(spec: VerdictSpec, alias: string): Omit<RuleRequest, 'rule'> {
  const { catalog, facts, model, given, before, after } = spec
  const row: RowSource = { model, alias }
  return {
    catalog,
    facts,
    row: alias === after ? { ...row, links: spec.linksAfter } : row,
    ...(before ? { before: { model, alias: before } } : {}),
    input: (field) => {
      const column = model.fields.get(field)?.column
      if (column === undefined || !after || !given.includes(field)) return undefined
      return { value: name(after, column), given: true }
    },
  }
}

function givenFields({ model, given }: VerdictSpec): readonly ModelField[] {
  return given.flatMap((each) => model.fields.get(each) ?? [])
}

/**
 * A given reference must be to a record that the caller may read. A hidden record and one that
 * does not exist are refused alike, so that a write tells nothing about what is hidden.
 */
function references(spec: VerdictSpec): readonly Demand[] {
  const { model, given, after } = spec
  if (!after) return []
  return [...model.relations.values()].flatMap((relation) => {
    if (relation.type !== 'belongsTo' || !given.includes(relation.local)) return []
    if (isHeldByKey(spec, relation)) return []
    const column = name(after, model.fields.get(relation.local)?.column ?? '')
    const found = visible(spec, relation, sql`= ${column}`)
    return [
      { condition: sql`(${column} is null or ${found})`, refuse: () => missing(relation.local) },
    ]
  })
}

/** Where nothing hides a record, its being there is the foreign key's to say. */
function isHeldByKey({ catalog, facts }: VerdictSpec, { target }: ModelRelation): boolean {
  return facts.unrestricted && catalog.models.get(target)?.softDelete === false
}

function linked(spec: VerdictSpec): readonly Demand[] {
  return spec.links.map(({ relation, ids }) => {
    const { target, row, condition } = targetOf(spec, relation)
    const count = sql`(select count(*) from ${table(target)} as ${name(row)}
      where ${name(row, 'id')} = any(${ids}) and ${condition})`
    return {
      condition: sql`${count} = cardinality(${ids})`,
      refuse: () => missing(relation.inputName ?? relation.name),
    }
  })
}

function visible(spec: VerdictSpec, relation: ModelRelation, match: Fragment): Fragment {
  const { target, row, condition } = targetOf(spec, relation)
  return sql`exists (select 1 from ${table(target)} as ${name(row)}
    where ${name(row, 'id')} ${match} and ${condition})`
}

/** A relation's target with the condition under which the caller may read it. */
export function targetOf(
  { catalog, facts }: Pick<WriteTarget, 'catalog' | 'facts'>,
  relation: ModelRelation,
): { target: Model; row: string; condition: Fragment } {
  const target = catalog.models.get(relation.target) as Model
  const row = `to_${relation.name}`
  const condition = readCondition(catalog, facts, { model: target, alias: row })
  return { target, row, condition: conditionText(condition) }
}

/** A model's table, quoted. */
export function table(model: Model): Fragment {
  return name(model.schema, model.table)
}

function missing(field: string): Failure {
  const detail = 'No such record was found.'
  return invalidInput([{ pointer: `/${field}`, code: 'reference_not_found', detail }])
}
