import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const paid = desk.signal('paid', { reference: text() })
const shipped = desk.event('shipped', { by: text() })

const nap = desk.workflow('nap', {
  async run({ sleep, sleepUntil, now }) {
    const times = [now()]
    await sleep('short', 250)
    times.push(now())
    await sleep('long', 'P1M')
    times.push(now())
    await sleepUntil('late', '2026-06-01T00:00:00Z')
    times.push(now())
    await sleepUntil('past', '2020-01-01T00:00:00Z')
    return times
  },
})

const order = desk.workflow('order', {
  input: { order: text() },
  async run({ input, waitForSignal, waitForEvent, step }) {
    const payment = await waitForSignal('payment', paid, { timeout: 'P1D' })
    if (payment === undefined) return 'not paid'
    await step('thank', async ({ data }) => {
      await data.unrestricted.mark.create({ text: payment.reference })
    })
    const parcel = await waitForEvent('parcel', shipped, { subject: input.order, timeout: 'P7D' })
    const second = await waitForEvent('second', shipped, { subject: input.order, timeout: 'P7D' })
    return `${parcel?.data.by} ${second?.data.by}`
  },
})

const inner = desk.workflow('inner', {
  input: { word: text() },
  async run({ input, waitForSignal, step, fail }) {
    await step('begin', async () => input.word, {
      undo: async ({ data, result }) => {
        await data.unrestricted.mark.create({ text: `undo inner ${result}` })
      },
    })
    const got = await waitForSignal('go', paid)
    if (got?.reference === 'bad') fail('bad reference')
    return `${input.word} ${got?.reference}`
  },
})

const outer = desk.workflow('outer', {
  async run({ step, child, parallel }) {
    await step('first', async () => 'first', {
      undo: async ({ data, result }) => {
        await data.unrestricted.mark.create({ text: `undo outer ${result}` })
      },
    })
    return parallel('both', {
      one: () => child('one', inner, { word: 'one' }),
      two: () => child('two', inner, { word: 'two' }),
    })
  },
})

const app = await openDesk(desk)
after(() => app.close())

async function childrenOf(id: string): Promise<readonly string[]> {
  const { rows } = await app.running.runtime.database.query({
    text: 'select id from plinth.workflow where parent_id = $1 order by input',
    values: [id],
  })
  return rows.map(([child]) => child ?? '')
}

test('sleeps from milliseconds to months by the clock of the app', async () => {
  const { id } = await app.start(nap, {})
  await app.drain()
  assert.equal((await app.row(id)).resting, true)
  app.clock.advance(249)
  assert.equal(await app.drain(), 0)
  app.clock.advance(1)
  assert.equal(await app.drain(), 1)
  app.clock.set(Date.parse('2026-01-31T23:59:59Z'))
  assert.equal(await app.drain(), 0)
  app.clock.set(Date.parse('2026-02-01T00:00:01Z'))
  assert.equal(await app.drain(), 1)
  app.clock.set(Date.parse('2026-08-01T00:00:00Z'))
  await app.drain()
  const { state, result } = await app.row(id)
  assert.equal(state, 'completed')
  const [began, short, long, late] = result as string[]
  assert.equal(began, '2026-01-01T00:00:00Z')
  assert.equal(short, '2026-01-01T00:00:00.25Z')
  assert.equal(long, '2026-02-01T00:00:01Z')
  assert.equal(late, '2026-08-01T00:00:00Z')
})

test('a signal that came early is kept until it is waited for', async () => {
  const { id } = await app.start(order, { order: 'o1' })
  assert.equal(await app.signal(id, paid, { reference: 'r1' }), true)
  await app.emit(shipped, { by: 'van' }, 'o1')
  await app.emit(shipped, { by: 'elsewhere' }, 'o2')
  await app.drain()
  assert.deepEqual(await app.steps(id), [
    'payment signal done 0',
    'thank step done 0',
    'parcel event done 0',
    'second event open 0',
  ])
  await app.emit(shipped, { by: 'bike' }, 'o1')
  await app.drain()
  assert.equal((await app.row(id)).result, 'van bike')
})

test('a time-out ends a wait, and the signal after it is refused', async () => {
  const { id } = await app.start(order, { order: 'o3' })
  await app.drain()
  app.clock.advance(86_400_000)
  await app.drain()
  assert.equal((await app.row(id)).result, 'not paid')
  assert.equal(await app.signal(id, paid, { reference: 'late' }), false)
  await assert.rejects(app.signal('nobody', paid, { reference: 'x' }), { code: 'not_found' })
})

test('a signal and its time-out at once: one of them wins', async () => {
  const ids: string[] = []
  for (let index = 0; index < 10; index++) {
    ids.push((await app.start(order, { order: `at-once-${index}` })).id)
  }
  await app.drain()
  app.clock.advance(86_400_000)
  const sending = ids.map(async (id) => {
    await new Promise((resolve) => setTimeout(resolve, Number(id.at(-1)?.charCodeAt(0)) % 7))
    return app.signal(id, paid, { reference: `at ${id}` })
  })
  const [kept] = await Promise.all([Promise.all(sending), app.drain()])
  app.clock.advance(30 * 86_400_000)
  await app.drain()
  const marks = await app.marks()
  for (const [index, id] of ids.entries()) {
    const { result } = await app.row(id)
    const thanked = marks.filter((mark) => mark === `at ${id}`).length
    assert.equal(thanked, result === 'not paid' ? 0 : 1, `${id}: ${String(result)}`)
    if (kept[index] === false) assert.equal(result, 'not paid')
  }
})

test('children run beside each other, and their results come back', async () => {
  const { id } = await app.start(outer, {})
  await app.drain()
  const [one = '', two = ''] = await childrenOf(id)
  await app.signal(two, paid, { reference: 'b' })
  await app.drain()
  assert.equal((await app.row(id)).state, 'running')
  await app.signal(one, paid, { reference: 'a' })
  await app.drain()
  assert.deepEqual((await app.row(id)).result, { one: 'one a', two: 'two b' })
})

test('cancelled, its children end first, then it is undone', async () => {
  const { id } = await app.start(outer, {})
  await app.drain()
  const before = await app.marks()
  const [one = ''] = await childrenOf(id)
  await app.signal(one, paid, { reference: 'bad' })
  await app.drain()
  assert.equal((await app.row(one)).state, 'failed')
  assert.equal((await app.row(id)).state, 'running')
  const { database } = app.running.runtime
  const { cancelWorkflow } = await import('../../../effects/workflows/news.ts')
  const cancel = { id, reason: 'not wanted' }
  assert.equal(await cancelWorkflow(database, cancel, '2026-12-01T00:00:00Z'), true)
  await app.drain()
  const { state, ending } = await app.row(id)
  assert.equal(state, 'cancelled')
  assert.equal(ending?.error.detail, 'not wanted')
  assert.deepEqual((await app.marks()).slice(before.length), [
    'undo inner one',
    'undo inner two',
    'undo outer first',
  ])
  assert.equal(await cancelWorkflow(database, cancel, '2026-12-01T00:00:00Z'), false)
})
