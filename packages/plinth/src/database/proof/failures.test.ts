/** Owns the proofs of failures: each PostgreSQL error has its code, and tells nothing inside. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { parseDatabaseUrl } from '../address.ts'
import { databaseErrorOf, failureOf } from '../errors.ts'
import { openDatabase } from '../open.ts'
import { onOwnServers, rejects, say } from './servers.ts'

const schema = `
  drop schema if exists secret_schema cascade; create schema secret_schema;
  create table secret_schema.parent (id int primary key, n int not null check (n > 0));
  create table secret_schema.child
    (id int, parent int constraint secret_key references secret_schema.parent);
  insert into secret_schema.parent values (1, 1); insert into secret_schema.child values (1, 1)`

const table: readonly (readonly [string, string, string])[] = [
  ['insert into secret_schema.parent values (1, 1)', 'conflict', '23505'],
  ['insert into secret_schema.child values (2, 77)', 'conflict', '23503'],
  ['delete from secret_schema.parent', 'still_referenced', '23503'],
  ['insert into secret_schema.parent values (2, 0)', 'invalid_input', '23514'],
  ['insert into secret_schema.parent values (2, null)', 'invalid_input', '23502'],
  ["select 'secret_word'::int", 'invalid_input', '22P02'],
  ['select pg_sleep(5)', 'deadline_exceeded', '57014'],
  ['select * from secret_schema.missing', 'internal', '42P01'],
  ['copy secret_schema.parent from stdin', 'internal', '0A000'],
]

onOwnServers('failures', (server) => {
  test('each error has its code and its state, and shows nothing inside', async (context) => {
    const database = await server.open(context, { statementTimeoutMs: 150 })
    await database.dedicated((session) => session.script(schema))
    for (const [text, code, sqlState] of table) {
      const failure = await database.query(say(text)).catch((error: unknown) => error)
      assert.ok(failure instanceof Failure, text)
      assert.equal(failure.code, code, text)
      assert.equal(databaseErrorOf(failure)?.sqlState, sqlState, text)
      assert.doesNotMatch(failure.detail + failure.message, /secret/)
    }
    assert.equal((await database.query(say('select 1'))).count, 1)
  })

  test('planners learn the constraint from the cause', async (context) => {
    const database = await server.open(context)
    await database.dedicated((session) => session.script(schema))
    const insert = database.query(say('insert into secret_schema.child values (2, 77)'))
    const error = databaseErrorOf(await insert.catch((reason: unknown) => reason))
    assert.equal(error?.constraint, 'secret_key')
    assert.deepEqual([error?.schema, error?.table], ['secret_schema', 'child'])
  })

  test('a lock that is held for too long is overloaded', async (context) => {
    const database = await server.open(context, { lockTimeoutMs: 100 })
    await database.dedicated((session) => session.script(schema))
    await database.transaction(async (session) => {
      await session.query(say('lock table secret_schema.parent'))
      const blocked = database.query(say('select * from secret_schema.parent'))
      await rejects(blocked, { code: 'overloaded', sqlState: '55P03' })
    })
  })

  test('an idle transaction is ended, and says so', async (context) => {
    const database = await server.open(context, { idleInTransactionTimeoutMs: 50 })
    await assert.rejects(
      database.transaction(async (session) => {
        await session.query(say('select 1'))
        await new Promise((resolve) => setTimeout(resolve, 200))
      }),
      { code: 'unavailable' },
    )
  })

  test('a server that cannot be used names the cure and no password', async () => {
    const place = server.address()
    const missing = openDatabase({ ...place, database: 'missing', password: 'hunter2' })
    await assert.rejects(missing, { code: 'unavailable', message: /missing.*create it/ })
    const nobody = openDatabase({ ...place, host: '/nowhere', password: 'hunter2' })
    await assert.rejects(nobody, (error: Error) => {
      assert.match(error.message, /no socket: start PostgreSQL/)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
  })

  test('DATABASE_URL leads to the same server', async () => {
    const { host, port } = server.address()
    const socket = encodeURIComponent(host)
    const url = `postgresql://plinth@/postgres?host=${socket}&port=${port}&sslmode=disable`
    const database = await openDatabase(parseDatabaseUrl(url))
    assert.equal((await database.query(say('select 1'))).count, 1)
    await database.close()
  })
})

test('nothing listens there: unavailable with the cure', async () => {
  const address = { host: '127.0.0.1', port: 1, user: 'a', database: 'b' }
  await assert.rejects(openDatabase(address), {
    code: 'unavailable',
    message: /b at 127\.0\.0\.1:1 cannot be used\. Nothing listens there/,
  })
})

test('a full disk: told to callers, with what to do, and nothing of the database', () => {
  const failure = failureOf({ sqlState: '53100', message: 'could not extend file "base/5/1": ...' })
  assert.deepEqual([failure.code, failure.status], ['unavailable', 503])
  assert.match(failure.detail, /no room to store this, and nothing was stored\. Try again/)
  assert.doesNotMatch(failure.detail, /extend/)
})

test('states without a server at hand', () => {
  const codes = ['40P01', '53100', '08006', '57P01', 'XX000'].map(
    (sqlState) => failureOf({ sqlState, message: 'secret' }).code,
  )
  assert.deepEqual(codes, ['overloaded', 'unavailable', 'unavailable', 'unavailable', 'internal'])
})
