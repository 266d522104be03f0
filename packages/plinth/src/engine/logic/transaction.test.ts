import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { app, kit, text } from '../../index.ts'
import { type TestApp, testApp } from '../../testing/test-app.ts'
import { logicTransaction } from './transaction.ts'

const diary = kit('diary', { models: { note: { fields: { title: text() }, access: {} } } })
const noted = diary.event('noted', { title: text() })
const keep = diary.job('keep', { input: { title: text() } })

let shop: TestApp<Record<never, never>>
const strays: unknown[] = []
const stray = (reason: unknown): void => void strays.push(reason)

before(async () => {
  shop = (await testApp(app({ kits: [diary] }))) as never
  process.on('unhandledRejection', stray)
})
after(async () => {
  process.off('unhandledRejection', stray)
  await shop.close()
})

test('where one of the last statements fails, each of them is answered for', async () => {
  const { runtime } = shop.running
  const follows = { text: 'select 1', values: [] }
  const caller = { is: 'unrestricted', reason: 'test' } as const
  const run = { readOnly: true, caller, traceId: '', name: 'diary.write' }
  for (const place of ['after', 'last'] as const) {
    const fails = logicTransaction(
      runtime,
      {
        ...run,
        [place]: async (session: typeof runtime.database) => void (await session.query(follows)),
      },
      async ({ scope }) => {
        scope.emit(noted, { title: 'a' })
        await scope.enqueue(keep, { title: 'a' })
        scope.emit(noted, { title: 'b' })
      },
    )
    await assert.rejects(fails, place)
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(strays, [])
  const { rows } = await runtime.database.query({
    text: 'select (select count(*) from plinth.event) + (select count(*) from plinth.job)',
    values: [],
  })
  assert.deepEqual(rows, [['0']])
})

test('a partition of the log that is made meanwhile is no mistake of the caller', async () => {
  const { runtime } = shop.running
  const caller = { is: 'unrestricted', reason: 'test' } as const
  let attempts = 0
  const run = { caller, traceId: '', name: 'diary.write' }
  await logicTransaction(runtime, run, async ({ scope, session }) => {
    attempts += 1
    scope.emit(noted, { title: 'a' })
    if (attempts > 1) return
    // As PostgreSQL says it of a row that was routed before the partition was there.
    await session.query({
      text: `do $$ begin raise exception 'new row violates partition constraint'
        using errcode = '23514', schema = 'plinth', table = 'event_other'; end $$`,
      values: [],
    })
  })
  assert.equal(attempts, 2)
})
