/** Owns the form of write plans and what is common to them: the row to write, slots, results. */

import { nowSlot, type Slot, type SlotInputs } from '../../access/slot.ts'
import { compileStoredFormula } from '../../access/stored.ts'
import type { Failure } from '../../base/failure.ts'
import type { Model, ModelField } from '../../catalog/catalog.ts'
import { type Fragment, join, name, sql, statement, typed } from '../../sql/fragment.ts'
import { planName } from '../plan-name.ts'
import type { RecordColumns } from '../read/record-columns.ts'
import type { WriteTarget } from './permissions.ts'
import { type Demand, demandNames, firstRefusal } from './verdict.ts'

/** A write, ready to run: one statement whose result says what happened. */
export interface WritePlan {
  readonly text: string
  readonly name: string
  readonly slots: readonly Slot[]
  /** Present where what comes of it can be foreseen. */
  readonly ahead?: AheadPlan
  /** What the result's cells mean. */
  read(cells: readonly (string | null)[] | undefined): WriteOutcome
}

/** The cells of a result, in PostgreSQL's text form. */
export type CellsOf = (inputs: SlotInputs) => readonly (string | null)[]

/** What a create will have made, told from its values alone. */
export interface Foreseen {
  /** The cells that its plan reads: id, version, that it can be read, and the record. */
  readonly cells: CellsOf
  /** What the audit keeps of it; undefined: nothing. */
  readonly entry: ((inputs: SlotInputs) => ForeseenEntry) | undefined
}

/** The entry of a record that is new. */
export interface ForeseenEntry {
  readonly model: string
  readonly record: string
  /** JSON of the fields that have a value; null: none has. */
  readonly becomes: string | null
  /** Names of fields that have a value which nobody may read. */
  readonly hidden: readonly string[]
  readonly organisation: string | null
}

/**
 * The same write where nobody waits for it: it touches one row or fails, tells nothing, and leaves
 * the audit to others.
 */
export interface AheadPlan extends Pick<WritePlan, 'text' | 'name' | 'slots'> {
  /** Of a create: the record. */
  readonly foreseen?: Foreseen
}

/** What came of a write. */
export type WriteOutcome =
  | {
      readonly is: 'done'
      readonly id: string
      readonly version: number
      readonly body: string | undefined
    }
  | { readonly is: 'refused'; readonly failure: Failure }
  | { readonly is: 'absent' }

/** What a statement of a write selects at its end. */
export interface WriteResult {
  readonly demands: readonly Demand[]
  readonly record: RecordColumns
}

/** Seals the fragment of a write as a plan. */
export function writePlan(fragment: Fragment, result: WriteResult, ahead?: AheadPlan): WritePlan {
  const { text, values } = statement(fragment)
  return Object.freeze({
    text,
    name: planName(text),
    slots: values as readonly Slot[],
    ...(ahead === undefined ? {} : { ahead }),
    read: (cells: readonly (string | null)[] | undefined) => outcome(cells, result),
  })
}

/** The outer select list: demands, then id, version, whether the caller may read it, the record. */
export function resultColumns(
  { demands, record }: WriteResult,
  from: { readonly verdict: string; readonly row: string; readonly readable: Fragment },
): Fragment {
  return join([
    ...demandNames(demands, from.verdict),
    name(from.row, 'id'),
    name(from.row, 'version'),
    sql`(${from.readable})`,
    ...record.columns,
  ])
}

function outcome(
  cells: readonly (string | null)[] | undefined,
  { demands, record }: WriteResult,
): WriteOutcome {
  if (!cells) return { is: 'absent' }
  const failure = firstRefusal(demands, cells)
  if (failure) return { is: 'refused', failure }
  const at = demands.length
  const id = cells[at]
  if (id === null || id === undefined) return { is: 'absent' }
  const readable = cells[at + 2] === 't'
  return {
    is: 'done',
    id,
    version: Number(cells[at + 1]),
    body: readable ? record.toJson(cells, at + 3) : undefined,
  }
}

/** Columns that are stored (not generated). */
export function storedFields(model: Model): readonly ModelField[] {
  return [...model.fields.values()].filter((field) => !field.computed)
}

/**
 * The row as it would be stored: `(select …, formula as computed from (select …) s)`, so that
 * rules can be asked of it before it is.
 */
export function rowToStore(
  { model }: Pick<WriteTarget, 'model'>,
  columnOf: (field: ModelField) => Fragment,
  from: Fragment,
): Fragment {
  const stored = storedFields(model).map(
    (field) => sql`${columnOf(field)} as ${name(field.column)}`,
  )
  const inner = sql`select ${join(stored)}${from}`
  const computed = [...model.fields.values()].flatMap((field) =>
    field.computed ? [sql`${compileStoredFormula(model, field)} as ${name(field.column)}`] : [],
  )
  if (computed.length === 0) return inner
  return sql`select s.*, ${join(computed)} from (${inner}) as s`
}

/** The n-th value of the call, typed as its column. */
export function valueSlot(index: number, type: string): Fragment {
  return typed(Object.freeze<Slot>({ slot: 'value', index }), type)
}

/** A constant of the plan, typed as its column. */
export function constantSlot(value: string | number | null, type: string): Fragment {
  return typed(Object.freeze<Slot>({ slot: 'constant', value }), type)
}

/** The call's clock as an instant. */
export function nowValue(): Fragment {
  return typed(nowSlot, 'timestamp with time zone')
}
