/** Owns the proofs of fair use: what one caller asks for does not decide how long another waits. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/time.ts'
import type { Database, Query, Rows } from '../database.ts'
import { onOwnServers, rejects, say } from './servers.ts'

const point: Query = { text: 'select 7', values: [], name: 'point', repeatable: true }

/** Rows of so many bytes; one text, so that values alone decide whether it is slow. */
function rows(bytes: number, rest: Partial<Query> = {}): Query {
  const text = "select repeat('x', 1000), generate_series(1, $1::int)"
  return { text, values: [bytes / 1_000], name: 'rows', repeatable: true, ...rest }
}

/** Takes time in the server by a value, under one name. */
function nap(seconds: number, rest: Partial<Query> = {}): Query {
  const text = 'select pg_sleep($1::float8), $2::text'
  return { text, values: [seconds, ''], name: 'nap', repeatable: true, ...rest }
}

async function learn(database: Database, ...queries: readonly Query[]): Promise<void> {
  for (const query of queries) for (let n = 0; n < 3; n++) await database.query(query)
}

const texts = ({ rows: cells }: Rows): readonly unknown[] => cells.map((row) => row[0])

onOwnServers('fair use', (server) => {
  test('who asks for one quick read is served before the rest of a long queue', async (context) => {
    const limits = { pipelineConnections: 1, quickReadsPerConnectionMax: 4 }
    const database = await server.open(context, limits)
    await learn(database, point)
    const order: string[] = []
    const ask = async (caller: string): Promise<void> => {
      await database.query({ ...point, caller })
      order.push(caller)
    }
    const heavy = Array.from({ length: 100 }, () => ask('user:heavy'))
    await Promise.all([...heavy, ask('user:late'), ask('network:late')])
    const places = ['user:late', 'network:late'].map((caller) => order.indexOf(caller))
    assert.ok(
      places.every((place) => place < 12),
      `served as number ${places.join(', ')}`,
    )
  })

  test('a slow read delays neither quick reads nor those of another caller', async (context) => {
    // Those of one caller run one after the other: the last of them may wait as long as it takes.
    const database = await server.open(context, { acquireTimeoutMs: 60_000 })
    await learn(database, point)
    const order: string[] = []
    const ask = async (what: string, query: Query): Promise<void> => {
      await database.query(query)
      order.push(what)
    }
    const slow = say('select pg_sleep(1.5)')
    const heavy = Array.from({ length: 3 }, () => ask('heavy', { ...slow, caller: 'user:heavy' }))
    const other = ask('other', { ...slow, caller: 'user:other' })
    await sleep(20)
    await ask('quick', { ...point, caller: 'user:quick' })
    await ask('quick', { ...point, caller: 'user:heavy' })
    await Promise.all([...heavy, other])
    assert.deepEqual(order.slice(0, 2), ['quick', 'quick'])
    assert.ok(order.indexOf('other') < 4, order.join(' '))
  })

  test('slow reads leave one connection to the quick, however few there are', async (context) => {
    // These two and no more.
    const limits = { pipelineConnections: 2, slowReadConnections: 2, spareConnections: -2 }
    const database = await server.open(context, limits)
    await learn(database, point)
    const order: string[] = []
    const slow = ['user:one', 'user:two'].map((caller) =>
      database.query({ ...say('select pg_sleep(1.2)'), caller }).then(() => order.push('slow')),
    )
    await sleep(20)
    await database.query(point).then(() => order.push('quick'))
    await Promise.all(slow)
    assert.deepEqual(order, ['quick', 'slow', 'slow'])
  })

  test('quick reads behind one that becomes slow are answered elsewhere', async (context) => {
    const limits = { pipelineConnections: 1, slowReadConnections: 1, spareConnections: 1 }
    const database = await server.open(context, limits)
    await learn(database, point, nap(0))
    const pid = { ...point, text: 'select pg_backend_pid()', name: 'pid' }
    await learn(database, pid)
    const [first] = texts(await database.query(pid))
    const order: string[] = []
    const slow = database.query(nap(1)).then(() => order.push('slow'))
    const behind = Array.from({ length: 5 }, async () => {
      const [other] = texts(await database.query(pid))
      order.push('quick')
      return other
    })
    for (const other of await Promise.all(behind)) assert.notEqual(other, first)
    await slow
    assert.equal(order.at(-1), 'slow')
  })

  test('many rows are noticed while they come: those behind them do not wait', async (context) => {
    const limits = { pipelineConnections: 1, slowReadConnections: 1, spareConnections: 1 }
    const database = await server.open(context, limits)
    await learn(database, point, rows(1_000))
    const order: string[] = []
    const many = database.query(rows(30_000_000)).then(({ count }) => {
      order.push('many')
      assert.equal(count, 30_000)
    })
    await Promise.all([1, 2, 3].map(() => database.query(point).then(() => order.push('point'))))
    await many
    assert.equal(order.at(-1), 'many')
  })

  test('too long rows are not read to their end, and nobody else fails', async (context) => {
    const limits = { pipelineConnections: 1, statementTimeoutMs: 2_000 }
    const database = await server.open(context, limits)
    const observer = await server.open(context)
    await learn(database, point, rows(1_000))
    const [backend] = texts(await database.query(say('select pg_backend_pid()')))
    // Whole, this one would take minutes: the server would end it by its own timeout.
    const endless = rejects(database.query(rows(1_000_000_000_000, { rowBytesMax: 3_000_000 })), {
      code: 'query_too_costly',
    })
    const behind = Array.from({ length: 20 }, () => database.query(point))
    for (const answer of await Promise.all(behind)) assert.deepEqual(texts(answer), ['7'])
    await endless
    // The connection was dropped, and the server stopped reading at once.
    const there = say('select from pg_stat_activity where pid = $1', backend)
    for (let looks = 0; (await observer.query(there)).count > 0; looks++) {
      assert.ok(looks < 100, 'the connection is still there')
      await sleep(10)
    }
    assert.deepEqual(texts(await database.query(point)), ['7'])
  })

  test('where slow reads hold every connection, quick ones get one back', async (context) => {
    const limits = { pipelineConnections: 1, slowReadConnections: 1, spareConnections: 0 }
    const database = await server.open(context, limits)
    await learn(database, point, nap(0))
    const other = { ...nap(0), text: 'select pg_sleep($1::float8), 2, $2::text', name: 'other' }
    await learn(database, other)
    const slow = [database.query(nap(2))]
    await sleep(100)
    slow.push(database.query({ ...other, values: [2, ''] }))
    await sleep(100)
    const order: string[] = []
    const quick = database.query(point).then(() => order.push('quick'))
    await Promise.all([quick, ...slow.map((one) => one.then(() => order.push('slow')))])
    assert.deepEqual(order, ['quick', 'slow', 'slow'])
  })

  test('a change that waits for a lock does not make others wait', async (context) => {
    const database = await server.open(context)
    await database.query(say('drop table if exists public.hot'))
    await database.query(say('create table public.hot (id int primary key, n int)'))
    await database.query(say('insert into public.hot values (1, 0), (2, 0)'))
    const update = (id: number, caller: string): Query => ({
      ...say('update public.hot set n = n + 1 where id = $1', id),
      caller,
    })
    const order: string[] = []
    const waiting: Promise<unknown>[] = []
    await database.transaction(async (session) => {
      await session.query(update(1, ''))
      for (let n = 0; n < 60; n++) waiting.push(database.query(update(1, 'user:stuck')))
      await sleep(450)
      for (let n = 0; n < 10; n++) {
        await database.query(update(2, 'user:other')).then(() => order.push('other'))
      }
    })
    await Promise.all(waiting)
    assert.equal(order.length, 10)
    const total = await database.query(say('select n from public.hot order by id'))
    assert.deepEqual(texts(total), ['61', '10'])
    await database.query(say('drop table public.hot'))
  })
})

onOwnServers('what may wait', (server) => {
  test('one caller waits with so many and no more; others still may', async (context) => {
    const limits = { statementsWaitingPerCallerMax: 3, slowReadConnections: 2 }
    const database = await server.open(context, limits)
    const slow = { ...say('select pg_sleep(0.1)'), caller: 'user:heavy' }
    const settled = Promise.allSettled(Array.from({ length: 6 }, () => database.query(slow)))
    const other = database.query({ ...slow, caller: 'user:other' })
    const refused = (await settled).flatMap((one) =>
      one.status === 'rejected' ? [one.reason] : [],
    )
    assert.equal(refused.length, 2)
    for (const reason of refused) {
      assert.equal(reason.code, 'rate_limited')
      assert.equal(reason.retryAfterSeconds, 1)
      assert.match(reason.detail, /statementsWaitingPerCallerMax/)
    }
    assert.equal((await other).count, 1)
  })

  test('in all: who waits with the most makes room', async (context) => {
    const limits = { statementsWaitingMax: 4, slowReadConnections: 2 }
    const database = await server.open(context, limits)
    const slow = { ...say('select pg_sleep(0.1)'), caller: 'user:heavy' }
    await Promise.all(['', 'user:one'].map((caller) => database.query({ ...slow, caller })))
    const heavy = Array.from({ length: 5 }, () => database.query(slow))
    const others = ['user:one', 'user:two', 'user:three'].map((caller) =>
      database.query({ ...slow, caller }),
    )
    const outcomes = (await Promise.allSettled(heavy)).map((one) =>
      one.status === 'rejected' ? one.reason.code : 'done',
    )
    assert.deepEqual(outcomes, ['done', 'done', 'done', 'overloaded', 'overloaded'])
    for (const other of await Promise.all(others)) assert.equal(other.count, 1)
  })

  test('nobody waits for ever', async (context) => {
    const limits = { acquireTimeoutMs: 60, statementTimeoutMs: 2_000 }
    const database = await server.open(context, limits)
    const slow = { ...say('select pg_sleep(0.5)'), caller: 'user:heavy' }
    const first = database.query(slow)
    await rejects(database.query(slow), { code: 'overloaded' })
    assert.equal((await first).count, 1)
  })

  test('transactions wait in turn by caller; who fills the queue makes room', async (context) => {
    const database = await server.open(context, { poolConnectionsMax: 2, acquireQueueMax: 20 })
    const order: string[] = []
    const ask = async (caller: string | undefined, seconds = 0.02): Promise<void> => {
      await database.transaction((session) => session.query(say(`select pg_sleep(${seconds})`)), {
        ...{ isolation: 'read committed', caller },
      })
      order.push(caller ?? 'app')
    }
    const heavy = Array.from({ length: 22 }, () => ask('user:heavy'))
    const late = [ask('user:late'), ask(undefined)]
    const outcomes = await Promise.allSettled(heavy)
    await Promise.all(late)
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    assert.equal(refused.length, 2, 'as many as others needed places')
    const places = ['user:late', 'app'].map((caller) => order.indexOf(caller))
    assert.ok(
      places.every((place) => place < 8),
      `served as number ${places.join(', ')}`,
    )
    const alone = await Promise.allSettled(Array.from({ length: 30 }, () => ask('user:heavy')))
    assert.equal(alone.filter(({ status }) => status === 'rejected').length, 8)
  })
})
