/** Owns renames: what the declaration says was called otherwise keeps its rows and its objects. */

import { objectName } from '../../catalog/constraint-names.ts'
import { name, sql } from '../../sql/fragment.ts'
import type { ColumnRename } from '../live/spell.ts'
import {
  type LiveSchema,
  type LiveTable,
  named,
  type Schema,
  type Table,
  tableKey,
} from '../schema.ts'
import { place } from './clauses.ts'
import { ddl, type Step, stages, step } from './step.ts'

/** The renames, and the live schema as it is after them. */
export interface Renames {
  readonly steps: readonly Step[]
  readonly live: LiveSchema
  /** By the new key of the table, in order. */
  readonly columns: ReadonlyMap<string, readonly ColumnRename[]>
}

/** Finds the renames. A name that is there already is never renamed to. */
export function findRenames(desired: Schema, live: LiveSchema): Renames {
  const steps: Step[] = []
  const columns = new Map<string, readonly ColumnRename[]>()
  const tables = renameTables(desired, live, steps)
  const renamed = tables.map((before) => {
    const wanted = desired.tables.find((table) => tableKey(table) === tableKey(before.table))
    if (!wanted) return before.table
    const { table, renames } = renameColumns(wanted, before.table, steps)
    columns.set(tableKey(wanted), renames)
    return renameObjects(wanted, { table, renames, was: before.was }, steps)
  })
  return { steps, live: { ...live, tables: renamed }, columns }
}

interface Before {
  readonly table: LiveTable
  /** Its name before. */
  readonly was: string
}

function renameTables(desired: Schema, live: LiveSchema, steps: Step[]): readonly Before[] {
  let tables: Before[] = live.tables.map((table) => ({ table, was: table.name }))
  const has = (schema: string, table: string | undefined): boolean =>
    tables.some((each) => each.table.schema === schema && each.table.name === table)
  const next = (): Table | undefined =>
    desired.tables.find((table) => !has(table.schema, table.name) && has(table.schema, table.was))
  for (let wanted = next(); wanted; wanted = next()) {
    const { schema, name: to, was = '' } = wanted
    const from = tableKey({ schema, name: was })
    tables = tables.map(({ table, was: first }) => {
      const own = tableKey(table) === from
      const references = table.references.map((reference) =>
        tableKey(reference.target) === from
          ? { ...reference, target: { schema, name: to } }
          : reference,
      )
      return { was: first, table: { ...table, references, ...(own ? { name: to } : {}) } }
    })
    steps.push(
      step({
        stage: stages.rename,
        rank: steps.length,
        summary: `Renames the table of ${wanted.label} from ${was} to ${to}.`,
        statements: [ddl(sql`alter table ${name(schema, was)} rename to ${name(to)}`)],
      }),
    )
  }
  return tables
}

interface RenamedColumns {
  readonly table: LiveTable
  readonly renames: readonly ColumnRename[]
}

function renameColumns(wanted: Table, live: LiveTable, steps: Step[]): RenamedColumns {
  const renames: ColumnRename[] = []
  let table = live
  const next = () =>
    wanted.columns.find(
      ({ name: to, was = '' }) => !named(table.columns, to) && named(table.columns, was),
    )
  for (let column = next(); column; column = next()) {
    const { name: to, was: from = '' } = column
    table = withColumn(table, { from, to })
    renames.push({ from, to })
    steps.push(
      step({
        stage: stages.rename,
        rank: steps.length,
        summary: `Renames ${wanted.label}.${column.label} from ${from} to ${to}.`,
        statements: [
          ddl(sql`alter table ${place(wanted)} rename column ${name(from)} to ${name(to)}`),
        ],
      }),
    )
  }
  return { table, renames }
}

function withColumn(table: LiveTable, { from, to }: ColumnRename): LiveTable {
  const other = (column: string): string => (column === from ? to : column)
  const renamed = <T extends { readonly columns: readonly string[] }>(each: T): T => ({
    ...each,
    columns: each.columns.map(other),
  })
  return {
    ...table,
    columns: table.columns.map((column) => ({ ...column, name: other(column.name) })),
    ...(table.primary ? { primary: renamed(table.primary) } : {}),
    checks: table.checks.map(renamed),
    indexes: table.indexes.map(renamed),
    references: table.references.map(({ within, ...each }) => ({
      ...{ ...each, column: other(each.column) },
      ...(within === undefined ? {} : { within: other(within) }),
    })),
    defaults: table.defaults.map(other),
  }
}

/** Renames constraints and indexes after their table and columns. */
function renameObjects(
  wanted: Table,
  { table, renames, was }: RenamedColumns & { was: string },
  steps: Step[],
): LiveTable {
  if (renames.length === 0 && was === wanted.name) return table
  const former = (column: string): string =>
    [...renames].reverse().reduce((each, { from, to }) => (each === to ? from : each), column)
  const follow = <T extends { readonly name: string }>(
    list: readonly T[],
    objects: readonly Follower[],
  ): readonly T[] =>
    objects.reduce<readonly T[]>((all, { name: to, columns, word, index }) => {
      const from = objectName(was, columns.map(former), word)
      if (from === to || !named(all, from) || named(all, to)) return all
      steps.push(renameObject(wanted, { from, to, index }, steps.length))
      return all.map((each) => (each.name === from ? { ...each, name: to } : each))
    }, list)
  const { primary } = wanted
  const keys = primary ? [{ ...primary, word: 'primary', index: false }] : []
  const [key] = follow(table.primary ? [table.primary] : [], keys)
  return {
    ...table,
    ...(key ? { primary: key } : {}),
    checks: follow(table.checks, wanted.checks.map(asConstraint)),
    indexes: follow(
      table.indexes,
      wanted.indexes.map((each) => ({ ...each, index: true })),
    ),
    references: follow(
      table.references,
      wanted.references.map((each) => {
        return { name: each.name, columns: [each.column], word: 'reference', index: false }
      }),
    ),
  }
}

interface Follower {
  readonly name: string
  readonly columns: readonly string[]
  readonly word: string
  readonly index: boolean
}

function asConstraint(check: Omit<Follower, 'index'>): Follower {
  return { ...check, index: false }
}

function renameObject(
  table: Table,
  { from, to, index }: { from: string; to: string; index: boolean },
  rank: number,
): Step {
  return step({
    stage: stages.rename,
    rank,
    summary: `Renames ${from} to ${to}.`,
    statements: [
      index
        ? ddl(sql`alter index ${name(table.schema, from)} rename to ${name(to)}`)
        : ddl(sql`alter table ${place(table)} rename constraint ${name(from)} to ${name(to)}`),
    ],
  })
}
