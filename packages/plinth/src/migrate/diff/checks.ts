/** Owns the comparison of CHECK constraints. */

import { raw, sql } from '../../sql/fragment.ts'
import { type Check, type LiveCheck, named, type Table } from '../schema.ts'
import { dropConstraint, namedCheck, place, requiredName, validateConstraint } from './clauses.ts'
import { type ColumnFates, goesAway, isOwn, type Pair } from './pair.ts'
import { ddl, type Expectation, type Step, stages, step } from './step.ts'

/** The steps that bring the checks of a table to the declaration. */
export function compareChecks(pair: Pair, fates: ColumnFates): readonly Step[] {
  const { desired, live, spelled } = pair
  const standing = live.checks.filter(({ columns }) => !goesAway(fates, columns))
  const steps = desired.checks.flatMap((check) => {
    const now = named(standing, check.name)
    if (!now) return addCheck(pair, check, fates)
    const same = now.expression === named(spelled.checks, check.name)?.expression
    if (!same) return [dropCheck(desired, now, true), ...addCheck(pair, check, fates)]
    return now.valid ? [] : [validate(pair, check, fates)]
  })
  return [...steps, ...standing.flatMap((check) => compareUndeclared(pair, check))]
}

function compareUndeclared(pair: Pair, check: LiveCheck): readonly Step[] {
  const { desired } = pair
  if (named(desired.checks, check.name)) return []
  const column = desired.columns.find(({ name }) => requiredName(desired, name) === check.name)
  // The proof of a `not null` that is still wanted, or no longer.
  if (column) {
    const proven = named(pair.live.columns, column.name)?.required
    return column.required && !proven ? [] : [dropCheck(desired, check, false)]
  }
  if (!isOwn(pair, check.name, 'The check')) return []
  return [dropCheck(desired, check, false)]
}

function dropCheck(table: Table, { name }: Check, swapped: boolean): Step {
  return step({
    stage: stages.change,
    rank: 25,
    summary: `Drops the check ${name}${swapped ? ', to be replaced' : ''}.`,
    statements: [dropConstraint(table, name)],
  })
}

/** On a table with rows, it binds new rows at once and is then proven without a lock. */
function addCheck(pair: Pair, check: Check, fates: ColumnFates): readonly Step[] {
  const { desired, full } = pair
  const later = raw(full ? ' not valid' : '')
  const statement = sql`alter table ${place(desired)} add ${namedCheck(check)}${later}`
  const add = step({
    stage: stages.change,
    rank: 60,
    summary: `Adds the check ${check.name}.`,
    statements: [ddl(statement)],
    expectations: violations(pair, check, fates),
  })
  return full ? [add, validate(pair, check, fates)] : [add]
}

function validate(pair: Pair, check: Check, fates: ColumnFates): Step {
  return step({
    stage: stages.build,
    transactional: false,
    summary: `Checks every record of ${pair.desired.label} by ${check.name}.`,
    statements: [validateConstraint(pair.desired, check.name)],
    lock: `Reads all of ${pair.desired.label}; reads and writes go on.`,
    expectations: violations(pair, check, fates),
  })
}

function violations(pair: Pair, check: Check, fates: ColumnFates): readonly Expectation[] {
  const { desired } = pair
  const unseen = (column: string): boolean =>
    fates.made.has(column) || fates.remade.has(column) || fates.retyped.has(column)
  // A check of the model names no columns: it can be judged when all columns are there.
  const columns = check.columns.length > 0 ? check.columns : desired.columns.map(({ name }) => name)
  if (columns.some(unseen)) return []
  const label = desired.columns.find(({ name }) => name === check.columns[0])?.label
  return [
    {
      sql: ddl(sql`select count(*) from ${place(desired)} where not (${raw(check.expression)})`),
      problem: `{count} records of ${desired.label} break the check ${check.name}.`,
      cure: label
        ? `Change ${label} in those records, or widen what the field allows.`
        : 'Change those records, or widen the check.',
    },
  ]
}
