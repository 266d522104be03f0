import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { anyone, app, kit, text } from '../../index.ts'
import { testApp } from '../../testing/test-app.ts'

const desk = kit('desk', {
  models: { note: { fields: { text: text() }, access: { read: anyone } } },
})
const asked = desk.event('asked', { what: text() })
const foreign = kit('elsewhere', {}).event('foreign', {})
const line = desk.queue('line', {})
const later = desk.job('later', {
  input: { what: text() },
  queue: line,
  async run({ input, data }) {
    await data.unrestricted.note.create({ text: `later ${input.what}` })
  },
})
let bad = true
const retry = { attemptsMax: 2, delayMs: 1_000 }

desk.on(asked, {
  name: 'bad',
  retry,
  async run({ event, data, emit, enqueue }) {
    const { what } = event.data
    await data.unrestricted.note.create({ text: `bad ${what}` })
    await enqueue(later, { what })
    if (!bad) return
    if (what === 'throws') throw new Error('cannot do it')
    if (what === 'emits') emit(foreign, {})
    if (what === 'returns') return { big: 10n } as never
  },
})
desk.on(asked, {
  name: 'good',
  async run({ event, data }) {
    await data.unrestricted.note.create({ text: `good ${event.data.what}` })
  },
})

const ask = desk.action('ask', {
  input: { what: text() },
  allow: ({ me }) => me.is('staff'),
  async run({ input, emit }) {
    emit(asked, { what: input.what })
  },
})

const shop = await testApp(app({ kits: [desk] }))
after(() => shop.close())
const { operating } = shop.running
const notes = async (): Promise<readonly string[]> => {
  const { data } = await shop.data.note.find({ sort: ['text'] })
  return data.map((note) => note.text)
}

beforeEach(async () => {
  bad = true
  for (const { id } of (await shop.data.note.find()).data) await shop.data.note.delete(id)
})

for (const [what, reason] of [
  ['throws', /^Error: cannot do it/],
  ['emits', /no event elsewhere.foreign in this app: add the kit "elsewhere"/],
] as const) {
  test(`a handler that ${what} badly stores nothing, says why, and loses no event`, async () => {
    await shop.call(ask, { what })
    await shop.drain()
    shop.clock.advance(5_000)
    await shop.drain()
    assert.deepEqual(await notes(), [`good ${what}`])
    const [dead] = await operating.jobs({ state: 'failed', limit: 1 })
    assert.equal(dead?.name, 'desk.on.desk.asked.bad')
    assert.equal(dead?.attempt, 2)
    assert.match(dead?.error ?? '', reason)
    bad = false
    assert.equal(await operating.redrive({ limit: 10 }), 1)
    await shop.drain()
    assert.deepEqual(await notes(), [`bad ${what}`, `good ${what}`, `later ${what}`])
  })
}

test('what a handler returns is dropped, whatever it is', async () => {
  await shop.call(ask, { what: 'returns' })
  await shop.drain()
  assert.deepEqual(await notes(), ['bad returns', 'good returns', 'later returns'])
})

test('what a handler enqueues into a paused queue is kept until the queue goes on', async () => {
  bad = false
  await operating.pause('desk.line')
  await shop.call(ask, { what: 'it' })
  await shop.drain()
  assert.deepEqual(await notes(), ['bad it', 'good it'])
  const [waiting] = await operating.jobs({ queue: 'desk.line', state: 'ready', limit: 1 })
  assert.equal(waiting?.name, 'desk.later')
  assert.ok(await operating.resume('desk.line'))
  await shop.drain()
  assert.deepEqual(await notes(), ['bad it', 'good it', 'later it'])
})
