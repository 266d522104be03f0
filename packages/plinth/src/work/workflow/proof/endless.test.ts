import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clearAway } from '../../../app/housekeeping.ts'
import { integer } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const dayMs = 86_400_000
const desk = deskKit()
const stop = desk.signal('stop', {})
let fails = 0

/** A month each, and then the next one: no instance grows, and none has an end to come to. */
const renew = desk.workflow('renew', {
  input: { month: integer() },
  retentionDays: 40,
  async run({ input: { month }, id, step, waitForSignal }): Promise<string> {
    const stopped = await waitForSignal('month', stop, { timeout: 'P1M' })
    if (stopped) return 'stopped'
    const next = `${id.slice(0, id.lastIndexOf('/'))}/${month + 1}`
    await step('renew', async ({ data, start }) => {
      await data.unrestricted.mark.create({ text: `renewed ${month}` })
      await start(renew, { month: month + 1 }, { id: next })
      if (month === 3 && fails++ < 2) throw new Error('not at the first try')
    })
    return next
  },
})

const app = await openDesk(desk)
after(() => app.close())

test('what goes on for ever ends each month and starts the next, in one commit', async () => {
  const { id: first } = await app.start(renew, { month: 1 }, 'renew/ann/1')
  for (let day = 0; day < 31 * 14; day++) {
    app.clock.advance(dayMs)
    await app.drain()
  }
  await clearAway(app.running.runtime)
  const list = await app.running.workflows.list({ name: 'desk.renew', limit: 100 })
  const marks = await app.marks()
  const renewed = Array.from({ length: marks.length }, (_, at) => `renewed ${at + 1}`)
  assert.ok(marks.length >= 13 && marks.length <= 14, `${marks.length} months`)
  assert.deepEqual(marks, renewed, 'each month once, the one that was repeated as well')
  assert.equal(fails, 3)
  const going = list.filter(({ state }) => state === 'waiting')
  assert.deepEqual(
    going.map(({ id }) => id),
    [`renew/ann/${marks.length + 1}`],
  )
  assert.ok(list.length <= 4, `${list.length} are kept: what is over is forgotten in time`)
  assert.equal((await app.row(first)).state, 'absent')
  await app.signal(going[0]?.id ?? '', stop, {})
  await app.drain()
  const last = await app.running.workflows.get(going[0]?.id ?? '')
  assert.deepEqual([last?.state, last?.result], ['completed', 'stopped'])
  app.clock.advance(40 * dayMs)
  await app.drain()
  assert.equal((await app.marks()).length, marks.length)
})
