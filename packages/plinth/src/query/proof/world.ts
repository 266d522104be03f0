/** Owns a database that holds the shop, and short words to ask it as somebody. */

import type { TestContext } from 'node:test'
import { askerOf, type Caller, factsOf } from '../../access/caller.ts'
import { present } from '../../base/assert.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import type { Catalog, Model } from '../../catalog/catalog.ts'
import type { Database } from '../../database/database.ts'
import { openDatabase } from '../../database/open.ts'
import type { ProvenServer } from '../../database/proof/servers.ts'
import { followDeclaration } from '../../migrate/migrate.ts'
import { openCursors } from '../cursor.ts'
import { type ParsedRead, parseGet, parseList } from '../grammar/read.ts'
import { planRead, type ReadPlan } from '../read/plan.ts'
import { runGet, runList } from '../read/run.ts'
import { shopRows } from './rows.ts'
import { catalog } from './shop.ts'

/** Cursors under a secret for proofs. */
export const cursors = openCursors('a secret for proofs only')

/** The moment of every call in the proofs. */
export const now = '2026-01-01T00:00:00Z'

/** A query, and who asks it. */
export interface Question {
  readonly model: string
  readonly as: Caller
  readonly query?: unknown
  readonly text?: boolean
  readonly connections?: boolean
  readonly by?: Readonly<Record<string, string>>
}

/** A model of the shop. */
export function modelOf(name: string, of: Catalog = catalog): Model {
  return present(of.models.get(name), name)
}

/** Parses and plans a question. */
export function planOf(
  { model: name, as, query, text = false, by, connections }: Question,
  of: Catalog = catalog,
): { readonly parsed: ParsedRead; readonly plan: ReadPlan } {
  const facts = factsOf(as, of)
  const model = modelOf(name, of)
  const request = { catalog: of, facts, model, query, text, connections }
  const paging = { cursors, ...askerOf(as) }
  const parsed = by ? parseGet({ ...request, by, paging }) : parseList({ ...request, ...paging })
  return { parsed, plan: planRead({ catalog: of, facts, model, shape: parsed.shape }) }
}

/** A list as JSON has it. */
export interface ListBody {
  readonly data: readonly Readonly<Record<string, unknown>>[]
  readonly page: { readonly next: string | null; readonly previous: string | null }
  readonly count?: number
  readonly countExact?: boolean
}

/** The shop in a database. */
export interface World {
  readonly database: Database
  list(question: Question): Promise<ListBody>
  get(question: Question): ReturnType<typeof runGet>
}

/** A database of its own with an app's tables, filled by a script. */
export async function openWorld(
  server: ProvenServer,
  context: TestContext,
  { of, rows }: { readonly of: Catalog; readonly rows: string },
): Promise<World> {
  const name = `reads_${hex(randomBytes(8))}`
  const admin = await server.open(context)
  await run(admin, `create database ${name} template template0`)
  // A server's own default compiles such short statements for longer than it runs them.
  await run(admin, `alter database ${name} set jit = off`)
  const database = await openDatabase({ ...server.address(), database: name })
  context.after(() => database.close())
  await followDeclaration({ database, catalog: of, ask: () => true })
  if (rows !== '') await run(database, rows)
  return worldOf(database, of)
}

/** The shop with its rows. */
export function openShop(server: ProvenServer, context: TestContext): Promise<World> {
  return openWorld(server, context, { of: catalog, rows: shopRows })
}

/** Words to ask a database that holds the catalog's tables. */
export function worldOf(database: Database, of: Catalog = catalog): World {
  return {
    database,
    async list(question) {
      const inputs = { ...askerOf(question.as), now }
      const { body } = await runList(database, { ...planOf(question, of), inputs }, cursors)
      return JSON.parse(body) as ListBody
    },
    get: async (question) =>
      runGet(
        database,
        {
          ...planOf({ by: {}, ...question }, of),
          inputs: { ...askerOf(question.as), now },
        },
        cursors,
      ),
  }
}

/** Runs SQL of the proofs themselves. */
export function run(database: Database, script: string): Promise<void> {
  return database.dedicated((session) => session.script(script))
}
