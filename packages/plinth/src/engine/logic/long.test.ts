import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { openDatabase } from '../../database/open.ts'
import { anyone, app, kit, text } from '../../index.ts'
import { testApp } from '../../testing/test-app.ts'
import { longer } from './long.ts'
import { logicTransaction } from './transaction.ts'

const desk = kit('desk', {
  models: { mark: { fields: { text: text() }, access: { read: anyone } } },
})
const short = desk.queue('short', { timeoutMs: 150 })
const attempts: string[] = []
const hangs = (name: string) => async () => {
  attempts.push(name)
  await new Promise(() => undefined)
}
const ofQueue = desk.job('ofQueue', { queue: short, retry: { attemptsMax: 1 }, run: hangs('q') })
const ofItsOwn = desk.job('ofItsOwn', {
  ...{ queue: short, timeoutMs: 400, retry: { attemptsMax: 1 } },
  run: hangs('own'),
})

const its = await testApp(app({ kits: [desk] }))
after(() => its.close())
const { runtime } = its.running
const caller = { is: 'unrestricted', reason: 'proof' } as const
const run = { caller, traceId: 'proof', name: 'proof' }

async function settingsOf(longMs?: number): Promise<readonly (string | null)[]> {
  return logicTransaction(runtime, { ...run, longMs }, async ({ session }) => {
    const names = ['idle_in_transaction_session_timeout', 'statement_timeout']
    const text = 'select current_setting($1), current_setting($2)'
    const { rows } = await session.query({ text, values: names })
    return rows[0] ?? []
  })
}

test('a transaction of a job that asks for more time has it, and its statements too', async () => {
  const usual = await settingsOf()
  assert.deepEqual(usual, ['10s', '5s'])
  assert.deepEqual(await settingsOf(120_000), ['1min', '1min'])
  const [idle] = await settingsOf(20_000)
  assert.match(idle ?? '', /^(20s|199\d\dms)$/)
  assert.deepEqual(await settingsOf(), usual, 'the next one has what is usual')
})

test('the server lets it go on for so long, and no longer', async () => {
  const short = { transactionTimeoutMs: 300, idleInTransactionTimeoutMs: 300 }
  const database = await openDatabase(its.database, { limits: { ...limits, ...short } })
  try {
    const begins = longer(5_000)
    const rows = await database.transaction(
      async (session) => {
        await session.query({ text: 'select pg_catalog.pg_sleep(0.2)', values: [] })
        await new Promise((resolve) => setTimeout(resolve, 500))
        return (await session.query({ text: 'select 7', values: [] })).rows
      },
      { begins },
    )
    assert.deepEqual(rows, [['7']], 'what is sent with BEGIN answers nothing')
    const idle = database.transaction(async (session) => {
      await session.query({ text: 'select 1', values: [] })
      await new Promise((resolve) => setTimeout(resolve, 600))
      await session.query({ text: 'select 1', values: [] })
    })
    await assert.rejects(idle, 'the usual limits end it')
  } finally {
    await database.close()
  }
})

const late = (ms: number) => `The attempt took longer than ${ms} ms: nothing of it is stored.`

test('an attempt has the time of its job, or else that of its queue', async () => {
  await logicTransaction(runtime, run, async ({ scope }) => {
    await scope.enqueue(ofQueue, {})
    await scope.enqueue(ofItsOwn, {})
  })
  await its.drain()
  assert.deepEqual(attempts.toSorted(), ['own', 'q'])
  const dead = await its.running.operating.jobs({ state: 'failed', limit: 10 })
  assert.deepEqual(dead.map(({ name, error }) => `${name} ${error}`).toSorted(), [
    `desk.ofItsOwn deadline_exceeded: ${late(400)}`,
    `desk.ofQueue deadline_exceeded: ${late(150)}`,
  ])
})

test('a time that no job can have is a mistake of the declaration', async () => {
  const odd = kit('odd', { models: {} })
  odd.queue('forever', { timeoutMs: 86_400_000 })
  odd.job('never', { timeoutMs: 0, run: async () => undefined })
  await assert.rejects(testApp(app({ kits: [odd] })), (error: Error) => {
    const told = JSON.stringify(error) + error.message
    assert.match(told, /odd\.forever\.timeoutMs.*is 1 to 3600000 milliseconds/s)
    assert.match(told, /odd\.never\.timeoutMs/)
    return true
  })
})
