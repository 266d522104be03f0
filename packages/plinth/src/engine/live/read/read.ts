/** Owns what is known of a read that is followed: who shares it, and what can change its answer. */

import { askerOf, type Caller, factsOf } from '../../../access/caller.ts'
import { Failure } from '../../../base/failure.ts'
import type { Catalog, Model } from '../../../catalog/catalog.ts'
import { isServed } from '../../../catalog/exposure/exposure.ts'
import type { ChangedTable } from '../../../database/feed/change.ts'
import type { Run } from '../../../query/read/run.ts'
import { quoteName } from '../../../sql/fragment.ts'
import type { Call } from '../../call.ts'
import { demandScope } from '../../operations/permit.ts'
import { plannedRead } from '../../operations/reads.ts'
import type { Runtime } from '../../runtime.ts'
import { type Demand, demandOf } from '../interest/demand.ts'
import { mayMatch } from './relevance.ts'

/** A read that can be followed. */
export interface LiveRead {
  /** Equal for reads with equal answers, now and later: of one caller, or of several. */
  readonly key: string
  readonly only: 'list' | 'get'
  /** `<schema>.<table>` of all that its statement looks into. */
  readonly tables: ReadonlySet<string>
  /** `<schema>.<table>` of its own rows. */
  readonly table: string
  /** True where its answer changes with time alone. */
  readonly timed: boolean
  /**
   * False where a change of one of its own rows certainly leaves it as it is, given that the row
   * was not in its answer before. Undefined: every change of its table counts.
   */
  readonly concerns: ((table: ChangedTable, values: Values) => boolean) | undefined
  /** What it certainly demands of its own rows; absent: every change of its table counts. */
  readonly demand?: { readonly of: Demand }
}

type Values = readonly (string | null | undefined)[]

/**
 * Looks at a read as its planner does: what it may not ask is refused here, as the read itself
 * would be. Which tables its answer depends on is seen from the statement, so that no rule, filter
 * or include can be forgotten.
 */
export function describeRead(runtime: Runtime, caller: Caller, call: Call): LiveRead {
  const { catalog } = runtime
  const operation = catalog.operations.get(call.operation)
  // A read without an address is followed at none either, and answered like one not there.
  const isRead = operation?.type === 'list' || operation?.type === 'get'
  if (!isRead || !operation.model.exposed || !isServed(operation)) {
    throw new Failure('not_found', {
      detail: `"${call.operation}" is no read: follow a list or a get.`,
    })
  }
  demandScope(caller, operation)
  const { model } = operation
  const scope = { runtime, session: runtime.database, caller, call }
  const planned = plannedRead(scope, operation.type, model)
  const { plan, parsed } = planned
  const table = `${model.schema}.${model.table}`
  const demands = { model, facts: factsOf(caller, catalog), asker: askerOf(caller), parsed }
  const own = plan.text.split(quotedTable(model)).length === 2 && parsed.shape.count === undefined
  return {
    key: keyOf({ caller, catalog, call }, planned),
    only: operation.type,
    tables: new Set([table, ...tablesIn(plan.text, catalog)]),
    table,
    timed: plan.slots.some(({ slot }) => slot === 'now'),
    concerns: own ? (changed, values) => mayMatch(demands, changed, values) : undefined,
    ...(own ? { demand: { of: demandOf(demands) } } : {}),
  }
}

interface Asked {
  readonly caller: Caller
  readonly catalog: Catalog
  readonly call: Call
}

/** What a statement does not ask of its caller does not tell callers apart. */
function keyOf({ caller, catalog, call }: Asked, { plan, parsed }: Run): string {
  const { meId, organisationId } = askerOf(caller)
  const asks = (name: string): boolean => {
    // Cursors of rows are for the caller who got them.
    return call.connections === true || plan.slots.some(({ slot }) => slot === name)
  }
  return JSON.stringify([
    factsOf(caller, catalog).key,
    asks('me') ? meId : null,
    asks('organisation') ? organisationId : null,
    call.operation,
    call.connections === true,
    parsed.key,
    parsed.values,
  ])
}

function quotedTable({ schema, table }: Model): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}

/** A name that only looks like a table makes the read be asked once too often, never too seldom. */
function tablesIn(text: string, catalog: Catalog): ReadonlySet<string> {
  const tables = new Set<string>()
  for (const model of catalog.models.values()) {
    if (text.includes(quotedTable(model))) tables.add(`${model.schema}.${model.table}`)
  }
  return tables
}
