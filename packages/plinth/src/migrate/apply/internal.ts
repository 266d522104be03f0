/** Owns the tables of Plinth itself, in the schema `plinth`: numbered steps, each applied once. */

import { createHash } from 'node:crypto'
import { Failure } from '../../base/failure.ts'
import { type Clock, instantText } from '../../base/time.ts'
import type { DedicatedSession } from '../../database/database.ts'
import { sql, statement, typed, value } from '../../sql/fragment.ts'
import { patiently } from './attempts.ts'
import { inTransaction } from './transaction.ts'

/** One numbered step of the internal schema. Never edited once released: add another. */
export interface InternalStep {
  /** Unique, and ascending in the order in which steps run, such as `effects-0001`. */
  readonly id: string
  /** Trusted SQL, several statements; runs in one transaction. */
  readonly sql: string
}

/** The internal schema: all steps of all parts. */
export interface InternalSchema {
  readonly steps: readonly InternalStep[]
  readonly checksum: string
}

/**
 * Gathers the internal steps of several parts.
 *
 * @example internalSchema([...effectsSteps, ...engineSteps])
 */
export function internalSchema(steps: readonly InternalStep[]): InternalSchema {
  const ids = new Set(steps.map(({ id }) => id))
  if (ids.size !== steps.length) {
    throw new Failure('declaration_invalid', { detail: 'Two internal steps share their id.' })
  }
  const text = steps.map(({ id, sql: script }) => `${id}:${checksumOf(script)}`).join('\n')
  return Object.freeze({ steps: Object.freeze([...steps]), checksum: checksumOf(text) })
}

/** What decides whether a text is the same: its SHA-256, in hexadecimal. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const foundation = `
create schema if not exists plinth;
create table if not exists plinth.migration (
  id bigint generated always as identity primary key,
  type text not null check (type in ('internal', 'follow', 'file')),
  name text not null,
  checksum text not null,
  done integer not null default 0,
  total integer not null,
  summary jsonb not null default '[]',
  started_at timestamptz not null,
  applied_at timestamptz
);
create unique index if not exists migration_name on plinth.migration (type, name)
  where type <> 'follow';
create table if not exists plinth.schema_state (
  one boolean primary key default true check (one),
  fingerprint text,
  owned jsonb not null default '[]',
  drifted boolean not null default false,
  changed_at timestamptz not null
)`

/** Makes and completes the internal tables. Under the migration lock. */
export async function applyInternal(
  session: DedicatedSession,
  internal: InternalSchema,
  clock: Clock,
): Promise<readonly string[]> {
  await inTransaction(session, () => session.script(foundation))
  const { rows } = await session.query(
    statement(sql`select name, checksum from plinth.migration where type = 'internal'`),
  )
  const applied = new Map(rows.map(([name, checksum]) => [name, checksum]))
  const pending = internal.steps.filter((step) => !isApplied(step, applied))
  for (const { id, sql: script } of pending) {
    const at = typed(instantText(clock.now()), 'timestamptz')
    const work = async (): Promise<void> => {
      await session.script(script)
      await session.query(
        statement(
          sql`insert into plinth.migration
              (type, name, checksum, done, total, started_at, applied_at)
            values ('internal', ${value(id)}, ${value(checksumOf(script))}, 1, 1, ${at}, ${at})`,
        ),
      )
    }
    await patiently(`Internal step ${id}.`, () => inTransaction(session, work))
  }
  return pending.map(({ id }) => id)
}

function isApplied(
  { id, sql: script }: InternalStep,
  applied: ReadonlyMap<string | null | undefined, string | null | undefined>,
): boolean {
  const checksum = applied.get(id)
  if (checksum === undefined) return false
  if (checksum === checksumOf(script)) return true
  throw new Failure('migration_refused', {
    detail: `The internal step ${id} was edited after it was applied. Add a new step instead.`,
  })
}
