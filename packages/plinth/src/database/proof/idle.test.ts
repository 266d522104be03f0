/** Owns the proof that connections which a load has opened are closed when it is over. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/time.ts'
import { Pool } from '../pool.ts'
import { connect } from '../wire/connect.ts'
import { onOwnServers, say } from './servers.ts'

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

onOwnServers('connections that nobody needs', (server) => {
  test('are closed after a while; those in use, and two more, stay', async (context) => {
    let open = 0
    const pool = new Pool({
      ...{ connectionsMax: 6, queueMax: 1, acquireTimeoutMs: 5_000, idleMs: 100 },
      async connect(broken) {
        open += 1
        const lost = (): void => {
          open -= 1
          broken()
        }
        return connect(server.address(), wireLimits, { broken: lost })
      },
    })
    context.after(() => pool.close())
    const held = await Promise.all([1, 2, 3, 4, 5, 6].map(() => pool.acquire()))
    await sleep(350)
    assert.equal(open, 6, 'what is held is not closed')
    const [kept, ...given] = held
    assert.ok(kept)
    for (const wire of given) pool.release(wire)
    for (let waited = 0; open > 3 && waited < 100; waited += 1) await sleep(50)
    assert.equal(open, 3, 'one in use and two to spare')
    assert.equal((await kept.query(say('select 1'))).rows[0]?.[0], '1')
    pool.release(kept)
    const again = await Promise.all([1, 2, 3, 4].map(() => pool.acquire()))
    const answers = await Promise.all(again.map((wire) => wire.query(say('select 2'))))
    assert.deepEqual(
      answers.map(({ rows }) => rows[0]?.[0]),
      ['2', '2', '2', '2'],
    )
    for (const wire of again) pool.release(wire)
  })
})
