/** Owns the one PostgreSQL of a test process, and the databases made on it from templates. */

import { join } from 'node:path'
import { testServer } from '../app/config/config.ts'
import { Failure } from '../base/failure.ts'
import { hex, randomBytes } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { monotonicMs, sleep } from '../base/time.ts'
import type { DatabaseAddress, Session } from '../database/database.ts'
import {
  createDatabase,
  dropDatabase,
  listDatabases,
  renameDatabase,
  siblingAddress,
} from '../database/databases.ts'
import { runDedicated } from '../database/dedicated.ts'
import { startEmbedded } from '../database/embedded/server.ts'
import { databaseErrorOf } from '../database/errors.ts'

const slotsMax = 32
const prefix = 'plinth_test_'
const servers = new Map<string, Promise<DatabaseAddress>>()
const templates = new Map<string, Promise<void>>()

/**
 * The server of this process: the given one, PLINTH_TEST_DATABASE_URL, or an embedded one in the
 * directory, started once and ended with the process. Each test process takes a slot of its own.
 */
export function serverFor(
  given: DatabaseAddress | undefined,
  directory: string,
): Promise<DatabaseAddress> {
  const fixed = given ?? testServer()
  if (fixed) return Promise.resolve(fixed)
  const known = servers.get(directory) ?? startInSlot(directory)
  servers.set(directory, known)
  return known
}

async function startInSlot(directory: string): Promise<DatabaseAddress> {
  let last: unknown
  for (let slot = 1; slot <= slotsMax; slot++) {
    try {
      const server = await startEmbedded({
        directory: join(directory, String(slot)),
        log: (line) => process.stderr.write(`PostgreSQL: ${line}\n`),
      })
      server.unref()
      await dropLeftovers(server.address)
      return server.address
    } catch (error) {
      // Another test process holds the slot: the next one is ours.
      if (!(error instanceof Failure) || !error.detail.includes('is in use by')) throw error
      last = error
    }
  }
  throw last
}

/** Databases of processes that were killed. Templates stay: they are what makes tests quick. */
async function dropLeftovers(address: DatabaseAddress): Promise<void> {
  await administer(address, async (admin) => {
    for (const name of await listDatabases(admin, prefix)) await dropDatabase(admin, name)
  })
}

/** What a database for a test is made from. */
export interface TemplateOptions {
  readonly server: DatabaseAddress
  /** Equal for equal templates. */
  readonly fingerprint: string
  /** Fills the template, once. */
  readonly fill: (address: DatabaseAddress) => Promise<void>
}

/** A database of one's own. */
export interface TestDatabase {
  readonly address: DatabaseAddress
  drop(): Promise<void>
}

/** Makes a database as a copy of its template. */
export async function makeDatabase(options: TemplateOptions): Promise<TestDatabase> {
  const { server } = options
  const template = `plinth_template_${options.fingerprint.slice(0, 24)}`
  const key = `${server.host}:${server.port} ${template}`
  const filled = templates.get(key) ?? fillOnce(options, template)
  templates.set(key, filled)
  await filled
  const name = `${prefix}${hex(randomBytes(8))}`
  await administer(server, (admin) => createDatabase(admin, { name, template }))
  return {
    address: siblingAddress(server, name),
    drop: () => administer(server, (admin) => dropAtLast(admin, name)),
  }
}

const slotPatienceMs = 5_000
const inUse = '55006'

/** A feed that was followed leaves its slot a moment after its connection has gone. */
async function dropAtLast(admin: Session, name: string): Promise<void> {
  const lastMs = monotonicMs() + slotPatienceMs
  for (;;) {
    try {
      await dropDatabase(admin, name)
      return
    } catch (error) {
      if (databaseErrorOf(error)?.sqlState !== inUse || monotonicMs() > lastMs) throw error
      await sleep(20)
    }
  }
}

async function fillOnce({ server, fill }: TemplateOptions, template: string): Promise<void> {
  await administer(server, async (admin) => {
    if ((await listDatabases(admin, template)).includes(template)) return
    const draft = `${prefix}${hex(randomBytes(8))}`
    await createDatabase(admin, { name: draft })
    await fill(siblingAddress(server, draft))
    // Complete or not there: a killed process leaves no half-made template.
    await renameDatabase(admin, { from: draft, to: template }).catch(async (error: unknown) => {
      await dropDatabase(admin, draft)
      const made = (await listDatabases(admin, template)).includes(template)
      if (!made) throw error
    })
  })
}

/** On a single connection: a test that makes a database and drops it begins two, no more. */
function administer<T>(address: DatabaseAddress, work: (admin: Session) => Promise<T>): Promise<T> {
  return runDedicated(address, limits, work)
}
