/** Owns the reads of models: each parses, plans (or reuses a plan), and runs one statement. */

import { askerOf, factsOf } from '../../access/caller.ts'
import { present } from '../../base/assert.ts'
import { instantText } from '../../base/time.ts'
import type { Model } from '../../catalog/catalog.ts'
import { type ParsedRead, parseGet, parseList, type ReadRequest } from '../../query/grammar/read.ts'
import { planRead } from '../../query/read/plan.ts'
import { type Run, rowsOf, writtenList, writtenRecord } from '../../query/read/run.ts'
import type { Reply } from '../call.ts'
import type { Scope } from '../runtime.ts'
import { demandPossible } from './permit.ts'

/** A page of records. */
export async function runList(scope: Scope, model: Model): Promise<Reply> {
  const run = plannedRead(scope, 'list', model)
  const { rows } = await rowsOf(scope.session, run)
  if (scope.confirmed) await scope.confirmed
  const { body, page } = writtenList(run, rows, scope.runtime.cursors)
  return page === undefined ? { status: 200, body } : { status: 200, body, page }
}

/** One record; what the caller may not read is `not_found`, as if it did not exist. */
export async function runGet(scope: Scope, model: Model): Promise<Reply> {
  const run = plannedRead(scope, 'get', model)
  const { rows } = await rowsOf(scope.session, run)
  if (scope.confirmed) await scope.confirmed
  const { body, version } = writtenRecord(run, rows, scope.runtime.cursors)
  return version === undefined ? { status: 200, body } : { status: 200, body, version }
}

/** A read, ready to run: what may not be asked, or cannot be understood, has failed by then. */
export function plannedRead(scope: Scope, only: 'list' | 'get', model: Model): Run {
  // One that nobody of these facts could ever see is not found, as any other.
  if (only === 'list') demandPossible(scope, model, 'read')
  const { cursors } = scope.runtime
  const request = readRequest(scope, model)
  const paging = { cursors, ...askerOf(scope.caller) }
  if (only === 'list') return planned(scope, request, parseList({ ...request, ...paging }))
  const by = scope.call.key ?? { id: present(scope.call.id, 'the id of a call') }
  return planned(scope, request, parseGet({ ...request, by, paging }))
}

/** What a read of a model is parsed from. */
export function readRequest({ runtime, caller, call }: Scope, model: Model): ReadRequest {
  return {
    catalog: runtime.catalog,
    facts: factsOf(caller, runtime.catalog),
    model,
    query: call.query,
    text: call.queryText ?? false,
    connections: call.connections,
  }
}

function planned(
  { runtime, caller, turn }: Scope,
  { catalog, facts, model }: ReadRequest,
  parsed: ParsedRead,
): Run {
  const { plans, clock } = runtime
  const plan = plans.get(`read ${facts.key} ${parsed.key}`, () =>
    planRead({ catalog, facts, model, shape: parsed.shape }),
  )
  const inputs = { ...askerOf(caller), now: instantText(clock.now()) }
  return { plan, parsed, inputs, caller: turn }
}
