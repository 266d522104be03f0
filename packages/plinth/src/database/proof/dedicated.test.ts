/** Owns the proofs of connections of one's own: messages, and the word when one is lost. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { present } from '../../base/assert.ts'
import { sleep } from '../../base/time.ts'
import type { Session } from '../database.ts'
import { Pool } from '../pool.ts'
import { runTransaction } from '../transaction.ts'
import { connect } from '../wire/connect.ts'
import { onOwnServers, rejects, say } from './servers.ts'

const wireLimits = {
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 5_000,
  lockTimeoutMs: 2_000,
  idleInTransactionTimeoutMs: 10_000,
  transactionTimeoutMs: 15_000,
  statementCacheMax: 500,
  statementCacheCharactersMax: 100_000,
  preparedTextCharactersMax: 10_000,
}

onOwnServers('connections of one’s own', (server) => {
  test('tell at once that they are lost, and what is asked after fails', async (context) => {
    const database = await server.open(context)
    await database.dedicated(async (session) => {
      const { rows } = await session.query(say('select pg_backend_pid()'))
      await session.query(say('select pg_advisory_lock(77)'))
      const taken = say('select pg_try_advisory_lock(77)')
      assert.deepEqual((await database.query(taken)).rows, [['f']])
      await database.query(say('select pg_terminate_backend($1)', rows[0]?.[0]))
      const failure = await session.lost
      assert.equal(failure.code, 'unavailable')
      await rejects(session.query(say('select 1')), { code: 'unavailable' })
    })
  })

  test('are not lost where their work simply ends', async (context) => {
    const database = await server.open(context)
    const lost = await database.dedicated(async (session) => session.lost.then.bind(session.lost))
    let told = false
    lost(() => {
      told = true
    })
    await sleep(50)
    assert.equal(told, false)
  })

  test('hear what is told on the channels they listen to, in order', async (context) => {
    const database = await server.open(context)
    await database.dedicated(async (session) => {
      const heard: string[] = []
      const { promise: last, resolve } = Promise.withResolvers<void>()
      await session.listen('Jobs "of" mine', (payload) => {
        heard.push(payload)
        if (payload === 'last') resolve()
      })
      await session.listen('other', (payload) => heard.push(`other ${payload}`))
      const tell = (channel: string, payload: string) =>
        database.transaction((one) => one.query(say('select pg_notify($1, $2)', channel, payload)))
      await tell('Jobs "of" mine', 'grüße 💚')
      await tell('silent', 'nobody hears this')
      await tell('other', '')
      // It may come amid the answer of a statement.
      const [, slow] = await Promise.all([
        tell('Jobs "of" mine', 'last'),
        session.query(say('select pg_sleep(0.05), 7')),
        last,
      ])
      assert.deepEqual(heard, ['grüße 💚', 'other ', 'last'])
      assert.equal(slow.rows[0]?.[1], '7')
    })
  })
})

onOwnServers('statements asked for together in a transaction', (server) => {
  test('are sent back to back and answered in their order', async (context) => {
    const database = await server.open(context)
    const order: number[] = []
    await database.transaction(async (session) => {
      const ask = async (n: number): Promise<void> => {
        const text = 'select $1::int, pg_sleep((5 - $1) * 0.01)'
        assert.equal((await session.query(say(text, n))).rows[0]?.[0], String(n))
        order.push(n)
      }
      await Promise.all([1, 2, 3, 4, 5].map(ask))
    })
    assert.deepEqual(order, [1, 2, 3, 4, 5])
  })

  test('take one round trip once it has begun', async (context) => {
    const wire = await connect(server.address(), wireLimits)
    context.after(() => wire.close())
    const pool = new Pool({
      ...{ connectionsMax: 1, queueMax: 1, acquireTimeoutMs: 1_000 },
      connect: () => Promise.resolve(wire),
    })
    const run = {
      ...{ isolation: 'serializable' as const, readOnly: false, attemptsMax: 1 },
      ...{ statementTimeoutMs: undefined, timeoutMs: undefined },
    }
    await runTransaction(
      pool,
      async (session) => {
        await session.query(say('select 1'))
        const asked = [1, 2, 3].map((n) => session.query(say('select $1::int', n)))
        assert.equal(wire.inFlight, 3)
        await Promise.all(asked)
      },
      run,
    )
  })

  test('fail together: nothing runs behind a failed one, all tell its reason', async (context) => {
    const database = await server.open(context)
    await database.query(say('drop table if exists public.together'))
    await database.query(say('create table public.together (n int primary key)'))
    const insert = (n: number) => say('insert into public.together values ($1)', n)
    for (const first of [[], [say('select 1')]]) {
      const settled: PromiseSettledResult<unknown>[] = []
      const failing = database.transaction(async (session) => {
        for (const query of first) await session.query(query)
        const asked = [insert(1), insert(1), insert(2), say('select 1')]
        settled.push(...(await Promise.allSettled(asked.map((query) => session.query(query)))))
      })
      await rejects(failing, { code: 'conflict', sqlState: '23505' })
      const reasons = settled.map((one) => (one.status === 'rejected' ? one.reason : 'done'))
      assert.equal(reasons[0], 'done')
      for (const reason of reasons.slice(1)) assert.equal(reason, reasons[1])
      assert.equal((await database.query(say('select from public.together'))).count, 0)
    }
  })

  test('and awaited by nobody: the commit fails, and no error goes astray', async (context) => {
    const database = await server.open(context)
    const astray: unknown[] = []
    const note = (reason: unknown): void => void astray.push(reason)
    process.on('unhandledRejection', note)
    context.after(() => process.off('unhandledRejection', note))
    const failing = database.transaction(async (session) => {
      void session.query(say('select 1'))
      void session.query(say('select 1 / 0'))
    })
    await rejects(failing, { code: 'invalid_input', sqlState: '22012' })
    await sleep(20)
    assert.deepEqual(astray, [])
  })

  test('where the work throws meanwhile, none outlives the transaction', async (context) => {
    const database = await server.open(context, { poolConnectionsMax: 1 })
    await database.query(say('drop table if exists public.meanwhile'))
    await database.query(say('create table public.meanwhile ()'))
    const mistake = new Error('the work failed')
    const failing = database.transaction(async (session) => {
      for (let n = 0; n < 3; n++) {
        void session.query(say('insert into public.meanwhile default values'))
      }
      throw mistake
    })
    await assert.rejects(failing, mistake)
    const count = await database.transaction((one) =>
      one.query(say('select count(*) from public.meanwhile')),
    )
    assert.deepEqual(count.rows, [['0']])
  })

  test('where BEGIN fails, nothing of it runs', async (context) => {
    const database = await server.open(context, { poolConnectionsMax: 1 })
    await database.query(say('drop table if exists public.unbegun'))
    await database.query(say('create table public.unbegun (n int)'))
    // The connection forgets the BEGIN that it had prepared, behind our back.
    const forget = say('deallocate "begin isolation level serializable"')
    await database.transaction((session) => session.query(forget))
    const insert = say('insert into public.unbegun values (1)')
    const work = async (session: Session): Promise<void> => {
      await Promise.allSettled([insert, insert].map((query) => session.query(query)))
      await session.query(insert).catch(() => undefined)
    }
    const failing = database.transaction(work, { attemptsMax: 1 })
    await rejects(failing, { code: 'internal', sqlState: '26000' })
    assert.equal((await database.query(say('select from public.unbegun'))).count, 0)
    const well = database.transaction((session) => session.query(insert))
    assert.equal((await well).count, 1)
  })
})

onOwnServers('the time of a transaction', (server) => {
  test('one statement takes no longer than it is given', async (context) => {
    const database = await server.open(context)
    const work = database.transaction((session) => session.query(say('select pg_sleep(3)')), {
      statementTimeoutMs: 50,
    })
    await rejects(work, { code: 'deadline_exceeded', sqlState: '57014' })
    const next = await database.transaction((session) =>
      session.query(say('show statement_timeout')),
    )
    assert.deepEqual(next.rows, [['5s']])
  })

  test('once it is over nothing more is sent, and nothing is stored', async (context) => {
    const database = await server.open(context)
    await database.query(say('drop table if exists public.late'))
    await database.query(say('create table public.late (n int)'))
    const insert = say('insert into public.late values (1)')
    for (const again of [true, false]) {
      const work = database.transaction(
        async (session) => {
          await session.query(insert)
          await sleep(60)
          if (again) await session.query(insert)
        },
        { timeoutMs: 30 },
      )
      await rejects(work, { code: 'deadline_exceeded', message: /nothing was stored/ })
    }
    assert.equal((await database.query(say('select from public.late'))).count, 0)
    const empty = await database.transaction(() => Promise.resolve(7), { timeoutMs: 0 })
    assert.equal(present(empty, 'the value'), 7)
  })
})
