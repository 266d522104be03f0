/** Owns the SQL of the conditions that kinds put on their columns. */

import { unreachable } from '../../base/assert.ts'
import type { ColumnCheck, Kind } from '../../kinds/kinds.ts'
import { all, type Fragment, join, literal, name, raw, sql } from '../../sql/fragment.ts'

/** The condition of a CHECK constraint on a column of the kind. */
export function columnCondition(check: ColumnCheck, column: string, kind: Kind): Fragment {
  const cell = name(column)
  switch (check.check) {
    case 'length':
      return between(sql`char_length(${cell})`, check)
    case 'items':
      return between(sql`cardinality(${cell})`, check)
    case 'octets':
      return sql`octet_length(${cell}) <= ${raw(String(check.max))}`
    case 'range':
      return range(cell, check, kind.columnType)
    case 'oneOf':
      return sql`${cell} in (${join(check.values.map(literal))})`
    case 'pattern':
      return sql`${cell} ~ ${literal(check.pattern)}`
    default:
      return unreachable(check, 'columnCondition')
  }
}

function between(count: Fragment, { min, max }: { min?: number; max?: number }): Fragment {
  return all([
    ...(min === undefined ? [] : [sql`${count} >= ${raw(String(min))}`]),
    ...(max === undefined ? [] : [sql`${count} <= ${raw(String(max))}`]),
  ])
}

function range(
  cell: Fragment,
  { min, max }: { min?: string; max?: string },
  columnType: string,
): Fragment {
  const type = raw(columnType)
  return all([
    ...(min === undefined ? [] : [sql`${cell} >= ${literal(min)}::${type}`]),
    ...(max === undefined ? [] : [sql`${cell} <= ${literal(max)}::${type}`]),
  ])
}
