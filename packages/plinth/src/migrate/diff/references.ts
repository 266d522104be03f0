/** Owns the comparison of foreign keys. */

import { name, raw, sql } from '../../sql/fragment.ts'
import { type LiveReference, named, type Reference, type Table, tableKey } from '../schema.ts'
import { dropConstraint, namedReference, place, validateConstraint } from './clauses.ts'
import { type ColumnFates, goesAway, isOwn, type Pair } from './pair.ts'
import { ddl, type Expectation, type Step, stages, step } from './step.ts'

/** The steps that bring the foreign keys of a table to the declaration. */
export function compareReferences(pair: Pair, fates: ColumnFates): readonly Step[] {
  const { desired, live } = pair
  const standing = live.references.filter(({ column }) => !goesAway(fates, [column]))
  const steps = desired.references.flatMap((reference) => {
    const now = named(standing, reference.name)
    if (!now) return link(pair, reference, fates)
    if (!isSame(now, reference)) {
      return [unlink(desired, now, true), ...link(pair, reference, fates)]
    }
    return now.valid ? [] : [validate(pair, reference, fates)]
  })
  const undeclared = standing
    .filter((reference) => !named(desired.references, reference.name))
    .filter((reference) => isOwn(pair, reference.name, 'The foreign key'))
  return [...steps, ...undeclared.map((reference) => unlink(desired, reference, false))]
}

function isSame(now: LiveReference, reference: Reference): boolean {
  const target = tableKey(now.target) === tableKey(reference.target)
  return target && now.column === reference.column && now.onDelete === reference.onDelete
}

function unlink(table: Table, { name }: LiveReference, swapped: boolean): Step {
  return step({
    stage: stages.change,
    rank: 22,
    summary: `Drops the foreign key ${name}${swapped ? ', to be replaced' : ''}.`,
    statements: [dropConstraint(table, name)],
  })
}

function link(pair: Pair, reference: Reference, fates: ColumnFates): readonly Step[] {
  const add = addReference(pair.desired, reference, pair.full)
  if (!pair.full) return [add]
  const proof = validate(pair, reference, fates)
  return [{ ...add, expectations: proof.expectations }, proof]
}

/** Adds a foreign key. On a table with rows it binds new rows at once and is proven later. */
export function addReference(table: Table, reference: Reference, later: boolean): Step {
  const { target } = reference
  const when = raw(later ? ' not valid' : '')
  return step({
    stage: stages.change,
    rank: 70,
    summary: `Adds the foreign key ${reference.name}.`,
    statements: [ddl(sql`alter table ${place(table)} add ${namedReference(reference)}${when}`)],
    lock: `Holds ${table.label} and ${target.name} against writes for an instant.`,
  })
}

function validate(pair: Pair, reference: Reference, fates: ColumnFates): Step {
  const { desired } = pair
  return step({
    stage: stages.build,
    rank: 50,
    transactional: false,
    summary: `Checks that every ${desired.label} refers to what is there (${reference.name}).`,
    statements: [validateConstraint(desired, reference.name)],
    lock: `Reads all of ${desired.label}; reads and writes go on.`,
    expectations: noneLost(pair, reference, fates),
  })
}

function noneLost(
  { desired, newTables }: Pair,
  reference: Reference,
  fates: ColumnFates,
): readonly Expectation[] {
  const { column, target } = reference
  if (fates.made.has(column) || fates.remade.has(column) || fates.retyped.has(column)) return []
  const cell = sql`t.${name(column)}`
  const missing = newTables.has(tableKey(target))
    ? raw('')
    : sql` and not exists (select from ${place(target)} o where o.id = ${cell})`
  const label = named(desired.columns, column)?.label ?? column
  return [
    {
      sql: ddl(sql`select count(*) from ${place(desired)} t where ${cell} is not null${missing}`),
      problem: `{count} records of ${desired.label} have a ${label} that refers to nothing.`,
      cure: `Give those records another ${label}, or delete them.`,
    },
  ]
}
