/** Owns splits: one table that became several, each of which takes its rows before they go. */

import { type Fragment, join, literal, name, raw, sql } from '../../sql/fragment.ts'
import { columnIdentity, type LiveTable, named, type Table, tableKey } from '../schema.ts'
import { place } from './clauses.ts'
import { ddl, type Expectation, type Step, stages, step } from './step.ts'

/** A table that is still to take its rows. */
export interface Split {
  readonly source: LiveTable
  readonly taker: Table
  /** Columns of the taker, and the columns of the source that they are filled by. */
  readonly cells: readonly { readonly to: string; readonly from: string }[]
  /** Which rows are taken. */
  readonly condition: Fragment
}

/** What is compared, by key. */
export interface SplitTables {
  readonly desired: readonly Table[]
  readonly live: ReadonlyMap<string, LiveTable>
  /** Identities of what Plinth made: of nothing else rows are taken. */
  readonly owned: ReadonlySet<string>
}

/**
 * The splits that are still to be made. A split is made once what it takes is gone from the source:
 * the whole table where that is declared no more, else the columns that it lost.
 */
export function openSplits({ desired, live, owned }: SplitTables): readonly Split[] {
  const declared = new Map(desired.map((table) => [tableKey(table), table]))
  const found = desired.flatMap((taker): Split[] => {
    const key = tableKey({ schema: taker.schema, name: taker.splitFrom?.table ?? '' })
    const source = live.get(key)
    if (!taker.splitFrom || !source || !owned.has(key)) return []
    const { where, as } = taker.splitFrom
    const kept = declared.get(key)
    const cells = taker.columns
      .filter(({ formula }) => formula === undefined)
      .map(({ name: to }) => ({ to, from: as[to] ?? to }))
      .filter(({ from }) => named(source.columns, from))
    const lost = cells.some(({ from }) => kept && !named(kept.columns, from))
    const known = where.every(({ column }) => named(source.columns, column))
    if (!known || (kept && !lost)) return []
    return [{ source, taker, cells, condition: conditionOf(taker, source, cells) }]
  })
  return inOrderOfReference(found)
}

/** A row that lacks what the taker requires is none of its rows. */
function conditionOf(taker: Table, source: LiveTable, cells: Split['cells']): Fragment {
  const same = (taker.splitFrom?.where ?? []).map(
    ({ column, value }) => sql`${name(column)} = ${literal(value)}`,
  )
  const filled = cells
    .filter(({ to }) => named(taker.columns, to)?.required)
    .filter(({ from }) => !named(source.columns, from)?.required)
    .map(({ from }) => sql`${name(from)} is not null`)
  const all = [...same, ...filled]
  return all.length === 0 ? sql`true` : join(all, ' and ')
}

/** Rows that others refer to come first. */
function inOrderOfReference(splits: readonly Split[]): readonly Split[] {
  const ordered: Split[] = []
  let left = [...splits]
  while (left.length > 0) {
    const waiting = new Set(left.map(({ taker }) => tableKey(taker)))
    const isFree = ({ taker }: Split): boolean =>
      taker.references.every(({ target }) => {
        const key = tableKey(target)
        return key === tableKey(taker) || !waiting.has(key)
      })
    const free = left.filter(isFree)
    const next = free.length > 0 ? free : left
    ordered.push(...next)
    left = left.filter((split) => !next.includes(split))
  }
  return ordered
}

/** Identities of columns whose values were taken: dropping them loses nothing. */
export function takenColumns(splits: readonly Split[]): ReadonlySet<string> {
  return new Set(
    splits.flatMap(({ source, cells }) => cells.map(({ from }) => columnIdentity(source, from))),
  )
}

/** The moving of rows: in the transaction that drops what they are taken from. */
export function moveRows(splits: readonly Split[]): readonly Step[] {
  return splits.map(({ source, taker, cells, condition }, index) => {
    const to = join(cells.map((cell) => name(cell.to)))
    const from = join(cells.map((cell) => name(cell.from)))
    const filled = taker.columns.filter(
      (column) => column.fill !== undefined && !cells.some((cell) => cell.to === column.name),
    )
    const columns = filled.map((column) => sql`, ${name(column.name)}`)
    const values = filled.map((column) => sql`, ${raw(column.fill ?? '')}`)
    return step({
      stage: stages.drop,
      // Before any column or table is dropped.
      rank: 10 + index / splits.length,
      summary: `Moves the records of ${taker.label} out of ${tableKey(source)}.`,
      statements: [
        ddl(sql`lock table ${place(source)} in access exclusive mode`),
        ddl(
          sql`insert into ${place(taker)} (${to}${join(columns, '')})
            select ${from}${join(values, '')} from ${place(source)} where ${condition}`,
        ),
      ],
      safety: 'locking',
      lock: `Locks ${tableKey(source)} against reads and writes while its records move.`,
      expectations: lacking({ source, taker, cells, condition }),
    })
  })
}

function lacking({ source, taker, cells, condition }: Split): readonly Expectation[] {
  return taker.columns
    .filter(({ required, fill, formula }) => required && fill === undefined && !formula)
    .filter((column) => !cells.some(({ to }) => to === column.name))
    .map(({ label }) => ({
      sql: ddl(sql`select count(*) from ${place(source)} where ${condition}`),
      problem: `{count} records of ${taker.label} would have no ${label}, which is required.`,
      cure: `Name in splitFrom.as what ${label} was called, or give it a default.`,
    }))
}

/** Rows that nobody takes are in the way of dropping their table. */
export function takenWhole(
  source: LiveTable,
  splits: readonly Split[],
): { readonly expectations: readonly Expectation[] } | undefined {
  const takers = splits.filter((split) => split.source === source)
  if (takers.length === 0) return undefined
  const any = join(
    takers.map(({ condition }) => sql`(${condition})`),
    ' or ',
  )
  const labels = takers.map(({ taker }) => taker.label).join(', ')
  return {
    expectations: [
      {
        sql: ddl(sql`select count(*) from ${place(source)} where (${any}) is not true`),
        problem: `{count} records of ${tableKey(source)} are taken by none of ${labels}.`,
        cure: 'Let a model take them by splitFrom, or delete them.',
      },
    ],
  }
}
