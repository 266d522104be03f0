import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sleep } from '../../base/time.ts'
import { onOwnServers, rejects, say } from './servers.ts'

onOwnServers('the length of rows', (server) => {
  test('rows longer in all than allowed are refused, and cost no memory', async (context) => {
    const database = await server.open(context)
    const text = "select repeat('x', 1000) from generate_series(1, 100)"
    const ask = (rowBytesMax: number) => database.query({ text, values: [], rowBytesMax })
    const [refused, whole] = await Promise.all([
      rejects(ask(99_999), { code: 'query_too_costly' }),
      ask(110_000),
    ])
    assert.match(refused.detail, /99999 bytes/)
    assert.equal(whole.rows.length, 100)
  })

  test('answers are let go although others are still under way behind them', async (context) => {
    const database = await server.open(context, { poolConnectionsMax: 1 })
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    await database.transaction(async (session) => {
      await session.query(say('select 1'))
      const answered = session
        .query(say("select repeat('x', 100000)"))
        .then(({ rows }) => new WeakRef(rows))
      const slow = session.query(say('select pg_sleep(0.3)'))
      const rows = await answered
      await sleep(20)
      collect()
      assert.ok(rows.deref() === undefined, 'something holds the rows of an answered statement')
      await slow
    })
  })
})
