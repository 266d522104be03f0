/** Owns filters as SQL: what a caller asks for, under the rules of every row it speaks of. */

import type { RowSource } from '../../access/compile.ts'
import { allOf, anyOf, type Condition, depends, fails, holds } from '../../access/condition.ts'
import { comparisonType } from '../../access/operand.ts'
import type { Slot } from '../../access/slot.ts'
import { present, unreachable } from '../../base/assert.ts'
import { all, type Fragment, join, raw, sql, typed } from '../../sql/fragment.ts'
import type { FilterShape } from '../shape.ts'
import { column, type SafeColumn, stepTo, type Viewpoint } from './column.ts'

/**
 * The SQL of a filter on a row. Two-valued as rules are: a comparison with null is false, and its
 * negation true. Negations are pushed down (`wanted` false), so that the rest stays plain.
 */
export function filterCondition(
  view: Viewpoint,
  row: RowSource,
  { shape, wanted = true }: { readonly shape: FilterShape; readonly wanted?: boolean },
): Condition {
  switch (shape.is) {
    case 'and':
    case 'or': {
      const terms = shape.terms.map((term) => filterCondition(view, row, { shape: term, wanted }))
      return (shape.is === 'and') === wanted ? allOf(terms) : anyOf(terms)
    }
    case 'not':
      return filterCondition(view, row, { shape: shape.term, wanted: !wanted })
    case 'null': {
      const { fragment } = column(view, row, shape.field)
      return depends(sql`${fragment} is ${raw(shape.wanted === wanted ? 'null' : 'not null')}`)
    }
    case 'field': {
      const comparison = compare(column(view, row, shape.field), shape)
      return depends(wanted ? comparison : sql`(${comparison}) is not true`)
    }
    case 'related':
      return related(view, row, { shape, wanted })
    default:
      return unreachable(shape, 'a filter')
  }
}

type Related = FilterShape & { readonly is: 'related' }

function related(
  view: Viewpoint,
  row: RowSource,
  { shape, wanted }: { readonly shape: Related; readonly wanted: boolean },
): Condition {
  const { relation: name, quantifier, where } = shape
  const relation = present(row.model.relations.get(name), `${row.model.name}.${name}`)
  const step = stepTo(view, row, relation)
  // `every` is: there is no related row for which the filter does not hold.
  const inner = filterCondition(view, step.row, { shape: where, wanted: quantifier !== 'every' })
  const found = (quantifier === 'some') === wanted
  if (inner.constant === false) return found ? fails : holds
  const conditions = [...step.conditions, ...(inner.fragment ? [inner.fragment] : [])]
  const rows = sql`exists (select 1 from ${join(step.tables)} where ${all(conditions)})`
  return depends(found ? rows : sql`not ${rows}`)
}

type Compared = FilterShape & { readonly is: 'field' }

/**
 * Every operator here is total: it cannot raise, whatever the values, so no error can tell of a
 * row that a rule hides, in whichever order PostgreSQL evaluates them.
 */
function compare(
  { field, fragment, nullable }: SafeColumn,
  { operator, index }: Compared,
): Fragment {
  const { kind } = field
  const type = comparisonType(kind)
  switch (operator) {
    case 'eq':
      return sql`${fragment} = ${valueAt(index, type)}`
    case 'ne':
      return sql`${fragment} <> ${valueAt(index, type)}`
    case 'in':
      return sql`${fragment} = any(${valueAt(index, `${type}[]`)})`
    case 'notIn':
      return notIn({ fragment, nullable }, valueAt(index, `${type}[]`))
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return sql`${ordered({ field, fragment })} ${raw(signs[operator])} ${valueAt(index, type)}`
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return sql`${fragment} like ${valueAt(index, 'text')}`
    case 'icontains': {
      const pattern = sql`lower(${valueAt(index, 'text')} collate "default")`
      return sql`lower(${fragment} collate "default") like ${pattern}`
    }
    case 'has':
      return sql`${valueAt(index, comparisonType(present(kind.item, 'items')))} = any(${fragment})`
    default:
      return unreachable(operator, 'a filter')
  }
}

/** No comparison holds for null, even with nothing: `null <> all('{}')` would. */
function notIn(
  { fragment, nullable }: Pick<SafeColumn, 'fragment' | 'nullable'>,
  values: Fragment,
): Fragment {
  const different = sql`${fragment} <> all(${values})`
  return nullable ? sql`(${fragment} is not null and ${different})` : different
}

const signs = Object.freeze({ lt: '<', lte: '<=', gt: '>', gte: '>=' })

/** A value of the call, typed. */
export function valueAt(index: number, type: string): Fragment {
  return typed(Object.freeze<Slot>({ slot: 'value', index }), type)
}

/** A column to compare by order: texts by their code points, in every database alike. */
export function ordered({ field, fragment }: Pick<SafeColumn, 'field' | 'fragment'>): Fragment {
  return field.kind.collated ? sql`${fragment} collate "C"` : fragment
}
