/** Owns a running app on a database of its own, filled with given rows, for proofs of access. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApp } from '../../packages/plinth/src/app/compose.ts'
import { type MovableClock, movableClock } from '../../packages/plinth/src/base/time.ts'
import type { Catalog, Model } from '../../packages/plinth/src/catalog/catalog.ts'
import type { Database } from '../../packages/plinth/src/database/database.ts'
import { createDatabase, siblingAddress } from '../../packages/plinth/src/database/databases.ts'
import {
  type EmbeddedServer,
  startEmbedded,
} from '../../packages/plinth/src/database/embedded/server.ts'
import { openDatabase } from '../../packages/plinth/src/database/open.ts'
import { type AnyKit, app } from '../../packages/plinth/src/define/kit.ts'
import { tokenHash } from '../../packages/plinth/src/engine/identify.ts'
import { invoke } from '../../packages/plinth/src/engine/invoke.ts'
import type { Runtime } from '../../packages/plinth/src/engine/runtime.ts'
import type { Handler } from '../../packages/plinth/src/http/message.ts'
import { createRestDoor } from '../../packages/plinth/src/rest/door.ts'
import type { Asker, Row, Rows } from './rules.ts'
import { nowText, userIds } from './values.ts'

/** A PostgreSQL server for one test file. */
export interface Ground {
  /** An app of some kits on a new database. */
  open(kits: readonly AnyKit[]): Promise<Stand>
  close(): Promise<void>
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
  // biome-ignore format: the value of JSON.
  readonly body: unknown
}

const secret = 'kQ3v9ZrX1mB7tLw5HyN8cJ2fUd6sGaE4pRoTiVxKz0M'
const epochMs = Date.parse(nowText)

/** Starts a server in a temporary folder. */
export async function startGround(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'plinth-access-'))
  const server = await startEmbedded({ directory, log: () => undefined })
  const admin = await openDatabase(server.address)
  let count = 0
  return {
    async open(kits) {
      count += 1
      const name = `world_${count}`
      await createDatabase(admin, { name })
      // What these worlds hold may be lost with the machine.
      const text = `alter database ${name} set synchronous_commit = off`
      await admin.query({ text, values: [] })
      return openStand({ server, name, kits })
    },
    async close() {
      await admin.close()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

interface Opening {
  readonly server: EmbeddedServer
  readonly name: string
  readonly kits: readonly AnyKit[]
}

async function openStand({ server, name, kits }: Opening): Promise<Stand> {
  const clock = movableClock(epochMs)
  const running = await openApp(
    app({ kits }),
    {
      database: siblingAddress(server.address, name),
      secret,
      production: false,
      callsPerMinute: 1_000_000,
      schema: { mode: 'follow', migrations: '' },
    },
    { clock },
  )
  const ids = { last: 0 }
  const newId = (): string => {
    ids.last += 1
    return `01910000-0000-7000-8000-${String(ids.last).padStart(12, '0')}`
  }
  const runtime: Runtime = { ...running.runtime, newId }
  const { catalog, database } = runtime
  const handler = createRestDoor({
    catalog,
    clock,
    invoke: (call) => invoke(runtime, call),
    health: { live: () => undefined, ready: () => undefined },
  })
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

async function ask(
  runtime: Runtime,
  { asker, operation, rest }: { asker: Asker; operation: string; rest: Asked },
): Promise<Answer> {
  const caller =
    asker.id === null
      ? ({ is: 'anonymous' } as const)
      : ({ is: 'user', id: asker.id, roles: asker.roles } as const)
  const call = { operation, as: { caller }, remoteAddress: '', traceId: '', ...rest }
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
  const text = `insert into "${model.schema}"."${model.table}" (${columns}) values ${tuples.join(', ')}`
  return { text, values }
}

/** The token that a user signs requests with. */
export function tokenOf(user: number): string {
  return `pls_${String(user).repeat(43)}`
}

/** Users with sessions, the n-th with the n-th set of roles. */
export async function enrol(
  { database }: Stand,
  rolesOf: readonly (readonly string[])[],
): Promise<void> {
  const later = '2026-02-20T00:00:00Z'
  for (const [number, roles] of rolesOf.entries()) {
    const list = `{${roles.join(',')}}`
    const id = userIds[number]
    const times = `$2::timestamptz, $2::timestamptz, 1`
    await database.query({
      text: `insert into identity."user" (id, created_at, updated_at, version, email, roles, suspended)
        values ($1::uuid, ${times}, $3::text, $4::text[], false)`,
      values: [id, nowText, `user${number}@x.example`, list],
    })
    await database.query({
      text: `insert into identity.session (id, created_at, updated_at, version, user_id, token_hash, expires_at, last_used_at)
        values ($1::uuid, ${times}, $1::uuid, $3::text, $4::timestamptz, $2::timestamptz)`,
      values: [id, nowText, tokenHash(tokenOf(number)), later],
    })
  }
}
