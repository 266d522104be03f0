/** Owns the audit of a write: who did what to which record, in the statement that does it. */

import type { Slot } from '../../access/slot.ts'
import type { Model, ModelField } from '../../catalog/catalog.ts'
import {
  all,
  empty,
  type Fragment,
  join,
  literal,
  name,
  raw,
  sql,
  typed,
} from '../../sql/fragment.ts'
import { nowValue, storedFields } from './plan.ts'

/** A write to record. */
export interface Audited {
  readonly model: Model
  readonly verb: 'create' | 'update' | 'delete'
  /** The alias of the row before; create has none. */
  readonly before?: string
  /** Names of the fields that an update sets: no other can differ. Default: all. */
  readonly given?: readonly string[]
  /** Relations whose links the write changes. */
  readonly links?: readonly AuditedLink[]
}

/** What becomes of the links of a record, as the text of arrays of ids. */
export interface AuditedLink {
  /** The name of the ids in the record's input: `tagIds`. */
  readonly name: string
  /** The ids that go. */
  readonly before: Fragment
  /** The ids that come. */
  readonly after: Fragment
}

/** In whose course records change, and when: parameters or slots of a statement. */
export interface AuditOrigin {
  readonly now: Fragment
  readonly operation: Fragment
  readonly actor: Fragment
  readonly trace: Fragment
}

/** The origin of a planned write: slots, filled for each call. */
export const callOrigin: AuditOrigin = Object.freeze({
  now: nowValue(),
  operation: origin('operation'),
  actor: origin('actor'),
  trace: origin('trace'),
})

/**
 * `, audited as (insert …)` beside a CTE `made` of the row that was stored; nothing where the model
 * is not audited.
 */
export function auditing(audited: Audited, by: AuditOrigin = callOrigin): Fragment {
  if (audited.model.audit === 'none') return empty
  return sql`, audited as (${recordEntries({ ...audited, made: 'made' }, by)})`
}

/** Rows that were written: CTEs of the rows before and after, by their aliases. */
export interface AuditedRows extends Audited {
  /** The alias of the rows after a write; of what is gone only the row before is known. */
  readonly made?: string
}

/**
 * The insert of one entry for each row of an audited model. Only what changed is kept, as the text
 * of its column; of a field that nobody may read, the name alone. A change that left everything as
 * it was leaves no entry.
 */
export function recordEntries(rows: AuditedRows, by: AuditOrigin = callOrigin): Fragment {
  const { model, verb, before, made } = rows
  const aliases = [made, before].filter((alias) => alias !== undefined)
  const ids = aliases.map((alias) => name(alias, 'id'))
  const conditions = [
    ...(aliases.length === 2 ? [join(ids, ' = ')] : []),
    ...(verb === 'update' ? [noted] : []),
  ]
  const sides = [...fieldSides(rows), ...linkSides(rows)]
  const of = before ?? made ?? ''
  return sql`${entriesOf(model, verb, by)} ${ids[0] ?? empty}, changed.was, changed.becomes,
      changed.hidden, ${by.trace}, ${organisationOf(model, of)}
    from ${join(aliases.map((alias) => name(alias)))},
      lateral (${changesOf(verb, sides)}) as changed where ${all(conditions)}`
}

const noted = raw(`(changed.was is not null or changed.becomes is not null
  or changed.hidden <> '{}')`)

/**
 * The insert of one entry for each row of `q (id, was, becomes)`: links of records that another
 * record's write has changed.
 */
export function linkEntries(model: Model, q: Fragment, by: AuditOrigin = callOrigin): Fragment {
  const of =
    model.tenant === undefined
      ? organisationOf(model, 'x')
      : sql`(select ${organisationOf(model, 'x')} from ${name(model.schema, model.table)} as x
          where x.id = q.id)`
  return sql`${entriesOf(model, 'update', by)} q.id, q.was, q.becomes, '{}', ${by.trace}, ${of}
    from (${q}) as q`
}

/** Whose a record is: its entry is theirs as well. */
function organisationOf({ tenant, fields }: Model, alias: string): Fragment {
  const column = fields.get(tenant ?? '')?.column
  return column === undefined ? raw('null::uuid') : name(alias, column)
}

function entriesOf(model: Model, verb: Audited['verb'], by: AuditOrigin): Fragment {
  return sql`insert into plinth.audit
      (at, operation, verb, actor, model, record, was, becomes, hidden, trace, organisation)
    select ${by.now}, ${by.operation}, ${literal(verb)}, ${by.actor}, ${literal(model.name)},`
}

/** What a function of PostgreSQL takes: two for each field. */
const argumentsMax = 100

function changesOf(verb: Audited['verb'], sides: readonly Side[]): Fragment {
  const few = sides.length * 2 <= argumentsMax
  return verb !== 'update' && few ? wholeRecord(verb, sides) : changes(verb, sides)
}

/** A record that is new or gone is written down as it is, without looking for what differs. */
function wholeRecord(verb: Audited['verb'], sides: readonly Side[]): Fragment {
  const value = (side: Side): Fragment => (verb === 'create' ? side.after : side.before)
  const pairs = sides
    .filter((side) => !side.hidden)
    .map((side) => sql`${literal(side.name)}, ${value(side)}`)
  const record = sql`nullif(jsonb_strip_nulls(jsonb_build_object(${join(pairs)})), '{}')`
  const secrets = sides
    .filter((side) => side.hidden)
    .map((side) => sql`case when ${value(side)} is not null then ${literal(side.name)} end`)
  const hidden =
    secrets.length === 0
      ? sql`'{}'::text[]`
      : sql`array_remove(array[${join(secrets)}]::text[], null)`
  const none = raw('null::jsonb')
  const [was, becomes] = verb === 'create' ? [none, record] : [record, none]
  return sql`select ${was} as was, ${becomes} as becomes, ${hidden} as hidden`
}

interface Side {
  readonly name: string
  readonly before: Fragment
  readonly after: Fragment
  readonly hidden: boolean
}

function changes(verb: Audited['verb'], sides: readonly Side[]): Fragment {
  const rows = join(
    sides.map(
      (side) =>
        sql`(${literal(side.name)}, ${side.before}, ${side.after}, ${raw(String(side.hidden))})`,
    ),
  )
  const shown = (column: string): Fragment =>
    sql`jsonb_object_agg(c.k, ${name('c', column)}) filter (where not c.hidden)`
  const was = verb === 'create' ? raw('null::jsonb') : shown('b')
  const becomes = verb === 'delete' ? raw('null::jsonb') : shown('a')
  return sql`select ${was} as was, ${becomes} as becomes,
      coalesce(array_agg(c.k) filter (where c.hidden), '{}') as hidden
    from (values ${rows}) as c(k, b, a, hidden) where c.b is distinct from c.a`
}

const nothing = raw('null::text')

function fieldSides({ model, verb, given, before, made }: AuditedRows): readonly Side[] {
  const value = (alias: string | undefined, column: string): Fragment =>
    alias === undefined ? nothing : sql`${name(alias, column)}::text`
  return storedFields(model)
    .filter((field) => field.role === 'declared' || field.role === 'reference')
    .filter((field) => given === undefined || given.includes(field.name))
    .map((field) => ({
      name: field.name,
      before: value(before, field.column),
      after: value(verb === 'delete' ? undefined : made, field.column),
      hidden: isSecret(field),
    }))
}

/** True for a field that nobody may read: its name is told, its value never. */
export function isSecret({ access }: ModelField): boolean {
  return access.read.type === 'constant' && !access.read.value
}

function linkSides({ links = [] }: Audited): readonly Side[] {
  return links.map((link) => ({ ...link, hidden: false }))
}

function origin(part: 'actor' | 'operation' | 'trace'): Fragment {
  return typed(Object.freeze<Slot>({ slot: 'origin', part }), 'text')
}
