/** Owns the publication that the feed reads: it holds every table that somebody may follow. */

import { join, name, sql, statement } from '../../sql/fragment.ts'
import type { Database, DedicatedSession } from '../database.ts'

/** A table by its schema and its name. */
export interface PublishedTable {
  readonly schema: string
  readonly table: string
}

const tablesText = `select schemaname || '.' || tablename from pg_catalog.pg_publication_tables
  where pubname = $1::text`
const thereText = 'select 1 from pg_catalog.pg_publication where pubname = $1::text'
const lockText = 'select pg_catalog.pg_advisory_lock(1886152809, 1)'

/**
 * Makes the publication where there is none and adds the tables that it lacks; one node at a time.
 * Nothing is taken out: a node of another version may follow it. Fails where the user of the
 * database may not publish.
 */
export function publish(
  database: Database,
  publication: string,
  tables: readonly PublishedTable[],
): Promise<void> {
  return database.dedicated(async (session) => {
    await session.query({ text: lockText, values: [] })
    const there = await session.query({ text: thereText, values: [publication] })
    if (there.rows.length === 0) {
      await session.script(statement(sql`create publication ${name(publication)}`).text)
    }
    await addMissing(session, publication, tables)
  })
}

async function addMissing(
  session: DedicatedSession,
  publication: string,
  tables: readonly PublishedTable[],
): Promise<void> {
  const { rows } = await session.query({ text: tablesText, values: [publication] })
  const known = new Set(rows.map(([table]) => table))
  const missing = tables.filter(({ schema, table }) => !known.has(`${schema}.${table}`))
  if (missing.length === 0) return
  const names = join(missing.map(({ schema, table }) => name(schema, table)))
  const text = statement(sql`alter publication ${name(publication)} add table ${names}`).text
  await session.script(text)
}
