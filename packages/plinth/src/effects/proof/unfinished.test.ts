import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { hasUnfinished } from '../jobs/unfinished.ts'
import { effectTables } from '../tables.ts'

onBothServers('A job that something waits for', (server) => {
  test('is found by its input, however many stand beside it', async (context) => {
    const database = await server.open(context)
    const steps = effectTables.map(({ sql }) => sql).join(';')
    const script = `drop schema if exists plinth cascade; create schema plinth; ${steps};
      insert into plinth.job
          (id, name, queue, state, priority, run_at, input, caller, trace_id, enqueued_at)
        select gen_random_uuid(), name, name, state, 0, now(),
          format('{"mail":"%s"}', n) || repeat(' ', n % 5000), '', '', now()
        from generate_series(1, 5000) as n, (values ('plinth.mail', 'delayed'),
          ('plinth.webhook', 'ready'), ('shop.tell', 'ready'), ('plinth.mail', 'done'))
          as k(name, state);
      analyze plinth.job`
    await database.dedicated(async (session) => {
      await session.script(script)
      const asked = async (job: string, n: number): Promise<boolean> =>
        hasUnfinished(session, { job, input: `{"mail":"${n}"}${' '.repeat(n % 5_000)}` })
      assert.equal(await asked('plinth.mail', 4_999), true)
      assert.equal(await asked('plinth.webhook', 7), true)
      assert.equal(await asked('plinth.mail', 5_001), false)
      await session.script("update plinth.job set state = 'cancelled' where name = 'plinth.mail'")
      assert.equal(await asked('plinth.mail', 4_999), false)
      await session.script('select pg_stat_force_next_flush()')
      const text = `select idx_scan from pg_stat_user_indexes where indexrelname = 'job_unfinished'`
      const { rows } = await session.query({ text, values: [] })
      assert.deepEqual(rows, [['4']])
    })
  })
})
