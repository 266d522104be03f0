import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { limits } from '../../../base/limits.ts'
import { sendSignal, wakeWorkflows } from '../../../effects/workflows/news.ts'
import { text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const go = desk.signal('go', { word: text() })
const waiter = desk.workflow('waiter', {
  run: async ({ waitForSignal }) => (await waitForSignal('told', go))?.word ?? 'nothing',
})

const app = await openDesk(desk)
after(() => app.close())
const { database } = app.running.runtime

async function jobState(id: string): Promise<string | null | undefined> {
  const { rows } = await database.query({
    text: `select j.state from plinth.workflow w join plinth.job j on j.id = w.job_id
      where w.id = $1`,
    values: [id],
  })
  return rows[0]?.[0]
}

test('many signals at once disturb nobody', async () => {
  const ids = await Promise.all(
    Array.from({ length: 50 }, async () => (await app.start(waiter, {})).id),
  )
  await app.drain()
  const told = await Promise.all(ids.map((id) => app.signal(id, go, { word: id })))
  assert.deepEqual(new Set(told), new Set([true]))
  await app.drain()
  const results = await Promise.all(ids.map(async (id) => (await app.row(id)).result))
  assert.deepEqual(results, ids)
})

test('who wakes a workflow that is just going to rest wakes it all the same', async () => {
  const { id } = await app.start(waiter, {})
  await app.drain()
  // As it was before it rested, and as its rest goes on beside the wake.
  const change = (text: string) => ({ text, values: [id] })
  await database.query(change('update plinth.workflow set resting = false where id = $1'))
  const job = '(select job_id from plinth.workflow where id = $1)'
  await database.query(change(`update plinth.job set state = 'running' where id = ${job}`))
  let waking: Promise<void> | undefined
  await database.transaction(
    async (session) => {
      await session.query(change('select from plinth.workflow where id = $1 for no key update'))
      waking = wakeWorkflows(database, [id], '2026-01-01T00:00:00Z')
      await new Promise((resolve) => setTimeout(resolve, 100))
      await session.query(change('update plinth.workflow set resting = true where id = $1'))
      await session.query(change(`update plinth.job set state = 'delayed' where id = ${job}`))
    },
    { isolation: 'read committed' },
  )
  await waking
  assert.equal(await jobState(id), 'ready')
})

test('signals that nobody takes have a cap, and there is room again behind it', async () => {
  const { id } = await app.start(waiter, {})
  await app.drain()
  await keepSignals(id, limits.workflowSignalsMax)
  await app.drain()
  const told = { workflowId: id, signal: 'desk.other', data: '{}' }
  const send = () => sendSignal(database, told, '2026-01-01T00:00:00Z')
  await assert.rejects(send(), { code: 'conflict', message: /1000 signals.*: wait for them/ })
  await assert.rejects(app.signal(id, go, { word: 'more' }), { code: 'conflict' })
  const text = `delete from plinth.workflow_signal where number =
    (select min(number) from plinth.workflow_signal where workflow_id = $1)`
  await database.query({ text, values: [id] })
  assert.equal(await send(), true)
  await assert.rejects(send(), { code: 'conflict' })
})

/** As that many signals do, of a name for which the workflow does not wait. */
async function keepSignals(id: string, count: number): Promise<void> {
  const text = `insert into plinth.workflow_signal (workflow_id, signal, data, sent_at)
    select $1, 'desk.other', '{}', now() from generate_series(2, $2::integer)`
  await database.query({ text, values: [id, count] })
  const told = { workflowId: id, signal: 'desk.other', data: '{}' }
  assert.equal(await sendSignal(database, told, '2026-01-01T00:00:00Z'), true)
}
