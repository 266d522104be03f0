import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { app } from '../../define/kit.ts'
import { logicTransaction } from '../../engine/logic/transaction.ts'
import { anyone, integer, kit, text } from '../../index.ts'
import { testApp } from '../../testing/test-app.ts'

const desk = kit('desk', {
  models: {
    note: { fields: { text: text(), count: integer({ default: 0 }) }, access: { read: anyone } },
  },
})
const placed = desk.event('placed', { text: text() }, { subject: ({ text }) => text })
const write = desk.job('write', {
  input: { text: text() },
  async run({ input, data }) {
    await data.unrestricted.note.create({ text: input.text })
  },
})
desk.on(placed, async ({ event, data }) => {
  await data.unrestricted.note.create({ text: `seen ${event.data.text}` })
})
const begin = desk.action('begin', {
  input: { text: text() },
  allow: anyone,
  async run({ input, emit, enqueue }) {
    emit(placed, { text: input.text })
    await enqueue(write, { text: input.text })
  },
})

const shop = await testApp(app({ kits: [desk] }))
after(() => shop.close())

test('what a transaction emits and enqueues runs once after its commit', async () => {
  const caller = { is: 'anonymous' } as const
  await logicTransaction(
    shop.running.runtime,
    { caller, traceId: 't', name: 'test' },
    async ({ scope }) => {
      scope.emit(placed, { text: 'a' })
      await scope.enqueue(write, { text: 'a' })
    },
  )
  assert.equal(await shop.drain(), 2)
  assert.equal(await shop.drain(), 0)
  const { data: notes } = await shop.data.note.find()
  assert.deepEqual(notes.map(({ text }) => text).sort(), ['a', 'seen a'])
  assert.ok(begin)
})
