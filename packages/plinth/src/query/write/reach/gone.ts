/** Owns the statements about what a deletion reaches: which records go, and their locks. */

import type { Slot } from '../../../access/slot.ts'
import { assert, present } from '../../../base/assert.ts'
import type { Catalog, Model } from '../../../catalog/catalog.ts'
import { type Fragment, join, name, raw, sql, statement } from '../../../sql/fragment.ts'
import { planName } from '../../plan-name.ts'
import { valueSlot, type WritePlan } from '../plan.ts'
import { table } from '../verdict.ts'
import { type Hold, type LinkEnd, ownLinks, type Reach } from './reach.ts'

/**
 * `gone (model, id) as (…)`: the deleted record, which `first` selects as `0, id`, and all that
 * goes along with it, each once, however often and in whatever circle records refer to each other.
 */
export function goneRows({ cascades }: Reach, first: Fragment): Fragment {
  const steps = cascades.flatMap((holds, model) =>
    holds.map(
      ({ from, relation, to }) => sql`select ${raw(String(model))} as model, c.id
        from ${table(from)} as c where d.model = ${raw(String(to))}
          and c.${columnOf(from, relation.local)} = d.id`,
    ),
  )
  if (steps.length === 0) return sql`gone (model, id) as materialized (${first})`
  return sql`gone (model, id) as (${first} union
    select x.model, x.id from gone as d, lateral (${join(steps, ' union all ')}) as x)`
}

/** The ids of one model's records that go. */
export function goneIds(model: number): Fragment {
  return sql`(select id from gone where model = ${raw(String(model))})`
}

/** True for a record that does not go itself. */
export function stays({ gone }: Reach, model: Model, id: Fragment): Fragment {
  const at = gone.indexOf(model)
  return at < 0 ? raw('true') : sql`${id} not in ${goneIds(at)}`
}

/** True for a record `c` that lets go of what goes. */
export function letsGo(reach: Reach, model: Model): Fragment {
  const holds = present(reach.clearings.get(model), model.name)
  const stayed = stays(reach, model, raw('c.id'))
  const [only] = holds
  if (only && holds.length === 1) return sql`(${held(only)} and ${stayed})`
  // By one index each: a disjunction would look at all records.
  const ids = holds.map((hold) => sql`select c.id from ${table(model)} as c where ${held(hold)}`)
  return sql`(c.id in (${join(ids, ' union ')}) and ${stayed})`
}

/** True for a record `c` whose reference leads to what goes. */
export function held({ from, relation, to }: Hold): Fragment {
  return sql`c.${columnOf(from, relation.local)} in ${goneIds(to)}`
}

/** A field's column, quoted. */
export function columnOf(model: Model, field: string): Fragment {
  return name(present(model.fields.get(field), field).column)
}

/** True for a link `j` whose end goes. */
export function linkGoes({ join: through, foreign, to }: LinkEnd): Fragment {
  return sql`j.${columnOf(through, foreign)} in ${goneIds(to)}`
}

/** A lock, ready to run. */
export type LockPlan = Pick<WritePlan, 'text' | 'name' | 'slots'>

/**
 * The plan of a look at what goes with a record: locks it and counts it. What is locked can neither
 * change nor be referred to anew. Its one value is the record's id.
 */
export function lockReach(catalog: Catalog, reach: Reach): LockPlan {
  const locks = [...goneLocks(reach), ...clearingLocks(reach), ...linkLocks(catalog, reach)]
  assert(locks.length > 0, 'there is something to lock where looks are asked for')
  const named = locks.map((lock, index) => sql`, ${name(`k${index}`)} as materialized (${lock})`)
  const counts = locks.map((_, index) => sql`(select count(*) from ${name(`k${index}`)})`)
  const first = sql`select 0, ${valueSlot(0, 'uuid')}`
  const { text, values } = statement(
    sql`with recursive ${goneRows(reach, first)}${join(named, '')} select ${join(counts, ' + ')}`,
  )
  return Object.freeze({ text, name: planName(text), slots: values as readonly Slot[] })
}

function goneLocks({ gone, cascades }: Reach): readonly Fragment[] {
  return gone.flatMap((model, at) =>
    cascades[at]?.length === 0
      ? []
      : sql`select t.id from ${table(model)} as t where t.id in ${goneIds(at)} for update of t`,
  )
}

function clearingLocks(reach: Reach): readonly Fragment[] {
  return [...reach.clearings.keys()]
    .filter(({ audit }) => audit !== 'none')
    .map(
      (model) => sql`select c.id from ${table(model)} as c
        where ${letsGo(reach, model)} for no key update of c`,
    )
}

function linkLocks(catalog: Catalog, reach: Reach): readonly Fragment[] {
  const theirs = reach.links.map((end) => ({ join: end.join, goes: linkGoes(end) }))
  const own = reach.gone.flatMap((model, at) =>
    ownLinks(catalog, model).map(({ join: through, local }) => ({
      ...{ join: through, goes: sql`j.${columnOf(through, local)} in ${goneIds(at)}` },
    })),
  )
  return [...theirs, ...own].map(
    ({ join: through, goes }) => sql`select 1 from ${table(through)} as j
      where ${goes} for update of j`,
  )
}
