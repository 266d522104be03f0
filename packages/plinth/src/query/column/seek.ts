/** Owns the condition and the order by which a page is found: keyset pagination. */

import { comparisonType } from '../../access/operand.ts'
import { assert } from '../../base/assert.ts'
import { all, any, type Fragment, join, raw, sql } from '../../sql/fragment.ts'
import type { SeekShape } from '../shape.ts'
import type { SafeColumn } from './column.ts'
import { ordered, valueAt } from './condition.ts'

/** A key to sort by. Null is greater than every value, in both directions and in cursors alike. */
export interface SortKey extends SafeColumn {
  readonly descending: boolean
}

/** The order of the keys, or the opposite one. */
export function orderBy(keys: readonly SortKey[], backwards: boolean): Fragment {
  return join(
    keys.map((key) => sql`${ordered(key)} ${raw(key.descending !== backwards ? 'desc' : 'asc')}`),
  )
}

/** Rows beyond the cursor's row. */
export function beyond(keys: readonly SortKey[], { direction, indexes }: SeekShape): Fragment {
  const sought = keys.map((key, at): Sought => {
    const index = indexes[at]
    assert(index !== undefined, 'a cursor has a value for each sort key')
    const value = index === null ? undefined : valueAt(index, comparisonType(key.field.kind))
    return { key, value, greater: key.descending === (direction === 'before') }
  })
  const [first] = sought
  if (first && sought.every((each) => isPlain(each) && each.greater === first.greater)) {
    return rowComparison(sought, first.greater)
  }
  const steps = sought.map((last, at) => {
    const equal = sought.slice(0, at).map(same)
    const further = past(last)
    return further ? [all([...equal, further])] : []
  })
  const reached = any(steps.flat())
  // PostgreSQL finds the start in an index by a condition on the first key alone.
  return first && isPlain(first) && first.value ? all([from(first, first.value), reached]) : reached
}

interface Sought {
  readonly key: SortKey
  /** Undefined: the cursor's row holds null. */
  readonly value: Fragment | undefined
  /** True where the rows beyond have greater values. */
  readonly greater: boolean
}

function isPlain({ key, value }: Sought): boolean {
  return !key.nullable && value !== undefined
}

function rowComparison(sought: readonly Sought[], greater: boolean): Fragment {
  const columns = sought.map(({ key }) => ordered(key))
  const values = sought.flatMap(({ value }) => value ?? [])
  const sign = raw(greater ? '>' : '<')
  if (columns.length === 1) return sql`${join(columns)} ${sign} ${join(values)}`
  return sql`(${join(columns)}) ${sign} (${join(values)})`
}

function same({ key, value }: Sought): Fragment {
  return value ? sql`${key.fragment} = ${value}` : sql`${key.fragment} is null`
}

function past({ key, value, greater }: Sought): Fragment | undefined {
  if (!value) return greater ? undefined : sql`${key.fragment} is not null`
  const further = sql`${ordered(key)} ${raw(greater ? '>' : '<')} ${value}`
  if (!greater || !key.nullable) return further
  return sql`(${further} or ${key.fragment} is null)`
}

function from({ key, greater }: Sought, value: Fragment): Fragment {
  return sql`${ordered(key)} ${raw(greater ? '>=' : '<=')} ${value}`
}
