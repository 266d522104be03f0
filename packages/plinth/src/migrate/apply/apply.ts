/** Owns the running of steps: each stage in one transaction, builds by themselves. */

import { limits } from '../../base/limits.ts'
import { type Clock, instantText } from '../../base/time.ts'
import type { DedicatedSession } from '../../database/database.ts'
import { sql, statement, typed, value } from '../../sql/fragment.ts'
import type { Step } from '../diff/step.ts'
import { type Patience, patiently } from './attempts.ts'
import { checksumOf } from './internal.ts'
import { inTransaction } from './transaction.ts'

/** How steps are run. */
export interface ApplyOptions extends Patience {
  readonly clock: Clock
  /** Called before each step. What it throws ends the run; a later run goes on from there. */
  readonly onStep?: (step: Step) => void
}

/**
 * Runs the steps in order, on the session that holds the migration lock. A run that breaks off
 * leaves a working database; comparing again gives the steps that remain.
 */
export async function applySteps(
  session: DedicatedSession,
  steps: readonly Step[],
  options: ApplyOptions,
): Promise<void> {
  if (steps.length === 0) return
  const id = await record(session, steps, options.clock)
  let done = 0
  for (const group of groupsOf(steps)) {
    done += group.length
    const progress = async (): Promise<void> => {
      const at = done === steps.length ? instantText(options.clock.now()) : null
      await session.query(
        statement(
          sql`update plinth.migration set done = ${typed(String(done), 'integer')},
            applied_at = ${typed(at, 'timestamptz')} where id = ${typed(id, 'bigint')}`,
        ),
      )
    }
    await runGroup(session, group, { ...options, progress })
  }
}

/** Steps that run together: a transaction, or a single build. */
export function groupsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = []
  for (const step of steps) {
    const last = groups.at(-1)
    const first = last?.[0]
    const together = first?.transactional && step.transactional && first.stage === step.stage
    if (last && together) last.push(step)
    else groups.push([step])
  }
  return groups
}

async function record(
  session: DedicatedSession,
  steps: readonly Step[],
  clock: Clock,
): Promise<string> {
  const checksum = checksumOf(steps.flatMap((step) => step.statements).join(';\n'))
  const name = value(checksum.slice(0, 12))
  const total = typed(String(steps.length), 'integer')
  const summary = typed(JSON.stringify(steps.map((step) => step.summary)), 'jsonb')
  const at = typed(instantText(clock.now()), 'timestamptz')
  const { rows } = await session.query(
    statement(
      sql`insert into plinth.migration (type, name, checksum, total, summary, started_at)
        values ('follow', ${name}, ${value(checksum)}, ${total}, ${summary}, ${at})
        returning id`,
    ),
  )
  return rows[0]?.[0] ?? ''
}

interface Run extends ApplyOptions {
  readonly progress: () => Promise<void>
}

async function runGroup(
  session: DedicatedSession,
  group: readonly Step[],
  run: Run,
): Promise<void> {
  const what = group.map((step) => step.summary).join(' ')
  const [first] = group
  if (first?.transactional) {
    const work = async (): Promise<void> => {
      await setLockTimeout(session, run.lockTimeoutMs ?? limits.lockTimeoutMs)
      for (const step of group) await runStep(session, step, run)
      await run.progress()
    }
    return patiently(what, () => inTransaction(session, work), run.attemptsMax)
  }
  // A build waits for older transactions while others read and write: it may take its time.
  await setLockTimeout(session, limits.migrationBuildLockTimeoutMs)
  for (const step of group) {
    await patiently(what, () => runStep(session, step, run), run.attemptsMax)
  }
  await run.progress()
}

async function runStep(session: DedicatedSession, step: Step, run: Run): Promise<void> {
  run.onStep?.(step)
  for (const text of step.statements) await session.script(text)
}

/** For the session; a rolled back transaction takes its own setting with it. */
export async function setLockTimeout(session: DedicatedSession, timeoutMs: number): Promise<void> {
  await session.query(
    statement(sql`select set_config('lock_timeout', ${value(`${timeoutMs}ms`)}, false)`),
  )
}
