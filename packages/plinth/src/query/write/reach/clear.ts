/** Owns what a deletion does to records that let go of the deleted one (`onDelete: 'clear'`). */

import type { Model } from '../../../catalog/catalog.ts'
import { type Fragment, join, name, sql } from '../../../sql/fragment.ts'
import { recordEntries } from '../audit.ts'
import { nowValue } from '../plan.ts'
import { table } from '../verdict.ts'
import { columnOf, held, letsGo } from './gone.ts'
import type { Hold, Reach } from './reach.ts'

/**
 * Beside the rows that go: each record that lets go of one becomes a new version, as by any other
 * change. PostgreSQL's own `set null` would change it behind the back of entity tags; it stays as
 * the guard. Records that go along by `cascade` are let go of as well.
 */
export function clearReferences(reach: Reach): Fragment {
  const cleared = [...reach.clearings].map(([model, holds], index) => {
    const changed = name(`c${index}`)
    if (model.audit === 'none') {
      return sql`, ${changed} as (update ${table(model)} as c set ${without(holds)}
        where ${letsGo(reach, model)})`
    }
    const [before, after] = [`b${index}`, `c${index}`]
    return sql`, ${name(before)} as materialized (select c.* from ${table(model)} as c
        where ${letsGo(reach, model)}),
      ${changed} as (update ${table(model)} as c set ${without(holds)}
        from ${name(before)} where c.id = ${name(before, 'id')} returning c.*),
      ${name(`a${index}`)} as (${entries(model, { holds, before, after })})`
  })
  return join(cleared, '')
}

interface Cleared {
  readonly holds: readonly Hold[]
  readonly before: string
  readonly after: string
}

function entries(model: Model, { holds, before, after }: Cleared): Fragment {
  const given = holds.map(({ relation }) => relation.local)
  return recordEntries({ model, verb: 'update', given, before, made: after })
}

function without(holds: readonly Hold[]): Fragment {
  const sets = holds.map((hold) => {
    const column = columnOf(hold.from, hold.relation.local)
    return sql`${column} = case when ${held(hold)} then null else c.${column} end`
  })
  return sql`${join(sets)}, version = c.version + 1, updated_at = ${nowValue()}`
}
