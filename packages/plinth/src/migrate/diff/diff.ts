/** Owns the difference between what is declared and what the database holds, as ordered steps. */

import { assert } from '../../base/assert.ts'
import type { ColumnRename } from '../live/spell.ts'
import { type LiveTable, named, type Schema, type Table, tableKey } from '../schema.ts'
import { compareChecks } from './checks.ts'
import { compareColumns } from './columns/columns.ts'
import { compareIndexes } from './indexes.ts'
import type { Pair } from './pair.ts'
import { compareReferences } from './references.ts'
import type { Renames } from './renames.ts'
import { moveRows, openSplits, takenColumns } from './splits.ts'
import { inOrder, type Step } from './step.ts'
import { addPrimary, addSchemas, addTable, dropTables } from './tables.ts'

/** What to compare. */
export interface Comparison {
  readonly desired: Schema
  /** The live schema after renames, and the renames. */
  readonly renames: Renames
  /** The declared tables that exist, in PostgreSQL's spelling, by key. */
  readonly spelled: ReadonlyMap<string, LiveTable>
  /** Identities of what Plinth made. Whatever else is there is reported and left alone. */
  readonly owned: ReadonlySet<string>
  /** True: treats every table as one with rows, for plans that are applied elsewhere. */
  readonly assumeRows: boolean
}

/** The steps that lead to the declaration, and what is left alone. */
export interface Difference {
  readonly steps: readonly Step[]
  readonly notes: readonly string[]
}

/** Compares. Pure; no steps means that the database follows the declaration. */
export function difference(comparison: Comparison): Difference {
  const { desired, renames } = comparison
  const notes: string[] = []
  const live = new Map(renames.live.tables.map((table) => [tableKey(table), table]))
  const added = desired.tables.filter((table) => !live.has(tableKey(table)))
  const newTables = new Set(added.map(tableKey))
  const kept = desired.tables.filter((table) => live.has(tableKey(table)))
  const splits = openSplits({ desired: desired.tables, live, owned: comparison.owned })
  const setting = { comparison, live, newTables, notes, taken: takenColumns(splits) }
  const steps = [
    ...renames.steps,
    ...addSchemas(desired, renames.live),
    ...added.flatMap((table) => addTable(table, newTables)),
    ...kept.flatMap((table) => compareTable(pairOf(table, setting))),
    ...moveRows(splits),
    ...dropTables(undeclared(comparison, notes), splits),
  ]
  return { steps: inOrder(steps), notes }
}

interface Setting {
  readonly comparison: Comparison
  readonly live: ReadonlyMap<string, LiveTable>
  readonly newTables: ReadonlySet<string>
  readonly notes: string[]
  readonly taken: ReadonlySet<string>
}

function pairOf(desired: Table, { comparison, live, ...setting }: Setting): Pair {
  const key = tableKey(desired)
  const now = live.get(key)
  const spelled = comparison.spelled.get(key)
  assert(now && spelled, `${key} is there and spelled`)
  return {
    ...{ ...setting, desired, live: now, spelled },
    liveName: (column) => nameBefore(column, comparison.renames.columns.get(key) ?? []),
    stood: (table, column) => named(live.get(tableKey(table))?.columns ?? [], column) !== undefined,
    owned: comparison.owned,
    full: now.full || comparison.assumeRows,
  }
}

function nameBefore(column: string, renames: readonly ColumnRename[]): string {
  return renames.reduceRight((each, { from, to }) => (each === to ? from : each), column)
}

function compareTable(pair: Pair): readonly Step[] {
  const { steps, fates } = compareColumns(pair)
  return [
    ...steps,
    ...(pair.live.primary ? [] : [addPrimary(pair.desired)]),
    ...compareChecks(pair, fates),
    ...compareIndexes(pair, fates),
    ...compareReferences(pair, fates),
  ]
}

function undeclared({ desired, renames, owned }: Comparison, notes: string[]) {
  const declared = new Set(desired.tables.map(tableKey))
  return renames.live.tables.filter((table) => {
    const key = tableKey(table)
    if (declared.has(key)) return false
    const kit = desired.schemas.includes(table.schema)
    if (kit && owned.has(key)) return true
    notes.push(
      kit
        ? `The table ${key} is not declared and was not made by Plinth; left alone.`
        : `The kit of ${key} is no longer declared; its table is left alone.`,
    )
    return false
  })
}
