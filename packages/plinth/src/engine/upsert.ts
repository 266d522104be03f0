/** Owns upsert by natural key: find under lock, then update or create, in one transaction. */

import { Failure, invalidInput, type Problem } from '../base/failure.ts'
import type { Model, ModelField } from '../catalog/catalog.ts'
import type { Session } from '../database/database.ts'
import { reporter } from '../kinds/kinds.ts'
import { planName } from '../query/plan-name.ts'
import { all, name, sql, statement, typed } from '../sql/fragment.ts'
import type { Reply } from './call.ts'
import type { Scope } from './runtime.ts'
import { runCreate, runUpdate } from './writes.ts'

const attemptsMax = 3

/**
 * Creates the record of a natural key, or changes the one that exists. Two upserts of a new key
 * at once: one creates; the other's insert meets the unique key, and it looks again. The row is
 * found by a locking read, never by ON CONFLICT DO NOTHING.
 */
export async function runUpsert(scope: Scope, model: Model): Promise<Reply> {
  const key = keyOf(model, scope.call.input)
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(scope, (session) => upsert({ ...scope, session }, { model, key }))
    } catch (error) {
      const raced = error instanceof Failure && error.code === 'conflict'
      if (!raced || attempt >= attemptsMax || scope.session !== scope.runtime.database) throw error
      // The winner's row may be one that this caller cannot see: then the next look refuses.
    }
  }
}

interface Keyed {
  readonly model: Model
  readonly key: readonly string[]
}

async function upsert(scope: Scope, keyed: Keyed): Promise<Reply> {
  const id = await lockByKey(scope.session, keyed)
  if (id === undefined) return runCreate(scope, keyed.model)
  if (scope.call.onlyCreate) {
    throw new Failure('version_mismatch', { detail: 'A record with this key exists already.' })
  }
  try {
    return await runUpdate({ ...scope, call: { ...scope.call, id } }, keyed.model)
  } catch (error) {
    // A record that the caller may not see: the answer is that of any taken unique value.
    if (error instanceof Failure && error.code === 'not_found') {
      throw new Failure('conflict', {
        detail: 'Another record already holds a value that must be unique: choose another.',
      })
    }
    throw error
  }
}

async function lockByKey(session: Session, { model, key }: Keyed): Promise<string | undefined> {
  const conditions = model.key.map((field, index) => {
    const { column, kind } = model.fields.get(field) as ModelField
    return sql`${name(column)} = ${typed(key[index], kind.columnType)}`
  })
  if (model.softDelete) conditions.push(sql`deleted_at is null`)
  const table = name(model.schema, model.table)
  const found = statement(sql`select id from ${table} where ${all(conditions)} for update`)
  const { rows } = await session.query({ ...found, name: planName(found.text) })
  return rows[0]?.[0] ?? undefined
}

function keyOf(model: Model, input: unknown): readonly string[] {
  const problems: Problem[] = []
  const values = (typeof input === 'object' && input !== null ? input : {}) as Readonly<
    Record<string, unknown>
  >
  const key = model.key.flatMap((field) => {
    const { kind } = model.fields.get(field) as ModelField
    if (values[field] === undefined) {
      problems.push({
        pointer: `/${field}`,
        code: 'required',
        detail: 'Give a value: it is the key.',
      })
      return []
    }
    const value = kind.check(values[field], reporter(problems, `/${field}`))
    return value === undefined ? [] : [kind.parameter(value)]
  })
  if (problems.length > 0) throw invalidInput(problems)
  return key
}

function inTransaction<T>(scope: Scope, work: (session: Session) => Promise<T>): Promise<T> {
  const { runtime, session } = scope
  if (session !== runtime.database) return work(session)
  return runtime.database.transaction(work, { isolation: 'read committed' })
}
