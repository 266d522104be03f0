/** Owns whole databases on a server: made from a template, and dropped. */

import { name, sql, statement, value } from '../sql/fragment.ts'
import type { DatabaseAddress, Session } from './database.ts'

/** Makes a database, as a copy of another one where a template is named (nobody may be in it). */
export async function createDatabase(
  session: Session,
  options: { readonly name: string; readonly template?: string },
): Promise<void> {
  const template = name(options.template ?? 'template0')
  const { rows } = await session.query(statement(sql`select current_setting('fsync')`))
  // Copied as files it begins with two checkpoints: those are nearly free where nothing waits for
  // the disk, as in tests, and the copy is then half the work of one that goes through the log.
  const strategy = rows[0]?.[0] === 'off' ? sql`file_copy` : sql`wal_log`
  const made = sql`create database ${name(options.name)} template ${template} strategy ${strategy}`
  await session.query(statement(made))
}

/** Renames a database that nobody is in. */
export async function renameDatabase(
  session: Session,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  await session.query(statement(sql`alter database ${name(from)} rename to ${name(to)}`))
}

/** Drops a database with everything in it; those who are in it are thrown out. */
export async function dropDatabase(session: Session, databaseName: string): Promise<void> {
  await session.query(statement(sql`drop database if exists ${name(databaseName)} with (force)`))
}

/** The names of databases that start so. */
export async function listDatabases(session: Session, prefix: string): Promise<readonly string[]> {
  const { rows } = await session.query(
    statement(
      sql`select datname from pg_catalog.pg_database
        where starts_with(datname, ${value(prefix)}) order by datname`,
    ),
  )
  return rows.map(([found]) => found ?? '')
}

/** The same server, another database. */
export function siblingAddress(address: DatabaseAddress, databaseName: string): DatabaseAddress {
  const sibling = { ...address, database: databaseName }
  // The URL says how the connection is encrypted; it is kept out of what is printed.
  if (address.url !== undefined) {
    Object.defineProperty(sibling, 'url', { value: address.url, enumerable: false })
  }
  return Object.freeze(sibling)
}
