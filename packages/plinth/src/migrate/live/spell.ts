/** Owns the declared schema in PostgreSQL's own spelling, so that it can be compared by text. */

import type { DedicatedSession } from '../../database/database.ts'
import { join, name, raw, sql, statement } from '../../sql/fragment.ts'
import { columnClause, namedCheck } from '../diff/clauses.ts'
import { ddl } from '../diff/step.ts'
import { type LiveTable, type Table, tableKey } from '../schema.ts'
import { introspect } from './introspect.ts'

/** A declared table, and the renames that lead from the live columns to its own, in order. */
export interface ToSpell {
  readonly table: Table
  readonly renames: readonly ColumnRename[]
}

/** A column that has another name in the database. */
export interface ColumnRename {
  readonly from: string
  readonly to: string
}

/**
 * PostgreSQL rewrites expressions and types as it stores them, each version a little differently.
 * So it is asked: temporary tables are made of the declaration, read back and dropped. Their
 * columns bear the live names, so that an expression over a renamed column compares equal.
 */
export async function spell(
  session: DedicatedSession,
  tables: readonly ToSpell[],
): Promise<ReadonlyMap<string, LiveTable>> {
  if (tables.length === 0) return new Map()
  await session.script(['begin', ...tables.flatMap(temporary)].join(';\n'))
  try {
    const schema = await session.query(
      statement(sql`select nspname from pg_namespace where oid = pg_my_temp_schema()`),
    )
    const read = await introspect(session, [schema.rows[0]?.[0] ?? ''])
    const byName = new Map(read.tables.map((table) => [table.name, table]))
    return new Map(
      tables.flatMap(({ table }, index) => {
        const spelled = byName.get(temporaryName(index))
        return spelled ? [[tableKey(table), spelled]] : []
      }),
    )
  } finally {
    await session.script('rollback')
  }
}

function temporaryName(index: number): string {
  return `plinth_spelling_${index}`
}

function temporary({ table, renames }: ToSpell, index: number): readonly string[] {
  const place = name(temporaryName(index))
  const clauses = [...table.columns.map(columnClause), ...table.checks.map(namedCheck)]
  // Undone in reverse, so that a chain of renames never meets a name that is still taken.
  const back = [...renames].reverse().map(({ from, to }) => {
    return ddl(sql`alter table ${place} rename column ${name(to)} to ${name(from)}`)
  })
  return [
    ddl(sql`create temporary table ${place} (${join(clauses)}) ${raw('on commit drop')}`),
    ...back,
  ]
}
