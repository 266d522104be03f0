/** Owns a database of its own for each proof, and short words to declare and to look. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { compileCatalog } from '../../catalog/compile.ts'
import type { Database } from '../../database/database.ts'
import { openDatabase } from '../../database/open.ts'
import type { ProvenServer } from '../../database/proof/servers.ts'
import type { AnyKit, AnyModelSpec } from '../../define/kit.ts'
import { app } from '../../define/kit.ts'
import { readOwned } from '../apply/state.ts'
import { desiredSchema } from '../desired/desired.ts'
import type { Difference } from '../diff/diff.ts'
import { type Followed, type FollowOptions, followDeclaration } from '../follow.ts'
import { compare } from '../live/compare.ts'

/** Models by name, their types left open. */
export type LooseModels = Readonly<Record<string, AnyModelSpec>>

/** A catalog of one kit, `shop`. */
export function declare(models: LooseModels, name = 'shop'): Catalog {
  const kit = { is: 'kit', name, uses: [], models, extends: {}, logic: [] } as unknown as AnyKit
  return compileCatalog(app({ kits: [kit] }))
}

/** A model of some fields. */
export function model(
  fields: AnyModelSpec['fields'],
  rest: Omit<AnyModelSpec, 'fields'> = {},
): AnyModelSpec {
  return { fields, ...rest }
}

/** A database of its own. */
export interface World {
  readonly database: Database
  /** Opens a second connection to it, as another node would. */
  again(): Promise<Database>
  /** Brings it to the declaration; destructive steps get a yes. */
  follow(models: LooseModels, options?: Partial<FollowOptions>): Promise<Followed>
  /** The cells of a query, rows joined. */
  rows(text: string): Promise<string[]>
  run(text: string): Promise<void>
  /** What remains between the declaration and the database. */
  remains(models: LooseModels): Promise<Difference>
  /** The failure of a call that must be refused, after which nothing may have changed. */
  refused(models: LooseModels, options?: Partial<FollowOptions>): Promise<Failure>
}

/** Makes a fresh database on the server. */
export async function world(server: ProvenServer, context: TestContext): Promise<World> {
  const admin = await server.open(context)
  const name = `world_${hex(randomBytes(8))}`
  await admin.dedicated((session) => session.script(`create database ${name} template template0`))
  const again = async (): Promise<Database> => {
    const opened = await openDatabase({ ...server.address(), database: name })
    context.after(() => opened.close())
    return opened
  }
  return onDatabase(await again(), again)
}

function onDatabase(database: Database, again: () => Promise<Database>): World {
  const follow: World['follow'] = (models, options) =>
    followDeclaration({ database, catalog: declare(models), ask: () => true, ...options })
  const remains: World['remains'] = (models) =>
    database.dedicated(async (session) =>
      compare(session, desiredSchema(declare(models)), { owned: await readOwned(session) }),
    )
  return {
    ...{ database, again, follow, remains },
    run: (text) => database.dedicated((session) => session.script(text)),
    async rows(text) {
      const { rows } = await database.query({ text, values: [] })
      return rows.map((cells) => cells.join('|'))
    },
    async refused(models, options) {
      const before = (await remains(models)).steps.map(({ summary }) => summary)
      const failure = await follow(models, options).then(
        () => assert.fail('nothing was refused'),
        (reason: unknown) => reason,
      )
      assert.ok(failure instanceof Failure, String(failure))
      assert.equal(failure.code, 'migration_refused')
      assert.deepEqual(
        (await remains(models)).steps.map(({ summary }) => summary),
        before,
      )
      return failure
    },
  }
}

/** Adds so many rows; columns beyond the base ones are given as SQL over `n`, the row's number. */
export function insert(
  table: string,
  count: number,
  cells: Readonly<Record<string, string>>,
): string {
  const columns = Object.keys(cells).map((column) => `, ${column}`)
  const values = Object.values(cells).map((cell) => `, ${cell}`)
  return `insert into ${table} (id, created_at, updated_at, version${columns.join('')})
    select gen_random_uuid(), 'epoch', 'epoch', 1${values.join('')}
    from generate_series(1, ${count}) n`
}
