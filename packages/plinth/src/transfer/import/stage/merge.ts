/** Owns bringing staged records into a model: in windows, each one transaction. */

import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { type Clock, instantText } from '../../../base/time.ts'
import type { Session } from '../../../database/database.ts'
import { arrayLiteral } from '../../../kinds/kinds.ts'
import type { AuditOrigin } from '../../../query/write/audit.ts'
import { type Statement, sql, statement, typed } from '../../../sql/fragment.ts'
import {
  changeStatement,
  createStatement,
  dropStatement,
  faultStatement,
  faultsOf,
  keysStatement,
  resolveStatement,
  type Window,
} from './merge-statements.ts'
import { indexStageTable, type StageTable } from './table.ts'

/** What became of the records of one model. */
export interface MergeCount {
  created: number
  changed: number
  unchanged: number
  rejected: number
}

/** A record that could not be stored. */
export interface RejectedRecord {
  readonly model: string
  readonly key: string
  readonly reason: string
}

/** In whose course records are stored. */
export interface ImportOrigin {
  /** `import.<importer>`. */
  readonly operation: string
  /** `code:plinth import`. */
  readonly actor: string
  /** One for all that a run stores. */
  readonly trace: string
}

/** What a merge needs. */
export interface MergeSetting {
  readonly session: Session
  readonly clock: Clock
  /** Who imports by what, for the audit. */
  readonly origin: ImportOrigin
  /** Hears how many records were looked at since it was last called. */
  readonly advanced: (records: number) => void
  readonly rejected: (record: RejectedRecord) => void
}

/**
 * Brings the staged records of one model into its table. A window that the database refuses is
 * halved until the record at fault stands alone: that one is rejected, all others are stored.
 */
export async function mergeStage(stage: StageTable, setting: MergeSetting): Promise<MergeCount> {
  const count: MergeCount = { created: 0, changed: 0, unchanged: 0, rejected: 0 }
  const last = await indexStageTable(setting.session, stage)
  for (let from = 1; from <= last; from += limits.importWindowRecords) {
    const to = Math.min(from + limits.importWindowRecords, last + 1)
    await mergeWindow({ stage, setting, count }, { from, to })
  }
  return count
}

interface Merging {
  readonly stage: StageTable
  readonly setting: MergeSetting
  readonly count: MergeCount
}

async function mergeWindow(merging: Merging, window: Window): Promise<void> {
  const { setting, count } = merging
  const { session } = setting
  await session.query(statement(sql`begin`))
  try {
    const done = await storeWindow(merging, window)
    await session.query(statement(sql`commit`))
    // Counted and told only now: what was rolled back has not happened.
    for (const record of done.rejected) setting.rejected(record)
    count.rejected += done.rejected.length
    count.created += done.created
    count.changed += done.changed
    count.unchanged += done.unchanged
    setting.advanced(done.created + done.changed + done.unchanged + done.rejected.length)
  } catch (error) {
    if (!isRecordFault(error)) throw error
    await session.query(statement(sql`rollback`))
    await mergeHalves(merging, window, error)
  }
}

/** True where one record is at fault, not the database or the connection. */
function isRecordFault(error: unknown): error is Failure {
  const codes: readonly string[] = ['conflict', 'still_referenced', 'invalid_input']
  return error instanceof Failure && codes.includes(error.code)
}

async function mergeHalves(merging: Merging, window: Window, error: Failure): Promise<void> {
  const { stage, setting, count } = merging
  const { rows } = await setting.session.query(keysStatement(stage, window))
  if (rows.length > 1) {
    const middle = Math.floor((window.from + window.to) / 2)
    await mergeWindow(merging, { from: window.from, to: middle })
    await mergeWindow(merging, { from: middle, to: window.to })
    return
  }
  for (const [key] of rows) {
    const model = stage.shape.model.name
    setting.rejected({ model, key: key ?? '', reason: `${model}: ${error.detail}` })
    count.rejected += 1
    setting.advanced(1)
  }
}

interface Stored {
  readonly created: number
  readonly changed: number
  readonly unchanged: number
  readonly rejected: readonly RejectedRecord[]
}

/** The order matters: ids are found before faults are judged, and faults leave before storing. */
async function storeWindow({ stage, setting }: Merging, window: Window): Promise<Stored> {
  const { session, clock, origin } = setting
  const run = async (one: Statement | undefined): Promise<number> => {
    if (!one) return 0
    const { rows, count } = await session.query(one)
    // Where entries of the audit are made beside, the statement selects how many there are.
    return Number(rows[0]?.[0] ?? count)
  }
  const by: AuditOrigin = {
    now: typed(instantText(clock.now()), 'timestamp with time zone'),
    operation: typed(origin.operation, 'text'),
    actor: typed(origin.actor, 'text'),
    trace: typed(origin.trace, 'text'),
  }
  const records = await run(resolveStatement(stage, window))
  const rejected = await findFaults(stage, session, window)
  if (rejected.length > 0) {
    await run(dropStatement(stage, arrayLiteral(rejected.map(({ key }) => key))))
  }
  const created = await run(createStatement(stage, window, by))
  const changed = await run(changeStatement(stage, window, by))
  const unchanged = records - created - changed - rejected.length
  return { created, changed, unchanged, rejected }
}

async function findFaults(
  stage: StageTable,
  session: Session,
  window: Window,
): Promise<readonly RejectedRecord[]> {
  const select = faultStatement(stage, window)
  if (!select) return []
  const faults = faultsOf(stage)
  const { rows } = await session.query(select)
  return rows.map(([key, fault, what]) => ({
    model: stage.shape.model.name,
    key: key ?? '',
    reason: faults[Number(fault)]?.reason(what ?? '') ?? 'cannot be stored',
  }))
}
