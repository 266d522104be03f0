/** Owns the proofs of commits in doubt: whatever is lost or remarked there is never a success. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../database.ts'
import { openDatabase } from '../open.ts'
import { type Loss, startProxy } from './proxy.ts'
import { onOwnServers, rejects, say } from './servers.ts'

async function stored(database: Database): Promise<number> {
  return (await database.query(say('select from public.doubted'))).count
}

const insert = say('insert into public.doubted values (1)')

/** A table whose changes run a function when they are committed. */
async function remarking(database: Database, body: string): Promise<void> {
  await database.dedicated((session) =>
    session.script(`
      drop table if exists public.doubted; create table public.doubted (n int);
      create or replace function public.remark() returns trigger language plpgsql as
        $$ begin ${body} return null; end $$;
      create constraint trigger remark after insert on public.doubted
        initially deferred for each row execute function public.remark()`),
  )
}

onOwnServers('a commit', (server) => {
  const losses: readonly (readonly [Loss, number])[] = [
    ['commit', 0],
    ['answer', 1],
    ['answer, silently', 1],
  ]
  for (const [loss, count] of losses) {
    test(`whose ${loss} is lost is neither done nor undone`, async (context) => {
      const direct = await server.open(context)
      await remarking(direct, '')
      const proxy = await startProxy(context, server.address())
      const database = await openDatabase(proxy.address, { limits: { statementTimeoutMs: 300 } })
      context.after(() => database.close())
      let attempts = 0
      const work = database.transaction(async (session) => {
        attempts += 1
        await session.query(insert)
        proxy.loss = loss
      })
      await rejects(work, { code: 'unavailable', outcomeUnknown: true, message: /Look before/ })
      assert.equal(attempts, 1)
      assert.equal(await stored(direct), count)
      proxy.loss = 'none'
      await database.transaction((session) => session.query(insert))
      assert.equal(await stored(direct), count + 1)
    })
  }

  for (const level of ['notice', 'warning']) {
    test(`with a ${level} on its way is in doubt, alone and in a transaction`, async (context) => {
      const database = await server.open(context)
      await remarking(database, `raise ${level} 'no standby has it';`)
      const doubt = { code: 'unavailable', outcomeUnknown: true, sqlState: '08007' }
      let attempts = 0
      const work = database.transaction(async (session) => {
        attempts += 1
        await session.query(insert)
      })
      const failure = await rejects(work, doubt)
      assert.match(failure.message, /did not confirm/)
      assert.doesNotMatch(failure.message, /standby/)
      assert.equal(attempts, 1)
      await rejects(database.query(insert), doubt)
      // It is in doubt, and not undone: both are there, and the connections go on.
      assert.equal(await stored(database), 2)
    })
  }

  test('that fails after a notice has surely stored nothing', async (context) => {
    const database = await server.open(context)
    await remarking(database, "raise notice 'trying'; raise unique_violation;")
    const work = database.transaction((session) => session.query(insert))
    await rejects(work, { code: 'conflict', sqlState: '23505', outcomeUnknown: false })
    await rejects(database.query(insert), { code: 'conflict', outcomeUnknown: false })
    assert.equal(await stored(database), 0)
  })

  test('is not put in doubt by what a statement before it remarked', async (context) => {
    const database = await server.open(context)
    await remarking(database, '')
    const remark = say("do $$ begin raise warning 'before'; end $$")
    await database.transaction(async (session) => {
      await session.query(remark)
      await session.query(insert)
    })
    await database.query(remark)
    assert.equal(await stored(database), 1)
  })

  test('is heard out although the user of the database wants no warnings', async (context) => {
    const database = await server.open(context)
    const { rows } = await database.query(say('show client_min_messages'))
    assert.deepEqual(rows, [['notice']])
  })
})
