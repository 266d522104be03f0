/** Owns the pieces of DDL that several steps write. */

import { objectName } from '../../catalog/constraint-names.ts'
import { type Fragment, join, name, raw, sql } from '../../sql/fragment.ts'
import type { Check, Column, Index, Reference, Table, TableName } from '../schema.ts'
import { ddl } from './step.ts'

/** `"catalog"."product"` */
export function place({ schema, name: table }: TableName): Fragment {
  return name(schema, table)
}

/** A column as `create table` and `add column` take it. */
export function columnClause(column: Column): Fragment {
  const required = column.required ? raw(' not null') : raw('')
  const formula =
    column.formula === undefined
      ? raw('')
      : sql` generated always as (${raw(column.formula)}) stored`
  return sql`${name(column.name)} ${columnType(column)}${formula}${required}`
}

/** A type with its collation. */
export function columnType({ type, collation }: Column): Fragment {
  return collation === undefined ? raw(type) : sql`${raw(type)} collate ${name(collation)}`
}

/** A check as `create table` and `add` take it. */
export function namedCheck({ name: constraint, expression }: Check): Fragment {
  return sql`constraint ${name(constraint)} check (${raw(expression)})`
}

/** A foreign key as `add` takes it. */
export function namedReference(reference: Reference): Fragment {
  const { onDelete, column, target, within } = reference
  // Of two columns only the reference itself is let go of.
  const cleared =
    onDelete === 'set null' && within !== undefined ? sql` (${name(column)})` : raw('')
  const action = onDelete === 'no action' ? raw('') : sql` on delete ${raw(onDelete)}${cleared}`
  const shared = within === undefined ? raw('') : sql`${name(within)}, `
  const key = sql`constraint ${name(reference.name)} foreign key (${shared}${name(column)})`
  return sql`${key} references ${place(target)} (${shared}id)${action}`
}

/** The statement that makes an index. */
export function createIndex(table: Table, index: Index, concurrently: boolean): string {
  const unique = raw(index.unique ? 'unique ' : '')
  const how = raw(concurrently ? 'concurrently ' : '')
  const columns = join(index.columns.map((column) => name(column)))
  const method = raw(index.method === undefined ? '' : ` using ${index.method}`)
  const kept = raw(index.kept ? ' where deleted_at is null' : '')
  const on = sql`on ${place(table)}${method} (${columns})${kept}`
  return ddl(sql`create ${unique}index ${how}${name(index.name)} ${on}`)
}

/** The statement that drops an index. */
export function dropIndex(table: TableName, index: string, concurrently: boolean): string {
  const how = raw(concurrently ? 'concurrently if exists ' : '')
  return ddl(sql`drop index ${how}${name(table.schema, index)}`)
}

/** The statement that drops a constraint. */
export function dropConstraint(table: TableName, constraint: string, perhaps = false): string {
  const when = raw(perhaps ? 'if exists ' : '')
  return ddl(sql`alter table ${place(table)} drop constraint ${when}${name(constraint)}`)
}

/** The statement that validates a constraint which was added `not valid`. */
export function validateConstraint(table: TableName, constraint: string): string {
  return ddl(sql`alter table ${place(table)} validate constraint ${name(constraint)}`)
}

/** Whom a rewrite keeps waiting. */
export function rewriteLock(table: Table): string {
  return `Locks ${table.label} against reads and writes while every row is written anew.`
}

/** The name of the check that stands in for `not null` while it is being proven. */
export function requiredName(table: TableName, column: string): string {
  return objectName(table.name, [column], 'required')
}
