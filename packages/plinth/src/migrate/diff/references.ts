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
      const swap = isBuilt(reference, pair.newTables) ? [] : [unlink(desired, now, true)]
      return [...swap, ...link(pair, reference, fates)]
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
  const columns = now.column === reference.column && now.within === reference.within
  return target && columns && now.onDelete === reference.onDelete
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
  const { newTables, full } = pair
  const add = addReference(pair.desired, reference, { later: full, newTables })
  if (!full) return [add]
  const proof = validate(pair, reference, fates)
  return [{ ...add, expectations: proof.expectations }, proof]
}

/** Adds a foreign key. On a table with rows it binds new rows at once and is proven later. */
export function addReference(table: Table, reference: Reference, { later, newTables }: When): Step {
  const { target } = reference
  const when = raw(later ? ' not valid' : '')
  const add = ddl(sql`alter table ${place(table)} add ${namedReference(reference)}${when}`)
  const built = isBuilt(reference, newTables)
  return step({
    ...(built
      ? { stage: stages.build, rank: 45, transactional: false }
      : { stage: stages.change, rank: 70 }),
    summary: `Adds the foreign key ${reference.name}.`,
    statements: [...(built ? [dropConstraint(table, reference.name, true)] : []), add],
    lock: `Holds ${table.label} and ${target.name} against writes for an instant.`,
  })
}

interface When {
  /** True: it binds new rows at once, and those that are there are looked at later. */
  readonly later: boolean
  readonly newTables: ReadonlySet<string>
}

/** A key of two columns stands on an index of the target, which may have to be built first. */
function isBuilt({ within, target }: Reference, newTables: ReadonlySet<string>): boolean {
  return within !== undefined && !newTables.has(tableKey(target))
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
  { desired, newTables, stood }: Pair,
  reference: Reference,
  fates: ColumnFates,
): readonly Expectation[] {
  const { column, target, within } = reference
  if (fates.made.has(column) || fates.remade.has(column) || fates.retyped.has(column)) return []
  if (within !== undefined && !(stood(desired, within) && stood(target, within))) return []
  const cell = sql`t.${name(column)}`
  const same = within === undefined ? raw('') : sql` and o.${name(within)} = t.${name(within)}`
  const missing = newTables.has(tableKey(target))
    ? raw('')
    : sql` and not exists (select from ${place(target)} o where o.id = ${cell}${same})`
  const label = named(desired.columns, column)?.label ?? column
  return [
    {
      sql: ddl(sql`select count(*) from ${place(desired)} t where ${cell} is not null${missing}`),
      problem:
        within === undefined
          ? `{count} records of ${desired.label} have a ${label} that refers to nothing.`
          : `{count} records of ${desired.label} have a ${label} of another ${within}, or of none.`,
      cure: `Give those records another ${label}, or delete them.`,
    },
  ]
}
