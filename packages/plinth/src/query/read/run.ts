/** Owns the running of a planned read in a session. */

import { fill } from '../../access/slot.ts'
import { present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import type { Statement } from '../../sql/fragment.ts'
import {
  type ListAnswer,
  type RecordAnswer,
  type Seals,
  writeList,
  writeOne,
} from '../answer/answer.ts'
import { type Answered, answered } from '../answer/pieces.ts'
import type { RowCells } from '../answer/writer.ts'
import type { Cursors } from '../cursor.ts'
import { notFound, type ParsedRead } from '../grammar/read.ts'
import type { ReadPlan } from './plan.ts'

/** What runs a statement: a database session is one. */
export interface Reader {
  query(query: ReadQuery): Promise<Found>
}

/** A read as it is sent. */
export interface ReadQuery extends Statement {
  readonly name: string
  readonly rowBytesMax: number
  /** Who waits in turn with others; absent: the app itself. */
  readonly caller: string | undefined
  /** It only reads: it may be sent twice. */
  readonly repeatable: true
}

/** What differs from call to call beside the query's own values. */
export interface ReadInputs {
  /** The caller's user id; null: none. */
  readonly meId: string | null
  /** Their active organisation; null: none. */
  readonly organisationId: string | null
  /** RFC 3339. */
  readonly now: string
}

/** A planned read and the call it is run for. */
export interface Run {
  readonly plan: ReadPlan
  readonly parsed: ParsedRead
  readonly inputs: ReadInputs
  /** Who waits in turn with others; absent: the app itself. */
  readonly caller?: string | undefined
}

/** Runs a list read. */
export async function runList(reader: Reader, run: Run, cursors: Cursors): Promise<ListAnswer> {
  const { rows } = await rowsOf(reader, run)
  return writtenList(run, rows, cursors)
}

/** Runs the read of one record; fails with `not_found` where there is none for this caller. */
export async function runGet(reader: Reader, run: Run, cursors?: Cursors): Promise<RecordAnswer> {
  const { rows } = await rowsOf(reader, run)
  return writtenRecord(run, rows, cursors)
}

/** Runs a read of either sort, not yet written; undefined where there is no record. */
export async function runRead(
  reader: Reader,
  run: Run,
  cursors: Cursors,
): Promise<Answered | undefined> {
  const { rows } = await rowsOf(reader, run)
  return answered(run.plan.form, rows, sealsOf(run.parsed, cursors))
}

/** Rows as a statement brings them. */
export interface Found {
  readonly rows: readonly RowCells[]
}

/** The list that rows are. */
export function writtenList(run: Run, rows: Found['rows'], cursors: Cursors): ListAnswer {
  return writeList(run.plan.form, rows, sealsOf(run.parsed, cursors))
}

/** The record that rows are; fails with `not_found` where there is none for this caller. */
export function writtenRecord(run: Run, rows: Found['rows'], cursors?: Cursors): RecordAnswer {
  const seal = cursors && sealsOf(run.parsed, cursors).at
  const answer = writeOne(run.plan.form, rows, seal)
  if (!answer) throw notFound()
  return answer
}

/** What seals the cursors of a read. */
export function sealsOf({ binding, bindings }: ParsedRead, cursors: Cursors): Seals {
  return {
    plain: (cells) => cursors.seal(binding, cells),
    at: (index, cells) => cursors.seal(present(bindings[index], 'a binding'), cells),
  }
}

/** The rows of a planned read. */
export function rowsOf(reader: Reader, { plan, parsed, inputs, caller }: Run): Promise<Found> {
  return rowsOfPlan(reader, { plan, values: parsed.values, inputs, caller })
}

/** A statement with its slots, and the call it is run for. */
export interface PlanRun extends Omit<Run, 'plan' | 'parsed'> {
  readonly plan: Pick<ReadPlan, 'text' | 'name' | 'slots'>
  readonly values: readonly string[]
}

/** Runs the statement of a plan. */
export function rowsOfPlan(
  reader: Reader,
  { plan, values, inputs, caller }: PlanRun,
): Promise<Found> {
  return reader.query({
    text: plan.text,
    name: plan.name,
    values: fill(plan.slots, { ...inputs, values }),
    rowBytesMax: limits.readBytesMax,
    caller,
    repeatable: true,
  })
}
