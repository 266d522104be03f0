import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers, rejects } from './servers.ts'

onBothServers('the length of rows', (server) => {
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
})
