/** Owns the statements that bring staged records into their model's table, a window at a time. */

import { present } from '../../../base/assert.ts'
import type { ModelField } from '../../../catalog/catalog.ts'
import { type AuditOrigin, auditing } from '../../../query/write/audit.ts'
import {
  all,
  any,
  type Fragment,
  join,
  literal,
  name,
  raw,
  type Statement,
  sql,
  statement,
  typed,
  value,
} from '../../../sql/fragment.ts'
import type { KeyPart, NaturalKey } from '../key.ts'
import type { ModelShape } from '../shape.ts'
import {
  foundColumn,
  modelColumn,
  modelTable,
  referencesOf,
  type StageTable,
  saidColumn,
} from './table.ts'

/** A range of staged records: from the first to before the second. */
export interface Window {
  readonly from: number
  readonly to: number
}

function within(alias: string, { from, to }: Window): Fragment {
  const ord = name(alias, 'ord')
  return sql`${ord} >= ${typed(from, 'bigint')} and ${ord} < ${typed(to, 'bigint')}`
}

/** Finds the record of each key, and of each related record's key, in the tables of the models. */
export function resolveStatement(stage: StageTable, window: Window): Statement {
  const { shape, table } = stage
  const references = referencesOf(shape)
  const joins = references.map((reference, index) =>
    joinKey(reference.target, { at: reference.at, alias: `r${index}`, shape }),
  )
  const own = joinKey(shape.key, { at: 0, alias: 't', shape }, ({ name: part }) =>
    name(`r${references.findIndex((one) => one.inKey && one.name === part)}`, 'id'),
  )
  const ids = references.map((_, at) => sql`${name(`r${at}`, 'id')} as ${foundColumn(at)}`)
  const found = join([sql`s.ord`, sql`t.id as found`, ...ids])
  const sets = references.map((_, at) => sql`${foundColumn(at)} = ${foundColumn(at, 'q')}`)
  return statement(
    sql`update ${table} as w set ${join([sql`found = q.found`, ...sets])} from (
        select ${found} from ${table} as s ${join([...joins, own], ' ')}
        where ${within('s', window)}
      ) as q where q.ord = w.ord and ${within('w', window)}`,
  )
}

interface Joining {
  readonly at: number
  readonly alias: string
  /** The staged model. */
  readonly shape: ModelShape
}

/**
 * Joins the record that has a natural key, and before it those that its key refers to. Of tenants'
 * records those of the organisation count: others may have the same key.
 */
function joinKey(
  key: NaturalKey,
  { at, alias, shape }: Joining,
  resolved?: (part: KeyPart) => Fragment,
): Fragment {
  const joins: Fragment[] = []
  const conditions = key.parts.map((part) => {
    const column = modelColumn(part.field, alias)
    if (!part.target) return sql`${column} = ${saidColumn(at + part.at, 's')}`
    if (resolved) return sql`${column} = ${resolved(part)}`
    const inner = `${alias}_${part.at}`
    joins.push(joinKey(part.target, { at: at + part.at, alias: inner, shape }))
    return sql`${column} = ${name(inner, 'id')}`
  })
  // The key of a deleted record is free again.
  if (key.model.softDelete) conditions.push(sql`${name(alias, 'deleted_at')} is null`)
  if (key.model.tenant !== undefined) {
    const whose = modelColumn(present(key.model.fields.get(key.model.tenant), 'whose it is'), alias)
    conditions.push(sql`${whose} = ${organisationOf(shape)}`)
  }
  const table = name(key.model.schema, key.model.table)
  joins.push(sql`left join ${table} as ${name(alias)} on ${all(conditions)}`)
  return join(joins, ' ')
}

/** The organisation of staged records; null finds none, and is stored by no tenant's table. */
function organisationOf({ organisationId }: ModelShape): Fragment {
  return typed(organisationId ?? null, 'uuid')
}

/** Why a staged record cannot be stored, by the number that `faultStatement` selects. */
export interface Fault {
  readonly when: Fragment
  readonly what: Fragment
  readonly reason: (what: string) => string
}

/** Everything that can be missing. */
export function faultsOf({ shape }: StageTable): readonly Fault[] {
  const model = shape.model.name
  const faults = referencesOf(shape).flatMap((reference, index): Fault[] => {
    const { target } = reference
    const leaves = target.leaves.map((_, at) => saidColumn(reference.at + at, 's'))
    const said = leaves[0] ?? raw('null')
    const unknown: Fault = {
      when: sql`${said} is not null and ${foundColumn(index, 's')} is null`,
      what: sql`concat_ws(' ', ${join(leaves)})`,
      reason: (what) => `${model}.${reference.name}: there is no ${target.model.name} ${what}`,
    }
    if (reference.field.optional || reference.inKey) return [unknown]
    return [unknown, missing(said, `${model}.${reference.name}`)]
  })
  for (const { field, said, otherwise } of shape.fields.values()) {
    if (field.optional || field.default !== undefined || otherwise === undefined) continue
    const both = sql`coalesce(${saidColumn(said, 's')}, ${saidColumn(otherwise, 's')})`
    faults.push(missing(both, `${model}.${field.name}`))
  }
  return faults
}

function missing(given: Fragment, place: string): Fault {
  return {
    when: sql`s.found is null and ${given} is null`,
    what: raw("''"),
    reason: () => `${place} is needed for a new record, and no row of the file says it`,
  }
}

/** Selects key, number of the fault and what it is about, of records that cannot be stored. */
export function faultStatement(stage: StageTable, window: Window): Statement | undefined {
  const faults = faultsOf(stage)
  if (faults.length === 0) return undefined
  const cases = faults.map(({ when }, at) => sql`when ${when} then ${raw(String(at))}`)
  const whats = faults.map(({ when, what }) => sql`when ${when} then ${what}`)
  const faulty = any(faults.map(({ when }) => sql`(${when})`))
  return statement(
    sql`select s.key, case ${join(cases, ' ')} end, case ${join(whats, ' ')} end
      from ${stage.table} as s where ${within('s', window)} and ${faulty}`,
  )
}

/** Takes records out of the stage, by an array of their keys. */
export function dropStatement({ table }: StageTable, keys: string): Statement {
  return statement(sql`delete from ${table} where key = any(${value(keys)}::text[])`)
}

/** Selects the keys in a window. */
export function keysStatement({ table }: StageTable, window: Window): Statement {
  return statement(sql`select s.key from ${table} as s where ${within('s', window)}`)
}

/** Stores the records that were not found. */
export function createStatement(stage: StageTable, window: Window, by: AuditOrigin): Statement {
  const { shape, table } = stage
  const { model } = shape
  const fields = [...model.fields.values()].filter(({ computed }) => !computed)
  const columns = join(fields.map((field) => name(field.column)))
  const values = join(fields.map((field) => newValue(stage, field, by.now)))
  const insert = sql`insert into ${modelTable(stage)} (${columns})
      select ${values} from ${table} as s
      where s.found is null and ${within('s', window)} order by s.ord`
  if (model.audit === 'none') return statement(insert)
  return told(sql`made as (${insert} returning *)`, auditing({ model, verb: 'create' }, by))
}

/** What is done to the rows of `made`, and its audit: selects how many there are. */
function told(made: Fragment, audited: Fragment): Statement {
  return statement(sql`with ${made}${audited} select count(*) from made`)
}

function newValue({ shape }: StageTable, field: ModelField, now: Fragment): Fragment {
  const type = field.kind.columnType
  const fillable = shape.fields.get(field.name)
  if (fillable) {
    const said = saidColumn(fillable.said, 's')
    if (fillable.otherwise === undefined) return said
    const values = [said, saidColumn(fillable.otherwise, 's')]
    if (field.default !== undefined) values.push(defaultValue(field))
    return sql`coalesce(${join(values)})`
  }
  const index = referencesOf(shape).findIndex((reference) => reference.field.name === field.name)
  if (index >= 0) return foundColumn(index, 's')
  switch (field.role) {
    case 'id':
      return sql`s.id`
    case 'createdAt':
    case 'updatedAt':
      return now
    case 'version':
      return raw('1')
    case 'tenant':
      return organisationOf(shape)
    default:
      return sql`null::${raw(type)}`
  }
}

function defaultValue(field: ModelField): Fragment {
  return sql`${literal(field.kind.parameter(field.default))}::${raw(field.kind.columnType)}`
}

/** Changes the records that were found and differ; undefined where a model is but a key. */
export function changeStatement(
  stage: StageTable,
  window: Window,
  by: AuditOrigin,
): Statement | undefined {
  const { shape, table } = stage
  const said = [...shape.fields.values()]
    .filter(({ otherwise }) => otherwise !== undefined)
    .map(({ field, said: at }) => ({ field, given: saidColumn(at, 's') }))
  const referred = referencesOf(shape).flatMap(({ field, inKey }, at) =>
    inKey ? [] : [{ field, given: foundColumn(at, 's') }],
  )
  const changeable = [...said, ...referred]
  if (changeable.length === 0) return undefined
  const changed = changeable.map(
    ({ field, given }) =>
      sql`${name(field.column)} = coalesce(${given}, ${modelColumn(field, 't')})`,
  )
  const differs = changeable.map(
    ({ field, given }) =>
      sql`(${given} is not null and ${given} is distinct from ${modelColumn(field, 't')})`,
  )
  const sets = join([...changed, sql`version = t.version + 1`, sql`updated_at = ${by.now}`])
  const found = sql`t.id = s.found and ${within('s', window)}`
  const { model } = shape
  if (model.audit === 'none') {
    return statement(
      sql`update ${modelTable(stage)} as t set ${sets} from ${table} as s
        where ${found} and ${any(differs)}`,
    )
  }
  const given = changeable.map(({ field }) => field.name)
  const rows = sql`b as materialized (select t.* from ${modelTable(stage)} as t, ${table} as s
        where ${found} and ${any(differs)} for no key update of t),
      made as (update ${modelTable(stage)} as t set ${sets} from ${table} as s, b
        where ${found} and t.id = b.id returning t.*)`
  return told(rows, auditing({ model, verb: 'update', given, before: 'b' }, by))
}
