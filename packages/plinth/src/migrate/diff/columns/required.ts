/** Owns the steps that make a column required or optional. */

import { name, raw, sql } from '../../../sql/fragment.ts'
import { type Column, named } from '../../schema.ts'
import { dropConstraint, place, requiredName, validateConstraint } from '../clauses.ts'
import type { Pair } from '../pair.ts'
import { ddl, type Expectation, type Step, stages, step } from '../step.ts'

/** The steps that bring a column's `not null` to the declaration. */
export function changeRequired(pair: Pair, column: Column, now: Column): readonly Step[] {
  if (now.required === column.required) return []
  if (!column.required) return [makeOptional(pair, column)]
  return pair.full ? requireStepwise(pair, column) : [requireAtOnce(pair, column)]
}

function makeOptional({ desired }: Pair, column: Column): Step {
  const cell = name(column.name)
  return step({
    stage: stages.change,
    summary: `Makes ${desired.label}.${column.label} optional.`,
    statements: [ddl(sql`alter table ${place(desired)} alter column ${cell} drop not null`)],
  })
}

function setRequired({ desired }: Pair, column: Column): string {
  const cell = name(column.name)
  return ddl(sql`alter table ${place(desired)} alter column ${cell} set not null`)
}

function requireAtOnce(pair: Pair, column: Column): Step {
  return step({
    stage: stages.change,
    summary: `Makes ${pair.desired.label}.${column.label} required.`,
    statements: [setRequired(pair, column)],
    expectations: noneMissing(pair, column),
  })
}

/**
 * `set not null` alone would lock the table while it reads every row. A check that holds from now
 * on is proven without that lock, and PostgreSQL takes the proof.
 */
function requireStepwise(pair: Pair, column: Column): readonly Step[] {
  const { desired, live } = pair
  const what = `${desired.label}.${column.label}`
  const helper = requiredName(desired, column.name)
  const present = named(live.checks, helper)
  const condition = sql`${name(column.name)} is not null`
  const check = sql`constraint ${name(helper)} check (${condition})`
  const guard = sql`alter table ${place(desired)} add ${check} not valid`
  const first = step({
    stage: stages.change,
    rank: 60,
    summary: `Requires ${what} of every record written from now on.`,
    statements: [ddl(guard)],
    expectations: noneMissing(pair, column),
  })
  const proof = step({
    stage: stages.build,
    transactional: false,
    summary: `Checks that every record of ${desired.label} has ${column.label}.`,
    statements: [validateConstraint(desired, helper)],
    lock: `Reads all of ${desired.label}; reads and writes go on.`,
    expectations: noneMissing(pair, column),
  })
  const last = step({
    stage: stages.finish,
    summary: `Makes ${what} required.`,
    statements: [setRequired(pair, column), dropConstraint(desired, helper)],
  })
  return [...(present ? [] : [first]), ...fillMissing(pair, column), proof, last]
}

function fillMissing({ desired }: Pair, column: Column): readonly Step[] {
  if (column.fill === undefined) return []
  const cell = name(column.name)
  const fill = sql`update ${place(desired)} set ${cell} = ${raw(column.fill)} where ${cell} is null`
  return [
    step({
      stage: stages.fill,
      safety: 'locking',
      summary: `Gives the default to records of ${desired.label} without ${column.label}.`,
      statements: [ddl(fill)],
      lock: `Locks those records of ${desired.label} against writes until all are filled.`,
    }),
  ]
}

function noneMissing({ desired }: Pair, column: Column): readonly Expectation[] {
  if (column.fill !== undefined) return []
  const { label } = column
  return [
    {
      sql: ddl(sql`select count(*) from ${place(desired)} where ${name(column.name)} is null`),
      problem: `{count} records of ${desired.label} have no ${label}, which becomes required.`,
      cure: `Fill ${label} in those records (filter[${label}][isNull]=true), or give it a default.`,
    },
  ]
}
