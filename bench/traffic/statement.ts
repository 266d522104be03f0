/** Owns the statements behind the scenarios: the very text that Plinth's planner makes. */

import { askerOf, type Caller, factsOf } from '../../packages/plinth/src/access/caller.ts'
import { fill } from '../../packages/plinth/src/access/slot.ts'
import { catalogOf } from '../../packages/plinth/src/app/compose.ts'
import { loadApp } from '../../packages/plinth/src/app/file/load-app.ts'
import type { Catalog } from '../../packages/plinth/src/catalog/catalog.ts'
import { openCursors } from '../../packages/plinth/src/query/cursor.ts'
import {
  type ParsedRead,
  parseGet,
  parseList,
} from '../../packages/plinth/src/query/grammar/read.ts'
import { planRead } from '../../packages/plinth/src/query/read/plan.ts'
import { readQuery } from '../../packages/plinth/src/rest/query/read-query.ts'
import { storeFile } from '../world.ts'
import type { Request } from './scenarios.ts'

/** A statement as PostgreSQL gets it. */
export interface PlannedStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Who stands behind a token. */
export type CallerOf = (token: string | undefined) => Caller

/** The store's catalog. */
export async function storeCatalog(): Promise<Catalog> {
  const { app } = await loadApp(storeFile)
  return catalogOf(app)
}

/** The statement that answers a read. */
export function statementOf(
  catalog: Catalog,
  request: Request,
  callerOf: CallerOf,
): PlannedStatement {
  const caller = callerOf(request.token)
  const facts = factsOf(caller, catalog)
  const [path = '', search = ''] = request.target.split('?')
  const [, , plural, id] = path.split('/')
  const model = [...catalog.models.values()].find((each) => each.plural === plural)
  if (!model) throw new Error(`There is no model behind ${path}.`)
  const common = { catalog, facts, model, text: true }
  const asker = askerOf(caller)
  const parsed: ParsedRead = id
    ? parseGet({ ...common, query: undefined, by: { id } })
    : parseList({
        ...common,
        query: readQuery(search, 'list'),
        cursors: openCursors('statements of the benchmark'),
        ...asker,
      })
  const { text, slots } = planRead({ catalog, facts, model, shape: parsed.shape })
  const now = new Date().toISOString()
  return { text, values: fill(slots, { ...asker, now, values: parsed.values }) }
}
