/** Owns the steps that change the type of a column. */

import { name, raw, sql } from '../../../sql/fragment.ts'
import type { Column } from '../../schema.ts'
import { columnType, place, rewriteLock } from '../clauses.ts'
import type { Pair } from '../pair.ts'
import { ddl, type Step, stages, step } from '../step.ts'
import { typeChange } from './type-change.ts'

/** The step that changes a column's type; undefined where no conversion exists. */
export function changeType(
  { desired, full }: Pair,
  column: Column,
  { now, wanted }: { now: Column; wanted: Column },
): Step | undefined {
  const judged = typeChange(now.type, wanted.type)
  if (judged === 'none') return undefined
  const cell = name(column.name)
  const change = sql`alter table ${place(desired)} alter column ${cell}`
  const using = sql`using ${cell}::${raw(column.type)}`
  const statement = ddl(sql`${change} type ${columnType(column)} ${using}`)
  const what = `${desired.label}.${column.label}`
  const summary =
    now.type === wanted.type
      ? `Changes the collation of ${what} to ${wanted.collation ?? 'that of the database'}.`
      : `Changes ${what} from ${now.type} to ${wanted.type}.`
  const shared = { stage: stages.change, rank: 40, summary, statements: [statement] }
  const rewrites = judged !== 'free' || now.collation !== wanted.collation
  const lock = rewrites && full ? { lock: rewriteLock(desired) } : {}
  if (judged !== 'lossy') {
    return step({ ...shared, ...lock, safety: rewrites && full ? 'locking' : 'safe' })
  }
  return step({
    ...shared,
    ...lock,
    safety: 'destructive',
    loss: {
      sql: ddl(sql`select count(*) from ${place(desired)} where ${cell} is not null`),
      words: `{count} values of ${what} are converted; some may be rounded or refused`,
    },
  })
}
