/** Owns the proofs of single statements: text in, text out, shared connections that heal. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/time.ts'
import type { Database } from '../database.ts'
import { inspectServer } from '../guard.ts'
import { openDatabase } from '../open.ts'
import { onOwnServers, rejects, say } from './servers.ts'

onOwnServers('statements', (server) => {
  test('cells are the text that PostgreSQL prints, under fixed settings', async (context) => {
    const database = await server.open(context)
    const { rows, count } = await database.query(
      say(
        `select 1.50::numeric, 0.1::float8, true, null, '2026-11-21 03:04:05.678+02'::timestamptz,
         '1 year 2 mons 03:00'::interval, '\\xdeadbeef'::bytea, '{"a": 1}'::jsonb, array[1, null],
         'grüße 💚'`,
      ),
    )
    const instant = '2026-11-21 01:04:05.678+00'
    assert.deepEqual(rows, [
      [
        ...['1.50', '0.1', 't', null, instant, 'P1Y2MT3H', '\\xdeadbeef', '{"a": 1}'],
        ...['{1,NULL}', 'grüße 💚'],
      ],
    ])
    assert.equal(count, 1)
    const path = await database.query(say('show search_path'))
    assert.deepEqual(path.rows, [['pg_catalog']])
  })

  test('parameters of every kind arrive, none of them as SQL', async (context) => {
    const database = await server.open(context)
    const nasty = `'; drop table x; -- "\\ {a,b}`
    const { rows } = await database.query(
      say(
        `select $1::text, $2::int8, $3::bool, $4::text, $5::text[], $6::bytea, $7::jsonb,
         $8::timestamptz`,
        ...[nasty, 2n ** 62n, false, null, [nasty, null, 'NULL', ''], new Uint8Array([0, 255])],
        ...[{ a: [nasty] }, new Date(0)],
      ),
    )
    const array = `{"'; drop table x; -- \\"\\\\ {a,b}",NULL,"NULL",""}`
    const json = JSON.stringify([nasty]).replace('["', '{"a": ["').concat('}')
    assert.deepEqual(rows, [
      [...[nasty, String(2n ** 62n), 'f', null, array, '\\x00ff', json], '1970-01-01 00:00:00+00'],
    ])
  })

  test('answers larger than any buffer, and values too, come back whole', async (context) => {
    const database = await server.open(context)
    const large = 'ä€💚'.repeat(400_000)
    const [one, many] = await Promise.all([
      database.query(say('select $1::text', large)),
      database.query(say('select n from generate_series(1, 100000) n')),
    ])
    assert.equal(one.rows[0]?.[0], large)
    assert.equal(many.count, 100_000)
    assert.deepEqual(many.rows.at(-1), ['100000'])
  })

  test('many at once keep their answers apart, failed ones among them', async (context) => {
    const database = await server.open(context)
    const asked = Array.from({ length: 400 }, (_, n) =>
      database.query({
        text: n % 7 === 3 ? 'select 1 / ($1::int - $1::int)' : 'select $1::int',
        values: [n],
        name: n % 7 === 3 ? 'divide' : 'echo',
      }),
    )
    const settled = await Promise.allSettled(asked)
    settled.forEach((outcome, n) => {
      if (n % 7 === 3) assert.equal(outcome.status, 'rejected')
      else assert.deepEqual(outcome, { status: 'fulfilled', value: answer(n) })
    })
  })

  test('a named statement survives a changed column under it', async (context) => {
    const database = await server.open(context, { pipelineConnections: 1 })
    const table = 'public.shifting'
    const read = { text: `select cell from ${table}`, values: [], name: 'shifting' }
    await database.query(say(`drop table if exists ${table}`))
    await database.query(say(`create table ${table} (cell int)`))
    await database.query(say(`insert into ${table} values (1)`))
    assert.deepEqual((await database.query(read)).rows, [['1']])
    await database.query(say(`alter table ${table} alter cell type text using 'text'`))
    assert.deepEqual((await database.query(read)).rows, [['text']])
    await database.query(say(`drop table ${table}`))
  })

  test('a name that PostgreSQL refused is prepared anew', async (context) => {
    const database = await server.open(context, { pipelineConnections: 1 })
    const read = { text: 'select 1 from public.later', values: [], name: 'later' }
    await database.query(say('drop table if exists public.later'))
    const both = await Promise.allSettled([database.query(read), database.query(read)])
    assert.deepEqual(
      both.map((outcome) => outcome.status),
      ['rejected', 'rejected'],
    )
    await database.query(say('create table public.later ()'))
    assert.equal((await database.query(read)).count, 0)
  })

  test('statements that the server has forgotten are all prepared anew', async (context) => {
    const limits = { pipelineConnections: 1, poolConnectionsMax: 1 }
    const database = await server.open(context, limits)
    const texts = ['select 1', 'select 2']
    const queries = texts.map((text) => ({ text, values: [], name: text }))
    const asked = () => Promise.all(queries.map((query) => database.query(query)))
    await asked()
    await database.transaction((session) => session.query(say('deallocate all')))
    for (const answer of await asked()) assert.equal(answer.count, 1)
    const once = await database.transaction((session) => session.query(say('select 1')))
    assert.equal(once.count, 1)
  })

  test('prepared statements make room: by number, the longest unused first', async (context) => {
    const limits = { pipelineConnections: 1, statementCacheMax: 3 }
    const database = await server.open(context, limits)
    for (const name of ['a', 'b', 'c', 'a', 'd']) {
      await database.query({ text: `select '${name}'`, values: [], name })
    }
    assert.deepEqual(await preparedOf(database), ['a', 'c', 'd'])
  })

  test('prepared statements make room: by what their texts weigh', async (context) => {
    const limits = {
      ...{ pipelineConnections: 1, statementCacheCharactersMax: 10_000 },
      preparedTextCharactersMax: 5_000,
    }
    const database = await server.open(context, limits)
    const ask = async (name: string, length: number): Promise<void> => {
      const text = `select '${'x'.repeat(length)}'`
      const { rows } = await database.query({ text, values: [], name })
      assert.equal(rows[0]?.[0]?.length, length)
    }
    for (let n = 0; n < 30; n++) await ask(`heavy ${n}`, 3_000)
    assert.deepEqual(await preparedOf(database), ['heavy 27', 'heavy 28', 'heavy 29'])
    // One that is too long by itself is run all the same, and pushes nothing out.
    await ask('giant', 6_000)
    await ask('light', 10)
    await ask('heavy 27', 3_000)
    const kept = ['heavy 27', 'heavy 28', 'heavy 29', 'light']
    assert.deepEqual(await preparedOf(database), kept)
  })

  test('a read does not wait behind what is stored', async (context) => {
    const limits = { pipelineConnections: 1, storingConnections: 1 }
    const database = await server.open(context, limits)
    await database.query(say('create table if not exists public.slowly (cell int)'))
    const order: string[] = []
    const storing = database
      .query(say('insert into public.slowly select 1 from pg_sleep(0.3)'))
      .then(() => order.push('stored'))
    await database.query(say('select 1')).then(() => order.push('read'))
    await storing
    assert.deepEqual(order, ['read', 'stored'])
    await database.query(say('drop table public.slowly'))
  })

  test('what is stored takes more connections only while it is much', async (context) => {
    const database = await server.open(context, { storingConnections: 3 })
    await database.query(say('create table if not exists public.spread (cell int)'))
    const store = async (): Promise<string> => {
      const text =
        'insert into public.spread select 1 from pg_sleep(0.02) returning pg_backend_pid()'
      return String((await database.query(say(text))).rows[0]?.[0])
    }
    const alone = new Set<string>()
    for (let n = 0; n < 3; n++) alone.add(await store())
    assert.equal(alone.size, 1)
    const together = new Set<string>()
    for (let n = 0; n < 4; n++) {
      for (const pid of await Promise.all(Array.from({ length: 8 }, store))) together.add(pid)
    }
    assert.equal(together.size, 3)
    await database.query(say('drop table public.spread'))
  })

  test('a broken connection is replaced; what was under way is unavailable', async (context) => {
    const limits = { pipelineConnections: 2, statementTimeoutMs: 120_000 }
    const database = await server.open(context, limits)
    const killer = await openDatabase(server.address())
    context.after(() => killer.close())
    const slow = [1, 2].map(() => database.query(say('select pg_sleep(100), 17')))
    const rejections = Promise.all(slow.map((one) => rejects(one, { code: 'unavailable' })))
    const kill = say(
      "select pid, pg_terminate_backend(pid) from pg_stat_activity where query like '%100), 17'",
    )
    // The second one may still wait for its connection to be opened; the first may be told twice.
    const killed = new Set<string | null | undefined>()
    while (killed.size < 2) {
      for (const [pid] of (await killer.query(kill)).rows) killed.add(pid)
      await sleep(5)
    }
    await rejections
    assert.deepEqual((await database.query(say('select 1'))).rows, [['1']])
  })

  test('a write that was under way is never reported as done or undone', async (context) => {
    const limits = { pipelineConnections: 1, statementTimeoutMs: 120_000 }
    const database = await server.open(context, limits)
    const text = 'with slow as materialized (select pg_sleep(100)) select * from slow'
    const write = database.query(say(text))
    const rejection = rejects(write, { code: 'unavailable', outcomeUnknown: true })
    const killer = await openDatabase(server.address())
    context.after(() => killer.close())
    const slow = `query like 'with slow%'`
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity where ${slow}`
    // Its connection is opened when the first such statement comes: wait until it is there.
    while ((await killer.query(say(kill))).count === 0) await sleep(5)
    await rejection
  })

  test('a script, and a connection of its own without the short timeouts', async (context) => {
    const database = await server.open(context, { statementTimeoutMs: 100 })
    await database.dedicated(async (session) => {
      await session.script('create temp table mine (id int); insert into mine values (1), (2)')
      const { rows } = await session.query(say('select count(*) from pg_temp.mine'))
      assert.deepEqual(rows, [['2']])
      await session.script('select pg_sleep(0.3)')
    })
  })

  test('the server is inspected', async (context) => {
    const report = await inspectServer(await server.open(context))
    assert.ok(report.majorVersion >= 15)
    assert.deepEqual(report.risks, [])
  })
})

async function preparedOf(database: Database): Promise<readonly unknown[]> {
  const { rows } = await database.query(
    say("select name from pg_prepared_statements where name <> '' order by name"),
  )
  return rows.map(([name]) => name)
}

function answer(n: number): object {
  return { rows: [[String(n)]], count: 1, tag: 'SELECT 1' }
}
