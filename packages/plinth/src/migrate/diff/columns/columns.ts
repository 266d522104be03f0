/** Owns the comparison of columns. */

import { type Fragment, name, raw, sql } from '../../../sql/fragment.ts'
import { type Column, columnIdentity, named, type Table } from '../../schema.ts'
import { columnClause, place, rewriteLock } from '../clauses.ts'
import type { ColumnFates, Pair } from '../pair.ts'
import { ddl, type Expectation, type Step, stages, step } from '../step.ts'
import { changeType } from './column-types.ts'
import { changeRequired } from './required.ts'

/** The steps that bring the columns of a table to the declaration. */
export function compareColumns(pair: Pair): { steps: readonly Step[]; fates: ColumnFates } {
  const fates = {
    made: new Set<string>(),
    remade: new Set<string>(),
    retyped: new Set<string>(),
    dropped: new Set<string>(),
  }
  const retypes = pair.desired.columns.filter((column) => isRetyped(pair, column))
  for (const { name } of retypes) fates.retyped.add(name)
  const steps = [
    ...pair.desired.columns.flatMap((column) => compareColumn(pair, column, fates)),
    ...pair.live.columns.flatMap((column) => compareUndeclared(pair, column, fates)),
  ]
  return { steps, fates }
}

type Fates = { readonly [K in keyof ColumnFates]: Set<string> }

function isRetyped({ live, spelled, liveName }: Pair, column: Column): boolean {
  const now = named(live.columns, column.name)
  const wanted = named(spelled.columns, liveName(column.name))
  if (!now || !wanted || column.formula !== undefined) return false
  return now.type !== wanted.type || now.collation !== wanted.collation
}

function compareColumn(pair: Pair, column: Column, fates: Fates): readonly Step[] {
  const { live, spelled, liveName } = pair
  const now = named(live.columns, column.name)
  if (!now) {
    fates.made.add(column.name)
    return [addColumn(pair.desired, column, pair.full)]
  }
  const wanted = named(spelled.columns, liveName(column.name)) ?? column
  if (column.formula !== undefined) {
    const typeSame = now.type === wanted.type && now.collation === wanted.collation
    const same = now.formula === wanted.formula && typeSame
    // A column that others are computed from cannot change its type under them.
    if (same && fates.retyped.size === 0) return changeRequired(pair, column, now)
    fates.remade.add(column.name)
    return now.formula === undefined
      ? [remakeColumn(pair, column)]
      : recompute(pair.desired, column, pair.full)
  }
  const freed = now.formula === undefined ? [] : [dropFormula(pair.desired, column)]
  if (!fates.retyped.has(column.name)) return [...freed, ...changeRequired(pair, column, now)]
  const change = changeType(pair, column, { now, wanted })
  if (change) return [...freed, change, ...changeRequired(pair, column, now)]
  fates.remade.add(column.name)
  return [remakeColumn(pair, column)]
}

/** Adds a column; rows that are there get the default, and the default stays with the engine. */
export function addColumn(table: Table, column: Column, full: boolean): Step {
  const { label } = column
  const what = `${table.label}.${label}`
  const rewrites = column.formula !== undefined && full
  return step({
    stage: stages.change,
    // A formula comes after the columns it reads.
    rank: column.formula === undefined ? 50 : 55,
    summary: `Adds ${what}${column.required ? '' : ' (optional)'}.`,
    statements: addStatements(table, column),
    ...(rewrites ? { safety: 'locking', lock: rewriteLock(table) } : {}),
    expectations: expectationsOfNew(table, column, full),
  })
}

function addStatements(table: Table, column: Column): readonly string[] {
  const filled = column.required && column.fill !== undefined && column.formula === undefined
  const fill = filled ? sql` default ${raw(column.fill)}` : raw('')
  const add = sql`alter table ${place(table)} add column ${columnClause(column)}${fill}`
  const clear = sql`alter table ${place(table)} alter column ${name(column.name)} drop default`
  return filled ? [ddl(add), ddl(clear)] : [ddl(add)]
}

function expectationsOfNew(table: Table, column: Column, full: boolean): readonly Expectation[] {
  const { required, fill, formula, label } = column
  if (!required || fill !== undefined || formula !== undefined || !full) return []
  return [
    {
      sql: ddl(sql`select count(*) from ${place(table)}`),
      problem: `{count} records of ${table.label} would have no ${label}, which is required.`,
      cure:
        column.cure ??
        `Give ${label} a default, or make it optional first, fill it, then require it.`,
    },
  ]
}

/** A formula is dropped before the columns it reads change, and made when they have changed. */
function recompute(table: Table, column: Column, full: boolean): readonly Step[] {
  const what = `${table.label}.${column.label}`
  const drop = step({
    stage: stages.change,
    rank: 35,
    summary: `Drops the values of ${what}, which are computed anew.`,
    statements: [ddl(dropped(table, column))],
  })
  return [drop, { ...addColumn(table, column, full), summary: `Computes ${what} anew.` }]
}

function remakeColumn({ desired, full }: Pair, column: Column): Step {
  const added = addColumn(desired, column, full)
  return step({
    stage: stages.change,
    rank: added.rank,
    summary: `Drops ${desired.label}.${column.label} and makes it anew: nothing is converted.`,
    statements: [ddl(dropped(desired, column)), ...added.statements],
    safety: 'destructive',
    lock: added.lock,
    expectations: added.expectations,
    loss: lostValues(desired, column),
  })
}

function dropped(table: Table, column: Column): Fragment {
  return sql`alter table ${place(table)} drop column ${name(column.name)}`
}

function dropFormula(table: Table, column: Column): Step {
  const cell = name(column.name)
  return step({
    stage: stages.change,
    rank: 30,
    summary: `Keeps the values of ${table.label}.${column.label}, no longer computed.`,
    statements: [ddl(sql`alter table ${place(table)} alter column ${cell} drop expression`)],
  })
}

function compareUndeclared(pair: Pair, column: Column, fates: Fates): readonly Step[] {
  const { desired, live, owned } = pair
  if (named(desired.columns, column.name)) return []
  const what = `${desired.label}.${column.name}`
  if (!owned.has(columnIdentity(desired, column.name))) {
    const harm = column.required && !live.defaults.includes(column.name)
    const cure = harm ? '; it is required, so creating records fails: drop it or default it' : ''
    pair.notes.push(`The column ${what} is not declared; left alone${cure}.`)
    return []
  }
  fates.dropped.add(column.name)
  return [dropColumn(pair, column, fates)]
}

function dropColumn({ desired, taken }: Pair, column: Column, fates: Fates): Step {
  const what = `${desired.label}.${column.name}`
  const marks = column.name === 'deleted_at'
  // A formula goes before the columns that it reads are changed.
  const early = column.formula !== undefined && (fates.retyped.size > 0 || fates.remade.size > 0)
  const statements = [ddl(dropped(desired, column))]
  if (taken.has(columnIdentity(desired, column.name))) {
    const summary = `Drops ${what}, whose values have moved.`
    return step({ stage: stages.drop, rank: 20, summary, statements })
  }
  return step({
    stage: early ? stages.change : stages.drop,
    rank: 20,
    statements,
    summary: marks
      ? `Drops ${what}: records that were deleted softly become visible again.`
      : `Drops ${what} with its values.`,
    safety: 'destructive',
    loss: lostValues(desired, column),
  })
}

function lostValues(table: Table, column: Column): { sql: string; words: string } {
  const filled: Fragment = sql`${name(column.name)} is not null`
  return {
    sql: ddl(sql`select count(*) from ${place(table)} where ${filled}`),
    words: `{count} values of ${table.label}.${column.label}`,
  }
}
