import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { instantText } from '../../base/time.ts'
import type { Database } from '../../database/database.ts'
import { onBothServers, type ProvenServer } from '../../database/proof/servers.ts'
import {
  type Allowance,
  forgetAllowances,
  restoreAllowance,
  takeWithinLimit,
} from '../allowance.ts'
import { isReached, reach } from '../milestone.ts'
import { effectTables } from '../tables.ts'

const startMs = 1_767_225_600_000
const at = (afterMs: number): string => instantText(startMs + afterMs)
const allowance: Allowance = { key: 'seat:1', limit: 7, windowMs: 60_000 }

async function openTables(server: ProvenServer, context: TestContext): Promise<Database> {
  const database = await server.open(context)
  const steps = effectTables.map(({ sql }) => sql).join(';')
  const script = `drop schema if exists plinth cascade; create schema plinth; ${steps}`
  await database.dedicated((session) => session.script(script))
  return database
}

onBothServers('allowances', (server) => {
  test('of fifty who take at once exactly the limit is granted', async (context) => {
    const database = await openTables(server, context)
    for (let round = 0; round < 4; round++) {
      const own = { ...allowance, key: `seat:${round}` }
      const taken = await Promise.all(
        Array.from({ length: 50 }, () => takeWithinLimit(database, own, at(0))),
      )
      assert.equal(taken.filter(({ granted }) => granted).length, 7)
      assert.deepEqual([...new Set(taken.map(({ retryAfterSeconds }) => retryAfterSeconds))], [60])
    }
  })

  test('a window ends by the clock, and also where the clock was set back', async (context) => {
    const database = await openTables(server, context)
    const take = async (afterMs: number, limit = 1) => {
      const { granted, retryAfterSeconds } = await takeWithinLimit(
        database,
        { ...allowance, limit },
        at(afterMs),
      )
      return granted ? 'granted' : retryAfterSeconds
    }
    assert.equal(await take(0), 'granted')
    assert.equal(await take(1_500), 59)
    assert.equal(await take(59_999), 1)
    assert.equal(await take(60_000), 'granted')
    for (let attempt = 0; attempt < 5; attempt++) assert.equal(await take(60_001), 60)
    assert.equal(await take(60_002, 3), 'granted', 'refused attempts do not pile up')
    assert.equal(await take(-86_400_000), 'granted')
    assert.equal(await take(-86_399_000), 59)
  })

  test('a restored allowance is whole again; ended windows are forgotten', async (context) => {
    const database = await openTables(server, context)
    const one = { ...allowance, limit: 1 }
    await takeWithinLimit(database, one, at(0))
    assert.equal((await takeWithinLimit(database, one, at(1))).granted, false)
    await restoreAllowance(database, one.key)
    assert.equal((await takeWithinLimit(database, one, at(2))).granted, true)
    await takeWithinLimit(database, { ...one, key: 'later' }, at(50_000))
    assert.equal(await forgetAllowances(database, at(60_003)), 1)
    assert.equal(
      (await takeWithinLimit(database, { ...one, key: 'later' }, at(60_003))).granted,
      false,
    )
  })

  test('a milestone is reached once, and not by what rolls back', async (context) => {
    const database = await openTables(server, context)
    const fails = database.transaction(async (session) => {
      assert.equal(await reach(session, 'seed', at(0)), true)
      throw new Error('rolled back')
    })
    await assert.rejects(fails, /rolled back/)
    assert.equal(await isReached(database, 'seed'), false)
    const first = await Promise.all(
      Array.from({ length: 8 }, () =>
        database.transaction((session) => reach(session, 'seed', at(0)), {
          isolation: 'read committed',
        }),
      ),
    )
    assert.equal(first.filter((reached) => reached).length, 1)
    assert.equal(await isReached(database, 'seed'), true)
  })
})
