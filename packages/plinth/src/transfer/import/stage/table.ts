/** Owns the temporary table in which an import gathers what a file says of one model's records. */

import type { ModelField } from '../../../catalog/catalog.ts'
import type { Session } from '../../../database/database.ts'
import {
  type Fragment,
  join,
  name,
  raw,
  type Statement,
  sql,
  statement,
  value,
} from '../../../sql/fragment.ts'
import type { ModelShape, Reference, SaidColumn } from '../shape.ts'

/** A staged model: its table, and the names of what it holds. */
export interface StageTable {
  readonly shape: ModelShape
  readonly table: Fragment
  /** Its number within the run: makes names unique. */
  readonly index: number
}

/** Makes the table; it goes with the connection, so that a killed import leaves nothing behind. */
export async function createStageTable(
  session: Session,
  shape: ModelShape,
  index: number,
): Promise<StageTable> {
  const table = name(`plinth_import_${index}`)
  const said = shape.columns.map(
    ({ field }, at) => sql`${saidColumn(at)} ${raw(field.kind.columnType)}`,
  )
  const found = referencesOf(shape).map((_, at) => sql`${foundColumn(at)} uuid`)
  const columns = join([
    sql`key text collate "C" primary key`,
    sql`ord bigint generated always as identity`,
    sql`number bigint not null`,
    sql`id uuid not null`,
    sql`found uuid`,
    ...said,
    ...found,
  ])
  await session.query(statement(sql`create temporary table ${table} (${columns})`))
  return { shape, table, index }
}

/** The column of one thing that is said. */
export function saidColumn(at: number, alias?: string): Fragment {
  return alias === undefined ? name(`said_${at}`) : name(alias, `said_${at}`)
}

/** The column of the id that a reference comes down to. */
export function foundColumn(at: number, alias?: string): Fragment {
  return alias === undefined ? name(`found_${at}`) : name(alias, `found_${at}`)
}

/** The references of a shape, in the order of their columns. */
export function referencesOf(shape: ModelShape): readonly Reference[] {
  return [...shape.references.values()]
}

/** The model's own table. */
export function modelTable({ shape }: StageTable): Fragment {
  return name(shape.model.schema, shape.model.table)
}

/** A field's column of a table with this alias. */
export function modelColumn(field: ModelField, alias: string): Fragment {
  return name(alias, field.column)
}

/**
 * Adds records to those that are there. Values: keys, numbers and ids, then one array of texts for
 * each column. Of several values for one column the first in the file holds, or the last.
 */
export function insertStatement(
  { shape, table }: StageTable,
  arrays: readonly string[],
): Statement {
  const [keys = '', numbers = '', ids = '', ...cells] = arrays
  const names = shape.columns.map((_, at) => saidColumn(at))
  const columns = join([raw('key'), raw('number'), raw('id'), ...names])
  const read = shape.columns.map(
    ({ field }, at) => sql`${saidColumn(at, 'u')}::${raw(field.kind.columnType)}`,
  )
  const sets = shape.columns.flatMap((column, at) => keptValue(column, at) ?? [])
  const news = shape.columns.flatMap((column, at) => newValue(column, at) ?? [])
  const merge =
    sets.length === 0
      ? sql`do nothing`
      : sql`do update set ${join(sets)} where ${join(news, ' or ')}`
  const said = join(cells.map((one) => sql`${value(one)}::text[]`))
  const known = sql`${value(keys)}::text[], ${value(numbers)}::bigint[], ${value(ids)}::uuid[]`
  return statement(
    sql`insert into ${table} as s (${columns})
      select u.key, u.number, u.id, ${join(read)} from unnest(${known}, ${said}) as u (${columns})
      on conflict (key) ${merge}`,
  )
}

/** What a column becomes when a later row speaks of the same record. */
function keptValue({ use, last }: SaidColumn, at: number): Fragment | undefined {
  if (use === 'key') return undefined
  const [old, later] = [saidColumn(at, 's'), saidColumn(at, 'excluded')]
  const kept = last ? sql`coalesce(${later}, ${old})` : sql`coalesce(${old}, ${later})`
  return sql`${saidColumn(at)} = ${kept}`
}

/** Whether a later row says something new for a column: most rows do not, and write nothing. */
function newValue({ use, last }: SaidColumn, at: number): Fragment | undefined {
  if (use === 'key') return undefined
  const [old, later] = [saidColumn(at, 's'), saidColumn(at, 'excluded')]
  return last
    ? sql`(${later} is not null and ${later} is distinct from ${old})`
    : sql`(${old} is null and ${later} is not null)`
}

/** Readies a filled table for being read in order. */
export async function indexStageTable(session: Session, { table }: StageTable): Promise<number> {
  await session.query(statement(sql`create unique index on ${table} (ord)`))
  await session.query(statement(sql`analyze ${table}`))
  const { rows } = await session.query(statement(sql`select coalesce(max(ord), 0) from ${table}`))
  return Number(rows[0]?.[0] ?? 0)
}
