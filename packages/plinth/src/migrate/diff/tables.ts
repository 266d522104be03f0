/** Owns the steps that make and drop whole tables and schemas. */

import { join, name, sql } from '../../sql/fragment.ts'
import { type LiveTable, type Schema, type Table, type TableName, tableKey } from '../schema.ts'
import { columnClause, createIndex, dropConstraint, namedCheck, place } from './clauses.ts'
import { addReference } from './references.ts'
import { type Split, takenWhole } from './splits.ts'
import { ddl, type Step, stages, step } from './step.ts'

/** Makes the PostgreSQL schemas that are missing. */
export function addSchemas(desired: Schema, live: Schema): readonly Step[] {
  const missing = desired.schemas.filter((schema) => !live.schemas.includes(schema))
  return missing.map((schema) =>
    step({
      stage: stages.change,
      rank: 10,
      summary: `Adds the kit ${schema}.`,
      statements: [ddl(sql`create schema if not exists ${name(schema)}`)],
      lock: 'Keeps nobody waiting.',
    }),
  )
}

/** Makes a table; its foreign keys come after all tables, since tables may be mutual. */
export function addTable(table: Table, newTables: ReadonlySet<string>): readonly Step[] {
  const { primary } = table
  const clauses = [
    ...table.columns.map(columnClause),
    ...(primary ? [primaryClause(primary.name, primary.columns)] : []),
    ...table.checks.map(namedCheck),
  ]
  const body = join(clauses, ',\n  ')
  const lock = 'Keeps nobody waiting.'
  const create = step({
    stage: stages.change,
    rank: 45,
    summary: `Adds the table of ${table.label}.`,
    statements: [
      ddl(sql`create table ${place(table)} (\n  ${body}\n)`),
      ...table.indexes.map((index) => createIndex(table, index, false)),
    ],
    lock,
  })
  return [
    create,
    ...table.references.map((each) => addReference(table, each, { later: false, newTables })),
  ]
}

/** Adds the primary key to a table that was made by hand and is now declared. */
export function addPrimary(table: Table): Step {
  const { name: constraint = '', columns = [] } = table.primary ?? {}
  const clause = primaryClause(constraint, columns)
  return step({
    stage: stages.change,
    rank: 57,
    summary: `Adds the primary key of ${table.label}.`,
    statements: [ddl(sql`alter table ${place(table)} add ${clause}`)],
    safety: 'locking',
    lock: `Locks ${table.label} while the key builds.`,
  })
}

function primaryClause(constraint: string, columns: readonly string[]) {
  const list = join(columns.map((column) => name(column)))
  return sql`constraint ${name(constraint)} primary key (${list})`
}

/**
 * Drops tables that are no longer declared, and first the foreign keys among them. Of a table that
 * was split nothing is lost: its rows have moved.
 */
export function dropTables(
  tables: readonly LiveTable[],
  splits: readonly Split[],
): readonly Step[] {
  const remaining = new Set(tables)
  return tables.map((table, rank) => {
    remaining.delete(table)
    const links = [...remaining].flatMap((other) => linksTo(other, table))
    const whole = takenWhole(table, splits)
    const kept = { stage: stages.drop, rank: 50 + rank, statements: drop(links, table) }
    if (whole) {
      const summary = `Drops the table ${tableKey(table)}, whose records have moved.`
      return step({ ...kept, ...whole, summary })
    }
    return step({
      ...kept,
      summary: `Drops the table ${tableKey(table)} with its records.`,
      safety: 'destructive',
      loss: {
        sql: ddl(sql`select count(*) from ${place(table)}`),
        words: `{count} records of ${table.name}`,
      },
    })
  })
}

function drop(links: readonly string[], table: LiveTable): readonly string[] {
  return [...links, ddl(sql`drop table ${place(table)}`)]
}

function linksTo(other: LiveTable, target: TableName): readonly string[] {
  return other.references
    .filter((reference) => tableKey(reference.target) === tableKey(target))
    .map((reference) => dropConstraint(other, reference.name))
}
