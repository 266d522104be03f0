/** Owns the question whether a write that waited is judged by what is there, or by what was. */

import { Failure } from '../../base/failure.ts'
import type { Model } from '../../catalog/catalog.ts'
import { type Fragment, name, sql } from '../../sql/fragment.ts'
import { type Demand, table } from './verdict.ts'

/** What a write fails with that others were before: it is to be run again. */
export function isStale(failure: Failure): boolean {
  return stale.has(failure)
}

const stale = new WeakSet<Failure>()

/**
 * The demand, where one is needed, that nobody changed the record while the write waited for it.
 * A statement sees other records as they were when it began, but the one that it locks, `o`, as it
 * is once the wait is over. Conditions over other records would be asked of two moments at once,
 * and allow what neither of them does; so the write begins anew, behind the lock.
 */
export function unlessStale(model: Model, conditions: readonly Fragment[]): readonly Demand[] {
  if (!conditions.some(asksOthers)) return []
  const began = sql`exists (select from ${table(model)} as began
    where began.id = ${name('o', 'id')} and began.version = ${name('o', 'version')})`
  return [{ condition: began, refuse: changedMeanwhile }]
}

/** Only a subquery asks other rows. A column by this name costs a look at the record, no more. */
function asksOthers({ chunks }: Fragment): boolean {
  return chunks.some((chunk) => typeof chunk === 'string' && /\bselect\b/.test(chunk))
}

function changedMeanwhile(): Failure {
  const failure = new Failure('conflict', {
    detail: 'Others changed the record at the same moment: read it again and repeat the change.',
  })
  stale.add(failure)
  return failure
}
