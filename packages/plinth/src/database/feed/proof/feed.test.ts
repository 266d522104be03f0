/** Owns the proofs of the feed against real servers: what is told, in which order, until when. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { present } from '../../../base/assert.ts'
import { hex, randomBytes } from '../../../base/ids.ts'
import { limits } from '../../../base/limits.ts'
import { sleep } from '../../../base/time.ts'
import { startSystemPostgres, systemPostgresVersion } from '../../../testing/system-postgres.ts'
import type { Database, DatabaseAddress } from '../../database.ts'
import { createDatabase } from '../../databases.ts'
import { startEmbedded } from '../../embedded/server.ts'
import { databaseErrorOf } from '../../errors.ts'
import { openDatabase } from '../../open.ts'
import { rejects, say } from '../../proof/servers.ts'
import type { Commit, Feed } from '../change.ts'
import { publish } from '../publication.ts'

interface Server {
  readonly address: DatabaseAddress
  stop(): Promise<void>
}

async function startPrivate(): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'plinth-feed-'))
  const server = await startEmbedded({ directory, log: () => undefined })
  return {
    address: server.address,
    async stop() {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const installed = await systemPostgresVersion()
const logical = { wal_level: 'logical', max_replication_slots: '4', max_wal_senders: '4' }
const startSystem = async (): Promise<Server> => {
  return present(await startSystemPostgres(logical), 'the server')
}

const made = `create schema shop;
  create table shop.product (id uuid primary key, name text, stock integer, note text);
  create table shop.tag (product uuid, label text, primary key (product, label))`
const tables = [
  { schema: 'shop', table: 'product' },
  { schema: 'shop', table: 'tag' },
]

interface World {
  readonly database: Database
  readonly commits: Commit[]
  readonly feed: Feed
  /** Waits until so many commits were told. */
  told(count: number): Promise<readonly Commit[]>
}

async function open(server: Server, context: TestContext): Promise<Database> {
  const first = await openDatabase(server.address)
  context.after(() => first.close())
  const name = `feed_${hex(randomBytes(6))}`
  await createDatabase(first, { name })
  const database = await openDatabase({ ...server.address, database: name })
  context.after(() => database.close())
  await database.dedicated((session) => session.script(made))
  await publish(database, 'plinth_live', tables)
  return database
}

async function follow(database: Database, context: TestContext): Promise<World> {
  const commits: Commit[] = []
  const slot = `plinth_${hex(randomBytes(8))}`
  const feed = await database.follow({
    publication: 'plinth_live',
    slot,
    onCommit: (commit) => commits.push(commit),
  })
  context.after(() => feed.close())
  return { database, commits, feed, told: (count) => told(commits, count) }
}

async function told(commits: readonly Commit[], count: number): Promise<readonly Commit[]> {
  for (let tries = 0; commits.length < count; tries++) {
    assert.ok(tries < 1_000, `${count} commits are told, not ${commits.length}`)
    await sleep(10)
  }
  return commits
}

const idOf = (number: number): string =>
  `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`

function prove(title: string, start: () => Promise<Server>, skip: boolean): void {
  describe(title, { skip }, () => {
    let server: Server
    before(async () => {
      server = await start()
    })
    after(() => server?.stop())

    test('tells which rows each commit changed, and what they are now', async (context) => {
      const { database, told: wait } = await follow(await open(server, context), context)
      const id = idOf(1)
      await database.query(say('insert into shop.product values ($1, $2, 3, null)', id, 'Täßse'))
      await database.query(say('update shop.product set stock = 2'))
      await database.query(say('update shop.product set id = $1', idOf(2)))
      await database.query(say("insert into shop.tag values ($1, 'red')", id))
      await database.query(say('delete from shop.product'))
      const commits = await wait(5)
      const rows = commits.map(({ tables: changed }) =>
        [...changed].map(([name, table]) => [name, table.rows]),
      )
      const gone = (key: string) => ({ key, values: undefined })
      assert.deepEqual(rows, [
        [['shop.product', [{ key: id, values: [id, 'Täßse', '3', null] }]]],
        [['shop.product', [{ key: id, values: [id, 'Täßse', '2', null] }]]],
        [['shop.product', [gone(id), { key: idOf(2), values: [idOf(2), 'Täßse', '2', null] }]]],
        [['shop.tag', [{ key: `${id} red`, values: [id, 'red'] }]]],
        [['shop.product', [gone(idOf(2))]]],
      ])
      const columns = commits[0]?.tables.get('shop.product')?.columns
      assert.deepEqual(
        [...(columns ?? [])].map(([name]) => name),
        ['id', 'name', 'stock', 'note'],
      )
      for (const [at, { lsn }] of commits.entries()) {
        assert.ok(lsn > (commits[at - 1]?.lsn ?? 0n), 'the place in the log grows')
      }
    })

    test('tells in the order of commits, and of nothing that was rolled back', async (context) => {
      const { database, told: wait } = await follow(await open(server, context), context)
      const insert = (number: number) =>
        say("insert into shop.product values ($1, 'x', 1, null)", idOf(number))
      const held = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      const long = database.transaction(async (session) => {
        await session.query(insert(1))
        begun.resolve()
        await held.promise
      })
      await begun.promise
      await database.query(insert(2))
      const undone = new Error('no')
      await assert.rejects(
        database.transaction(async (session) => {
          await session.query(insert(3))
          throw undone
        }),
        undone,
      )
      await wait(1)
      held.resolve()
      await long
      const commits = await wait(2)
      const keys = commits.map(({ tables: changed }) => {
        return changed.get('shop.product')?.rows?.map(({ key }) => key)
      })
      assert.deepEqual(keys, [[idOf(2)], [idOf(1)]])
    })

    test('tells nothing apart where too much changed, and where all went', async (context) => {
      const { database, told: wait } = await follow(await open(server, context), context)
      const many = limits.feedRowsPerCommitMax + 1
      await database.query(
        say(
          `insert into shop.product select gen_random_uuid(), 'x', 1, null
            from generate_series(1, $1::integer)`,
          many,
        ),
      )
      await database.query(say('truncate shop.product'))
      const commits = await wait(2)
      for (const { tables: changed } of commits) {
        assert.equal(changed.get('shop.product')?.rows, undefined)
        assert.ok(changed.has('shop.product'))
      }
    })

    test('leaves out a long value that did not change', async (context) => {
      const { database, told: wait } = await follow(await open(server, context), context)
      const note = hex(randomBytes(20_000))
      await database.query(say("insert into shop.product values ($1, 'x', 1, $2)", idOf(1), note))
      await database.query(say('update shop.product set stock = 2'))
      const [first, second] = await wait(2)
      const valuesOf = (commit: Commit | undefined) =>
        commit?.tables.get('shop.product')?.rows?.[0]?.values
      assert.equal(valuesOf(first)?.[3], note)
      assert.deepEqual(valuesOf(second), [idOf(1), 'x', '2', undefined])
    })

    test('says when it is lost, and leaves no slot behind', async (context) => {
      const { database, feed } = await follow(await open(server, context), context)
      const slots = say(
        'select count(*) from pg_replication_slots where database = current_database()',
      )
      assert.deepEqual((await database.query(slots)).rows, [['1']])
      await database.query(say('select pg_terminate_backend($1)', feed.processId))
      const failure = await feed.lost
      assert.equal(failure.code, 'unavailable')
      for (let tries = 0; (await database.query(slots)).rows[0]?.[0] !== '0'; tries++) {
        assert.ok(tries < 200, 'the slot goes')
        await sleep(20)
      }
    })

    test('loses nothing and mixes nothing up under many writers', async (context) => {
      const { database, commits, told: wait } = await follow(await open(server, context), context)
      const writers = 8
      const each = 50
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let at = 0; at < each; at++) {
            const row = [idOf(writer), 'x', at]
            await database.query(
              say(
                `insert into shop.product values ($1, $2, $3, null)
                  on conflict (id) do update set stock = excluded.stock`,
                ...row,
              ),
            )
          }
        }),
      )
      await wait(writers * each)
      assert.equal(commits.length, writers * each)
      const last = new Map<string, number>()
      for (const { tables: changed } of commits) {
        const row = changed.get('shop.product')?.rows?.[0]
        const stock = Number(row?.values?.[2])
        assert.equal(stock, (last.get(row?.key ?? '') ?? -1) + 1)
        last.set(row?.key ?? '', stock)
      }
    })

    test('a publication is made once, and takes in what is new', async (context) => {
      const database = await open(server, context)
      await Promise.all([1, 2, 3].map(() => publish(database, 'plinth_live', tables)))
      await database.dedicated((session) =>
        session.script('create table shop.extra (id uuid primary key)'),
      )
      await publish(database, 'plinth_live', [...tables, { schema: 'shop', table: 'extra' }])
      const { rows } = await database.query(
        say('select count(*) from pg_publication_tables where pubname = $1', 'plinth_live'),
      )
      assert.deepEqual(rows, [['3']])
    })
  })
}

prove('the feed on the embedded server', startPrivate, false)
const word = installed ?? 'none is installed'
prove(`the feed on the machine's PostgreSQL (${word})`, startSystem, installed === undefined)

test('a server that does not decode says so', {
  skip: installed === undefined,
}, async (context) => {
  const server = present(await startSystemPostgres(), 'the server')
  context.after(() => server.stop())
  const database = await open(server, context)
  const onCommit = (): void => undefined
  const failure = await rejects(
    database.follow({ publication: 'plinth_live', slot: 'plinth_x', onCommit }),
    { code: 'unavailable', sqlState: '55000' },
  )
  assert.match(String(databaseErrorOf(failure)?.message), /wal_level/)
})
