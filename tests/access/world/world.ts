/** Owns a running app on a database of its own, filled with given rows, for proofs of access. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Caller } from '../../../packages/plinth/src/access/caller.ts'
import { catalogOf, openApp } from '../../../packages/plinth/src/app/compose.ts'
import { schemaFingerprint } from '../../../packages/plinth/src/app/schema/schema.ts'
import { plantSabotages } from '../../../packages/plinth/src/base/failpoint.ts'
import { type MovableClock, movableClock } from '../../../packages/plinth/src/base/time.ts'
import type { Catalog, Model } from '../../../packages/plinth/src/catalog/catalog.ts'
import type { Database, DatabaseAddress } from '../../../packages/plinth/src/database/database.ts'
import { startEmbedded } from '../../../packages/plinth/src/database/embedded/server.ts'
import { type AnyKit, app } from '../../../packages/plinth/src/define/kit.ts'
import type { Call } from '../../../packages/plinth/src/engine/call.ts'
import { invoke } from '../../../packages/plinth/src/engine/invoke.ts'
import type { Runtime } from '../../../packages/plinth/src/engine/runtime.ts'
import { createGraphqlDoor } from '../../../packages/plinth/src/graphql/door.ts'
import type { Handler } from '../../../packages/plinth/src/http/message.ts'
import { createRestDoor } from '../../../packages/plinth/src/rest/door.ts'
import { makeDatabase, type TestDatabase } from '../../../packages/plinth/src/testing/server.ts'
import { givenServer } from '../../armed/given-server.ts'
import { placeRoles } from '../random/places.ts'
import { nowText } from '../random/values.ts'
import type { Asker, Row, Rows } from '../rules.ts'

/** A PostgreSQL server for one test file. */
export interface Ground {
  /** An app of some kits on a new database. */
  open(kits: readonly AnyKit[], options?: StandOptions): Promise<Stand>
  close(): Promise<void>
}

/** How an app is opened. */
export interface StandOptions {
  /** True: it has organisations. */
  readonly tenants?: boolean
}

/** An app that runs. */
export interface Stand {
  readonly catalog: Catalog
  readonly runtime: Runtime
  readonly database: Database
  readonly handler: Handler
  readonly clock: MovableClock
  /** Replaces all rows of the kits, and begins new ids from the first. */
  load(rows: Rows): Promise<void>
  /** What a request gets through the engine: a status, and a body or a failure's parts. */
  ask(asker: Asker, operation: string, rest: Asked): Promise<Answer>
  close(): Promise<void>
}

/** The parts of a call that differ. */
export interface Asked {
  readonly id?: string
  readonly query?: unknown
  readonly input?: unknown
  readonly version?: number
}

/** An answer of the engine. */
export interface Answer {
  readonly status: number
  readonly code?: string
  readonly detail?: string
  readonly body: unknown
}

const secret = 'kQ3v9ZrX1mB7tLw5HyN8cJ2fUd6sGaE4pRoTiVxKz0M'
const setup = {
  ...{ secret, production: false, callsPerMinute: 1_000_000 },
  schema: { mode: 'follow', migrations: '' },
} as const
const epochMs = Date.parse(nowText)

/** A server to make databases on: the given one, or one of its own in a temporary folder. */
export async function startGround(): Promise<Ground> {
  const { address, stop } = await startServer()
  return {
    async open(kits, options = {}) {
      const made = await makeWorld(address, options)
      const stand = await openStand(made.address, kits, options)
      const close = async (): Promise<void> => {
        await stand.close()
        await made.drop()
      }
      return { ...stand, close }
    },
    close: stop,
  }
}

/** A database that has what every app of its sort has: only the models of the kits are to come. */
async function makeWorld(server: DatabaseAddress, options: StandOptions): Promise<TestDatabase> {
  const bare = worldOf([], options)
  return makeDatabase({
    server,
    fingerprint: schemaFingerprint(catalogOf(bare)),
    async fill(database) {
      await (await openApp(bare, { ...setup, database })).close()
    },
  })
}

function worldOf(kits: readonly AnyKit[], { tenants = false }: StandOptions) {
  return app({ kits, ...(tenants ? { organisations: { roles: placeRoles } } : {}) })
}

async function startServer(): Promise<{ address: DatabaseAddress; stop: () => Promise<void> }> {
  const address = givenServer()
  if (address) return { address, stop: async () => undefined }
  const directory = await mkdtemp(join(tmpdir(), 'plinth-access-'))
  // What these worlds hold may be lost with the machine.
  plantSabotages(['fsync-off'])
  const server = await startEmbedded({ directory, log: () => undefined })
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
  return { address: server.address, stop }
}

async function openStand(
  address: DatabaseAddress,
  kits: readonly AnyKit[],
  options: StandOptions,
): Promise<Stand> {
  const clock = movableClock(epochMs)
  const running = await openApp(worldOf(kits, options), { ...setup, database: address }, { clock })
  const ids = { last: 0 }
  const newId = (): string => {
    ids.last += 1
    return `01910000-0000-7000-8000-${String(ids.last).padStart(12, '0')}`
  }
  const runtime: Runtime = { ...running.runtime, newId }
  const { catalog, database } = runtime
  const answer = { catalog, clock, invoke: (call: Call) => invoke(runtime, call) }
  const rest = createRestDoor({
    ...answer,
    health: { live: () => undefined, ready: () => undefined },
  })
  const { handler: graphql } = createGraphqlDoor({
    ...answer,
    production: false,
    report: (failure) => {
      throw failure
    },
  })
  const handler: Handler = (request) =>
    (request.segments[1] === 'graphql' ? graphql : rest)(request)
  return {
    catalog,
    runtime,
    database,
    handler,
    clock,
    async load(rows) {
      ids.last = 0
      await fill(database, catalog, rows)
    },
    ask: (asker, operation, rest) => ask(runtime, { asker, operation, rest }),
    close: () => running.close(),
  }
}

function callerOf({ id, roles, organisation, bound, ...asker }: Asker): Caller {
  if (id === null) return { is: 'anonymous' }
  const proof = { assurance: asker.assurance, agoMs: asker.provedMinutesAgo * 60_000 }
  const scopes = new Set(['write'])
  const via = { sort: 'key', id, scopes, organisation: organisation?.id } as const
  const place = organisation && { organisation: { id: organisation.id, role: organisation.role } }
  return { is: 'user', id, roles, proof, ...place, ...(bound ? { via } : {}) }
}

async function ask(
  runtime: Runtime,
  { asker, operation, rest }: { asker: Asker; operation: string; rest: Asked },
): Promise<Answer> {
  const call = {
    operation,
    as: { caller: callerOf(asker) },
    remoteAddress: '',
    traceId: '',
    ...rest,
  }
  try {
    const { status, body } = await invoke(runtime, call)
    return { status, body: body === undefined ? undefined : JSON.parse(body) }
  } catch (error) {
    const { status, code, detail } = error as { status?: number; code: string; detail: string }
    if (status === undefined || code === 'internal') throw error
    return { status, code, detail, body: undefined }
  }
}

async function fill(database: Database, catalog: Catalog, rows: Rows): Promise<void> {
  await database.dedicated(async (session) => {
    // References between models may form circles; the rows are valid as a whole.
    await session.script('set session_replication_role = replica')
    for (const [name, all] of rows) {
      const model = catalog.models.get(name)
      if (!model) throw new Error(`${name} is a model`)
      await session.script(`delete from "${model.schema}"."${model.table}"`)
      if (all.length > 0) await session.query(insertion(model, all))
    }
  })
}

function insertion(model: Model, rows: readonly Row[]): { text: string; values: unknown[] } {
  const fields = [...model.fields.values()].filter(({ computed }) => !computed)
  const values: unknown[] = []
  const tuples = rows.map((row) => {
    const cells = fields.map((field) => {
      const value = row[field.name] ?? null
      const cell = value === null ? null : field.kind.parameter(value)
      return `$${values.push(cell)}::${field.kind.columnType}`
    })
    return `(${cells.join(', ')})`
  })
  const columns = fields.map(({ column }) => `"${column}"`).join(', ')
  const into = `"${model.schema}"."${model.table}"`
  const text = `insert into ${into} (${columns}) values ${tuples.join(', ')}`
  return { text, values }
}
