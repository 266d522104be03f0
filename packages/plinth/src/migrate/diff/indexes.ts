/** Owns the comparison of indexes, unique ones included. */

import { present } from '../../base/assert.ts'
import { all, join, name, raw, sql } from '../../sql/fragment.ts'
import { type Index, type LiveIndex, named, type Table } from '../schema.ts'
import { createIndex, dropIndex, place } from './clauses.ts'
import { type ColumnFates, goesAway, isOwn, type Pair } from './pair.ts'
import { ddl, type Expectation, type Step, stages, step } from './step.ts'

/** The steps that bring the indexes of a table to the declaration. */
export function compareIndexes(pair: Pair, fates: ColumnFates): readonly Step[] {
  const { desired, live } = pair
  const standing = live.indexes.filter((index) => !leaves(index, fates))
  const steps = desired.indexes.flatMap((index) => {
    const now = named(standing, index.name)
    if (now && isSame(now, index)) return now.valid ? [] : [build(pair, index, fates)]
    const taken = now !== undefined || live.otherIndexes.includes(index.name)
    return [addIndex(pair, index, { fates, taken })]
  })
  const undeclared = standing.filter((index) => !named(desired.indexes, index.name))
  const others = live.otherIndexes.filter((index) => !named(desired.indexes, index))
  for (const index of others) isOwn(pair, index, 'The index')
  return [...steps, ...undeclared.flatMap((index) => dropUndeclared(pair, index))]
}

/** The condition of a partial index reads `deleted_at`, so the index goes with that column. */
function leaves({ columns, kept }: LiveIndex, fates: ColumnFates): boolean {
  return goesAway(fates, kept ? [...columns, 'deleted_at'] : columns)
}

function isSame(now: LiveIndex, index: Index): boolean {
  const columns = now.columns.join() === index.columns.join()
  const alike = now.unique === index.unique && now.method === index.method
  return columns && alike && now.kept === index.kept
}

interface Setting {
  readonly fates: ColumnFates
  /** True where an index of this name is there, but another one. */
  readonly taken: boolean
}

function addIndex(pair: Pair, index: Index, { fates, taken }: Setting): Step {
  const { desired, full } = pair
  // On a column made anew nothing is unique until the index is back: not a moment without it.
  const restored = index.columns.some((column) => fates.remade.has(column))
  if (full && !restored) return build(pair, index, fates)
  return step({
    stage: stages.change,
    rank: 65,
    summary: `Adds the index ${index.name}.`,
    statements: [
      ...(taken ? [dropIndex(desired, index.name, false)] : []),
      createIndex(desired, index, false),
    ],
    ...(full
      ? { safety: 'locking', lock: `Locks ${desired.label} against writes while it builds.` }
      : {}),
  })
}

/** Built beside the traffic. What a broken build left behind is dropped first. */
function build(pair: Pair, index: Index, fates: ColumnFates): Step {
  const { desired } = pair
  return step({
    stage: stages.build,
    rank: index.unique ? 40 : 60,
    transactional: false,
    summary: `Builds the index ${index.name} beside the traffic.`,
    statements: [dropIndex(desired, index.name, true), createIndex(desired, index, true)],
    lock: `Reads all of ${desired.label} twice; reads and writes go on.`,
    expectations: index.unique ? noDuplicates(desired, index, fates) : [],
  })
}

function noDuplicates(table: Table, index: Index, fates: ColumnFates): readonly Expectation[] {
  const columns = index.columns.map((column) => present(named(table.columns, column), column))
  const fresh = columns.filter(({ name }) => fates.made.has(name))
  // Values that are not there yet: null repeats nothing, a formula cannot be judged beforehand.
  if (columns.some(({ name }) => fates.remade.has(name))) return []
  if (fresh.some((column) => column.fill === undefined || !column.required)) return []
  // A default is the same in every row, so the other columns must tell the rows apart.
  const cells = columns.filter((column) => !fresh.includes(column)).map((each) => name(each.name))
  const kept = index.kept && !fates.made.has('deleted_at') ? [raw('deleted_at is null')] : []
  const compared = all([...cells.map((cell) => sql`${cell} is not null`), ...kept])
  const by = cells.length > 0 ? sql` group by ${join(cells)}` : raw('')
  const groups = sql`select count(*) times from ${place(table)} where ${compared}${by}`
  const labels = columns.map(({ label }) => label).join(', ')
  return [
    {
      sql: ddl(sql`select coalesce(sum(times), 0) from (${groups} having count(*) > 1) repeated`),
      problem: `{count} records of ${table.label} share their ${labels} with another.`,
      cure: `Change or remove the repeated records, so that ${labels} can be unique.`,
    },
  ]
}

function dropUndeclared(pair: Pair, index: LiveIndex): readonly Step[] {
  if (!isOwn(pair, index.name, 'The index')) return []
  return [
    step({
      // After its successor is built, so that there is no moment without uniqueness.
      stage: stages.finish,
      rank: 60,
      summary: `Drops the index ${index.name}.`,
      statements: [dropIndex(pair.desired, index.name, false)],
    }),
  ]
}
