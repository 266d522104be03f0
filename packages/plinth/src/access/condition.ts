/** Owns the folded condition: what is left of a rule once the caller's facts are put in. */

import { all, any, type Fragment, raw, sql } from '../sql/fragment.ts'

/**
 * A constant, or SQL that is *true* or *not true* (false or null). Use it where SQL itself makes
 * no difference between the two: `where`, `on`, `case when`, `filter`; negate it only by `invert`.
 */
export type Condition =
  | { readonly constant: boolean; readonly fragment?: undefined }
  | { readonly fragment: Fragment; readonly constant?: undefined }

/** The condition that always holds. */
export const holds: Condition = Object.freeze({ constant: true })

/** The condition that never holds. */
export const fails: Condition = Object.freeze({ constant: false })

/** A condition that only the database can decide. */
export function depends(fragment: Fragment): Condition {
  return Object.freeze({ fragment })
}

/** Conjunction. */
export function allOf(conditions: readonly Condition[]): Condition {
  const open: Fragment[] = []
  for (const condition of conditions) {
    if (condition.constant === false) return fails
    if (condition.fragment) open.push(condition.fragment)
  }
  return open.length === 0 ? holds : depends(all(open))
}

/** Disjunction. */
export function anyOf(conditions: readonly Condition[]): Condition {
  const open: Fragment[] = []
  for (const condition of conditions) {
    if (condition.constant === true) return holds
    if (condition.fragment) open.push(condition.fragment)
  }
  return open.length === 0 ? fails : depends(any(open))
}

/** Negation in two-valued logic: what is null was not true, so its negation is true. */
export function invert(condition: Condition): Condition {
  if (condition.fragment) return depends(sql`(${condition.fragment}) is not true`)
  return condition.constant ? fails : holds
}

/** The condition as SQL, constants included. */
export function conditionText(condition: Condition): Fragment {
  return condition.fragment ?? raw(condition.constant ? 'true' : 'false')
}
