/** Owns the proofs of transactions: all or nothing, retried where asked, never a guess. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/time.ts'
import type { Database, Session } from '../database.ts'
import { openDatabase } from '../open.ts'
import { onOwnServers, rejects, say } from './servers.ts'

const number = async (session: Session, text: string): Promise<number> =>
  Number((await session.query(say(text))).rows[0]?.[0])

async function counter(database: Database, name: string): Promise<void> {
  await database.query(say(`drop table if exists public.${name}`))
  await database.query(say(`create table public.${name} (id int primary key, n int not null)`))
  await database.query(say(`insert into public.${name} values (1, 0)`))
}

onOwnServers('transactions', (server) => {
  test('serializable unless asked otherwise; nothing stays after a throw', async (context) => {
    const database = await server.open(context)
    await counter(database, 'undone')
    const level = (session: Session) => session.query(say('show transaction_isolation'))
    assert.deepEqual((await database.transaction(level)).rows, [['serializable']])
    const options = { isolation: 'read committed', readOnly: true } as const
    assert.deepEqual((await database.transaction(level, options)).rows, [['read committed']])
    await assert.rejects(
      database.transaction((session) => session.query(say('update public.undone set n = 1')), {
        readOnly: true,
      }),
      { code: 'unavailable' },
    )
    const mistake = new Error('the work failed')
    const work = async (session: Session): Promise<void> => {
      await session.query(say('update public.undone set n = 5'))
      throw mistake
    }
    await assert.rejects(database.transaction(work), mistake)
    assert.equal(await number(database, 'select n from public.undone'), 0)
  })

  test('the first statement is inside: it goes when the transaction goes', async (context) => {
    const database = await server.open(context)
    await counter(database, 'first')
    await rejects(
      database.transaction(async (session) => {
        const both = ['update public.first set n = 1', 'update public.first set n = n + 1']
        await Promise.all(both.map((text) => session.query(say(text))))
        await session.query(say('select 1 / 0'))
      }),
      { code: 'invalid_input', sqlState: '22012' },
    )
    assert.equal(await number(database, 'select n from public.first'), 0)
  })

  test('of what is asked for in one turn, nothing behind a failure is run', async (context) => {
    const database = await server.open(context)
    await counter(database, 'turn')
    let told: readonly PromiseSettledResult<unknown>[] = []
    const work = async (session: Session): Promise<void> => {
      await session.query(say('select 1'))
      const texts = [
        'update public.turn set n = 1 returning n',
        'select 1 / 0',
        "select setval('public.turn_seen', 7)",
        'update public.turn set n = 3',
      ]
      told = await Promise.allSettled(texts.map((text) => session.query(say(text))))
    }
    await database.query(say('create sequence public.turn_seen'))
    await rejects(database.transaction(work), { code: 'invalid_input', sqlState: '22012' })
    assert.deepEqual(
      told.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'rejected'],
    )
    // A sequence keeps what a transaction has drawn: it would tell.
    assert.equal(await number(database, 'select last_value from public.turn_seen'), 1)
    assert.equal(await number(database, 'select n from public.turn'), 0)
    // The connection is as good as before, also for statements that were new in that turn.
    const again = (session: Session) => session.query(say('update public.turn set n = 3'))
    assert.equal((await database.transaction(again)).count, 1)
    await database.query(say('drop sequence public.turn_seen'))
  })

  test('each answer of one turn has its own rows and count', async (context) => {
    const database = await server.open(context)
    await counter(database, 'rows')
    const answers = await database.transaction(async (session) => {
      await session.query(say('select 1'))
      return Promise.all([
        session.query(say('select n from generate_series(1, 3) n')),
        session.query(say('update public.rows set n = 5')),
        session.query(say('select n from public.rows')),
        session.query(say('select n from public.rows where n = 6')),
      ])
    })
    assert.deepEqual(
      answers.map(({ rows, count }) => [rows.flat().join(), count]),
      [
        ['1,2,3', 3],
        ['', 1],
        ['5', 1],
        ['', 0],
      ],
    )
  })

  test('real conflicts are retried until every increment counts', async (context) => {
    const database = await server.open(context)
    await counter(database, 'contended')
    let attempts = 0
    const increment = async (session: Session): Promise<void> => {
      attempts += 1
      const n = await number(session, 'select n from public.contended where id = 1')
      await session.query(say('update public.contended set n = $1 where id = 1', n + 1))
    }
    const all = Array.from({ length: 8 }, () =>
      database.transaction(increment, { attemptsMax: 50 }),
    )
    await Promise.all(all)
    assert.equal(await number(database, 'select n from public.contended'), 8)
    assert.ok(attempts > 8, 'there were conflicts')
  })

  test('a conflict that never ends is overloaded, after so many attempts', async (context) => {
    const database = await server.open(context)
    await counter(database, 'hopeless')
    let attempts = 0
    const work = async (session: Session): Promise<void> => {
      attempts += 1
      const n = await number(session, 'select n from public.hopeless')
      await database.query(say('update public.hopeless set n = n + 1'))
      try {
        await session.query(say('update public.hopeless set n = $1', n))
      } catch {
        throw new Error('the work hides the reason')
      }
    }
    const calls = database.transaction(work, { attemptsMax: 3 })
    const failure = await rejects(calls, { code: 'overloaded', sqlState: '40001' })
    assert.equal(failure.retryAfterSeconds, 1)
    assert.equal(attempts, 3)
  })

  test('a commit that PostgreSQL turned into a rollback is a failure', async (context) => {
    const database = await server.open(context)
    await counter(database, 'swallowed')
    const work = async (session: Session): Promise<void> => {
      await session.query(say('update public.swallowed set n = 9'))
      await session.query(say('insert into public.swallowed values (1, 1)')).catch(() => undefined)
    }
    await assert.rejects(database.transaction(work), { code: 'conflict' })
    assert.equal(await number(database, 'select n from public.swallowed'), 0)
  })

  test('a connection lost at COMMIT is neither done nor undone', async (context) => {
    const database = await server.open(context, { pipelineConnections: 1 })
    await counter(database, 'uncertain')
    // The commit takes seconds: a deferred trigger sleeps in it.
    await database.query(
      say(`create or replace function public.slow() returns trigger language plpgsql as
        'begin perform pg_sleep(4); return null; end'`),
    )
    await database.query(
      say(`create constraint trigger slow after update on public.uncertain
        initially deferred for each row execute function public.slow()`),
    )
    const killer = await openDatabase(server.address())
    context.after(() => killer.close())
    let attempts = 0
    let pid = 0
    const work = async (session: Session): Promise<void> => {
      attempts += 1
      await session.query(say('update public.uncertain set n = 1'))
      pid = await number(session, 'select pg_backend_pid()')
    }
    const running = rejects(database.transaction(work), {
      code: 'unavailable',
      outcomeUnknown: true,
    })
    const asleep = "select from pg_stat_activity where wait_event = 'PgSleep' and pid = $1"
    while ((await killer.query(say(asleep, pid))).count === 0) await sleep(5)
    await killer.query(say('select pg_terminate_backend($1)', pid))
    await running
    assert.equal(attempts, 1)
    assert.deepEqual((await database.transaction((one) => one.query(say('select 1')))).count, 1)
  })

  test('a connection lost before COMMIT: surely nothing is stored', async (context) => {
    const database = await server.open(context)
    await counter(database, 'cut')
    const work = async (session: Session): Promise<void> => {
      await session.query(say('update public.cut set n = 1'))
      const pid = await number(session, 'select pg_backend_pid()')
      await database.query(say('select pg_terminate_backend($1)', pid))
      await sleep(50)
    }
    await rejects(database.transaction(work), { code: 'unavailable', outcomeUnknown: false })
    assert.equal(await number(database, 'select n from public.cut'), 0)
  })

  test('who finds no connection waits, then is refused', async (context) => {
    const limits = { poolConnectionsMax: 1, acquireQueueMax: 1, acquireTimeoutMs: 100 }
    const database = await server.open(context, limits)
    const hold = database.transaction((session) => session.query(say('select pg_sleep(0.5)')))
    await sleep(50)
    const quick = () => database.transaction((session) => session.query(say('select 1')))
    const waiting = rejects(quick(), { code: 'overloaded', message: /acquireTimeoutMs/ })
    await rejects(quick(), { code: 'overloaded', message: /acquireQueueMax/ })
    await waiting
    await hold
    assert.equal((await quick()).count, 1)
  })

  test('a name that PostgreSQL refused in one transaction works in the next', async (context) => {
    const database = await server.open(context, { poolConnectionsMax: 1 })
    await database.query(say('drop table if exists public.later'))
    const read = { text: 'select 1 from public.later', values: [], name: 'later' }
    const work = (session: Session) => session.query(read)
    await rejects(database.transaction(work), { code: 'internal', sqlState: '42P01' })
    await database.query(say('create table public.later ()'))
    assert.equal((await database.transaction(work)).count, 0)
  })

  test('close waits for the transaction under way', async () => {
    const database = await openDatabase(server.address())
    await counter(database, 'closing')
    const work = async (session: Session): Promise<void> => {
      await session.query(say('update public.closing set n = 7'))
      await session.query(say('select pg_sleep(0.2)'))
    }
    let done = false
    const running = database.transaction(work).then(() => {
      done = true
    })
    await sleep(50)
    await database.close()
    await sleep(5)
    assert.ok(done, 'close returned after the transaction')
    await running
    await assert.rejects(database.query(say('select 1')), { code: 'unavailable' })
    const again = await openDatabase(server.address())
    assert.equal(await number(again, 'select n from public.closing'), 7)
    await again.close()
  })
})
