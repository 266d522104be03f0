/** Owns the proofs of shared transactions: as strong as one each, and told after the commit. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/time.ts'
import type { Database, Session, TransactionOptions } from '../database.ts'
import { openDatabase } from '../open.ts'
import { startProxy } from './proxy.ts'
import { onOwnServers, rejects, say } from './servers.ts'

type Work<T = unknown> = (session: Session) => Promise<T>

const oneAtATime = { sharedTransactionsMax: 1, sharedWorkMs: 5_000 }

const share = <T>(database: Database, work: Work<T>, more: TransactionOptions = {}): Promise<T> =>
  database.transaction(work, { shares: 'shop.place', ...more })

/** Runs works that all wait behind one that is under way: those behind it may share. */
async function waiting(
  database: Database,
  works: readonly (() => Promise<unknown>)[],
): Promise<readonly PromiseSettledResult<unknown>[]> {
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const first = share(database, () => {
    begun.resolve()
    return gate.promise
  })
  await begun.promise
  const rest = works.map((work) => work())
  gate.resolve()
  await first
  return Promise.allSettled(rest)
}

async function table(database: Database): Promise<void> {
  await database.query(say('drop table if exists public.shared'))
  await database.query(say('create table public.shared (n integer primary key, x text)'))
}

const whichText = 'pg_catalog.pg_current_xact_id()::text'

/** Stores a number; tells in which transaction. */
const storing =
  (n: number): Work<string> =>
  async (session) => {
    const text = `insert into public.shared values (${n}, ${whichText}) returning x`
    return (await session.query(say(text))).rows[0]?.[0] ?? ''
  }

async function stored(database: Database): Promise<readonly number[]> {
  const { rows } = await database.query(say('select n from public.shared order by n'))
  return rows.map(([n]) => Number(n))
}

const values = (told: readonly PromiseSettledResult<unknown>[]): readonly unknown[] =>
  told.map((one) => (one.status === 'fulfilled' ? one.value : one.reason))

onOwnServers('works that share a transaction', (server) => {
  test('are committed together, and none is told before', async (context) => {
    const database = await server.open(context, oneAtATime)
    await table(database)
    const seen: (readonly number[])[] = []
    const told = await waiting(
      database,
      [1, 2, 3].map((n) => async () => {
        const which = await share(database, storing(n))
        seen.push(await stored(database))
        return which
      }),
    )
    assert.equal(new Set(values(told)).size, 1, String(values(told)))
    assert.deepEqual(
      seen,
      [1, 2, 3].map(() => [1, 2, 3]),
    )
  })

  test('are run one after another, and each sees what those before it did', async (context) => {
    const database = await server.open(context, oneAtATime)
    await table(database)
    let running = 0
    const work = async (session: Session): Promise<string> => {
      assert.equal(++running, 1)
      const { rows } = await session.query(say('select count(*) from public.shared'))
      // Not waited for: it is under way when the next one begins.
      session
        .query(say(`insert into public.shared values (${Number(rows[0]?.[0])})`))
        .catch(() => {})
      await sleep(1)
      running -= 1
      return rows[0]?.[0] ?? ''
    }
    const told = await waiting(
      database,
      [1, 2, 3, 4].map(() => () => share(database, work)),
    )
    assert.deepEqual(values(told), ['0', '1', '2', '3'])
    assert.deepEqual(await stored(database), [0, 1, 2, 3])
  })

  test('came before it began: nobody is given a snapshot older than the call', async (context) => {
    const database = await server.open(context, { ...oneAtATime, sharedWorksMax: 8 })
    await table(database)
    const begun = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const first = share(database, async (session) => {
      const which = await storing(1)(session)
      begun.resolve()
      await gate.promise
      return which
    })
    await begun.promise
    await database.query(say('insert into public.shared values (2)'))
    const late = share(database, async (session) => {
      const { rows } = await session.query(say(`select ${whichText}, count(*) from public.shared`))
      return rows[0]
    })
    gate.resolve()
    const [which, [lateWhich, count] = []] = [await first, await late]
    assert.notEqual(lateWhich, which)
    assert.equal(count, '2')
  })

  test('fail by themselves: the others are stored, each once', async (context) => {
    const database = await server.open(context, oneAtATime)
    await table(database)
    await database.query(say('insert into public.shared values (2)'))
    const mistake = new Error('changed my mind')
    const undecided = async (session: Session): Promise<void> => {
      await storing(9)(session)
      throw mistake
    }
    // Told only by the commit: nobody waits for the answer of the insert.
    const careless = async (session: Session): Promise<void> => {
      session.query(say('insert into public.shared values (2)')).catch(() => {})
    }
    const works: readonly Work[] = [storing(1), undecided, storing(3), careless, storing(4)]
    const told = await waiting(
      database,
      works.map((work) => () => share(database, work)),
    )
    const failed = values(told).map((value) => (value instanceof Error ? value.message : 'stored'))
    assert.deepEqual(
      failed.map((text) => (text === 'stored' || text === mistake.message ? text : 'taken')),
      ['stored', mistake.message, 'stored', 'taken', 'stored'],
    )
    assert.deepEqual(await stored(database), [1, 2, 3, 4])
  })

  test('that changed something before they failed leave nothing of it', async (context) => {
    const database = await server.open(context, oneAtATime)
    await table(database)
    const mistake = new Error('changed my mind')
    const undecided = async (session: Session): Promise<void> => {
      await storing(9)(session)
      throw mistake
    }
    const works: readonly Work[] = [storing(1), undecided, storing(2)]
    const told = await waiting(
      database,
      works.map((work) => () => share(database, work)),
    )
    assert.equal(values(told)[1], mistake)
    assert.deepEqual(await stored(database), [1, 2])
  })

  test('that only looked before they failed undo nobody', async (context) => {
    const database = await server.open(context, oneAtATime)
    await table(database)
    let runs = 0
    const mistake = new Error('sold out')
    const looking = async (session: Session): Promise<void> => {
      runs += 1
      await session.query({ ...say('select n from public.shared'), repeatable: true })
      throw mistake
    }
    const works: readonly Work[] = [storing(1), looking, storing(2)]
    const told = await waiting(
      database,
      works.map((work) => () => share(database, work)),
    )
    const [one, failed, two] = values(told)
    assert.deepEqual([failed, one], [mistake, two])
    assert.equal(runs, 1)
  })

  test('have claims of their own: one that fails keeps nobody else', async (context) => {
    const database = await server.open(context, oneAtATime)
    await table(database)
    const claim = { begins: [say('select 1 where 1 / 0 = 1')] }
    const told = await waiting(database, [
      () => share(database, storing(1)),
      () => share(database, storing(2), claim),
      () => share(database, storing(3)),
    ])
    assert.deepEqual(await stored(database), [1, 3])
    const [, refused] = told
    assert.ok(refused?.status === 'rejected')
    await rejects(Promise.reject(refused.reason), { code: 'invalid_input', sqlState: '22012' })
  })

  test('do not wait for one that is slow', async (context) => {
    const database = await server.open(context, { sharedTransactionsMax: 1, sharedWorkMs: 20 })
    await table(database)
    const gate = Promise.withResolvers<void>()
    const slow = share(database, () => gate.promise)
    await Promise.all([1, 2, 3].map((n) => share(database, storing(n))))
    gate.resolve()
    await slow
    assert.deepEqual(await stored(database), [1, 2, 3])
  })

  test('are all in doubt where the commit is', async (context) => {
    const direct = await server.open(context)
    await table(direct)
    const proxy = await startProxy(context, server.address())
    const database = await openDatabase(proxy.address, {
      limits: { ...oneAtATime, statementTimeoutMs: 300 },
    })
    context.after(() => database.close())
    let runs = 0
    const work =
      (n: number): Work =>
      async (session) => {
        runs += 1
        await storing(n)(session)
        if (n === 3) proxy.loss = 'answer'
      }
    const told = await waiting(
      database,
      [1, 2, 3].map((n) => () => share(database, work(n))),
    )
    for (const one of told) {
      assert.ok(one.status === 'rejected')
      const doubt = { code: 'unavailable', outcomeUnknown: true, message: /Look before/ }
      await rejects(Promise.reject(one.reason), doubt)
    }
    assert.equal(runs, 3)
    assert.deepEqual(await stored(direct), [1, 2, 3])
  })

  test('that are refused for others are run anew, each by itself', async (context) => {
    const database = await server.open(context, oneAtATime)
    await table(database)
    await database.query(say('insert into public.shared values (0, 0)'))
    let runs = 0
    const adding = async (session: Session): Promise<void> => {
      runs += 1
      const { rows } = await session.query(say('select x from public.shared where n = 0'))
      if (runs === 1) await database.query(say("update public.shared set x = '10' where n = 0"))
      const next = Number(rows[0]?.[0]) + 1
      await session.query(say(`update public.shared set x = '${next}' where n = 0`))
    }
    await waiting(
      database,
      [1, 2].map(() => () => share(database, adding)),
    )
    const { rows } = await database.query(say('select x from public.shared where n = 0'))
    assert.deepEqual(rows, [['12']])
    assert.ok(runs >= 3, String(runs))
  })
})
