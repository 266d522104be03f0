/** Owns the two real servers of the proofs: the embedded 18 and the machine's own (15). */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext } from 'node:test'
import { keptServers } from '../../app/config/config.ts'
import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import { startSystemPostgres, systemPostgresVersion } from '../../testing/system-postgres.ts'
import type { Database, DatabaseAddress, Query } from '../database.ts'
import { createDatabase, dropDatabase, siblingAddress } from '../databases.ts'
import { startEmbedded } from '../embedded/server.ts'
import { databaseErrorOf } from '../errors.ts'
import { type DatabaseOptions, openDatabase } from '../open.ts'

/** A server under proof. */
export interface ProvenServer {
  readonly address: () => DatabaseAddress
  /** Opens a database that is closed at the end of the test. */
  open(context: TestContext, limits?: DatabaseOptions['limits']): Promise<Database>
}

/** A statement without a name. */
export function say(text: string, ...values: readonly unknown[]): Query {
  return { text, values }
}

/** What a rejection is expected to be. */
export interface Expected {
  readonly code: string
  readonly sqlState?: string
  readonly outcomeUnknown?: boolean
  readonly message?: RegExp
}

/** Asserts that the call fails like this. */
export async function rejects(call: Promise<unknown>, expected: Expected): Promise<Failure> {
  const failure = await call.then(
    () => assert.fail(`nothing failed with ${expected.code}`),
    (reason: unknown) => reason,
  )
  assert.ok(failure instanceof Failure, String(failure))
  const cause = databaseErrorOf(failure)
  assert.equal(failure.code, expected.code)
  if (expected.sqlState) assert.equal(cause?.sqlState, expected.sqlState)
  if (expected.message) assert.match(failure.message, expected.message)
  assert.equal(cause?.outcomeUnknown ?? false, expected.outcomeUnknown ?? false)
  return failure
}

interface Started {
  readonly address: DatabaseAddress
  stop(): Promise<void>
}

const systemVersion = await systemPostgresVersion()

/**
 * Declares the same proofs for both servers. A run of many files keeps the servers between them;
 * what is proven stands in databases of its own.
 */
export function onBothServers(title: string, proofs: (server: ProvenServer) => void): void {
  const { embedded, system } = keptServers()
  const titled = titlesOf(title)
  prove(titled.embedded, proofs, embedded ? kept(embedded) : startPrivate)
  prove(titled.system, proofs, system ? kept(system) : startSystem)
}

/** Declares the same proofs for both servers, started for them alone: nothing else is on them. */
export function onOwnServers(title: string, proofs: (server: ProvenServer) => void): void {
  const titled = titlesOf(title)
  prove(titled.embedded, proofs, startPrivate)
  prove(titled.system, proofs, startSystem)
}

function titlesOf(title: string) {
  const word = systemVersion ?? 'none is installed'
  return {
    embedded: `${title} on the embedded server`,
    system: `${title} on the machine's PostgreSQL (${word})`,
  }
}

type Start = (() => Promise<Started>) | undefined

/** A server that other files have used: what this one proves has a database of its own. */
function kept(address: DatabaseAddress): Start {
  return async () => {
    const name = `plinth_proof_${hex(randomBytes(8))}`
    const administer = async (work: (admin: Database) => Promise<void>): Promise<void> => {
      const admin = await openDatabase(address, { limits: { pipelineConnections: 1 } })
      await work(admin).finally(() => admin.close())
    }
    await administer((admin) => createDatabase(admin, { name }))
    return {
      address: siblingAddress(address, name),
      stop: () => administer((admin) => dropDatabase(admin, name)),
    }
  }
}

const startSystem: Start =
  systemVersion === undefined
    ? undefined
    : async () => present(await startSystemPostgres(), 'the server')

async function startPrivate(): Promise<Started> {
  const directory = await mkdtemp(join(tmpdir(), 'plinth-proof-'))
  const server = await startEmbedded({ directory, log: () => undefined })
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
  return { address: server.address, stop }
}

/** Without a way to start a server its proofs are skipped. */
function prove(title: string, proofs: (server: ProvenServer) => void, start: Start): void {
  describe(title, { skip: start === undefined }, () => {
    let started: Started | undefined
    before(async () => {
      started = await start?.()
    })
    after(() => started?.stop())
    const address = (): DatabaseAddress => present(started, 'the server').address
    proofs({
      address,
      async open(context, limits = {}) {
        const database = await openDatabase(address(), { limits })
        context.after(() => database.close())
        return database
      },
    })
  })
}
