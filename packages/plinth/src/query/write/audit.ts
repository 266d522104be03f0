/** Owns the audit of a write: who did what to which record, in the statement that does it. */

import type { Slot } from '../../access/slot.ts'
import type { Model, ModelField } from '../../catalog/catalog.ts'
import { empty, type Fragment, join, literal, name, raw, sql, typed } from '../../sql/fragment.ts'
import type { AuditedLink } from './links.ts'
import { nowValue, storedFields } from './plan.ts'

/** The write to record. */
export interface Audited {
  readonly model: Model
  readonly verb: 'create' | 'update' | 'delete'
  /** The alias of the row before; create has none. */
  readonly before?: string
  /** Relations whose links the write sets: their ids before, and after it. */
  readonly links?: readonly AuditedLink[]
}

/**
 * `, audited as (insert …)` beside a CTE `made` of the row that was stored; nothing where the model
 * is not audited. Only what changed is kept, as the text of its column; of a field that nobody may
 * read, the name alone. A change that left everything as it was leaves no entry.
 */
export function auditing(audited: Audited): Fragment {
  const { model, verb, before } = audited
  if (model.audit === 'none') return empty
  const sides = [...fieldSides(audited), ...linkSides(audited)]
  const from = before === undefined ? sql`made` : sql`made, ${name(before)}`
  const noted = sql`changed.was is not null or changed.becomes is not null
    or changed.hidden <> '{}'`
  const condition = verb === 'update' ? sql` where ${noted}` : empty
  return sql`, audited as (insert into plinth.audit
      (at, operation, verb, actor, model, record, was, becomes, hidden, trace)
    select ${nowValue()}, ${origin('operation')}, ${literal(verb)}, ${origin('actor')},
      ${literal(model.name)}, made.id, changed.was, changed.becomes, changed.hidden,
      ${origin('trace')}
    from ${from}, lateral (${changesOf(verb, sides)}) as changed${condition})`
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

function fieldSides({ model, verb, before }: Audited): readonly Side[] {
  return storedFields(model)
    .filter((field) => field.role === 'declared' || field.role === 'reference')
    .map((field) => ({
      name: field.name,
      before: before === undefined ? nothing : sql`${name(before, field.column)}::text`,
      after: verb === 'delete' ? nothing : sql`${name('made', field.column)}::text`,
      hidden: isSecret(field),
    }))
}

function isSecret({ access }: ModelField): boolean {
  return access.read.type === 'constant' && !access.read.value
}

function linkSides({ links = [] }: Audited): readonly Side[] {
  return links.map(({ link, before, after }) => ({
    name: link.relation.inputName ?? link.relation.name,
    before,
    after,
    hidden: false,
  }))
}

function origin(part: 'actor' | 'operation' | 'trace'): Fragment {
  return typed(Object.freeze<Slot>({ slot: 'origin', part }), 'text')
}
