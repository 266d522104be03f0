import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { openApp } from '../../../app/compose.ts'
import { app as appOf } from '../../../define/kit.ts'
import { text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const go = desk.signal('go', { word: text() })
const moved = desk.event('moved', { word: text() })

let call = Promise.withResolvers<void>()
let calling = Promise.withResolvers<void>()

/** One branch is at a long call, the other waits for something short. */
const beside = desk.workflow('beside', {
  input: { what: text() },
  async run({ input, parallel, external, step, sleep, waitForSignal, waitForEvent, child }) {
    const mark = (name: string) =>
      step(name, async ({ data }) => void (await data.unrestricted.mark.create({ text: name })))
    const waits: Readonly<Record<string, () => Promise<unknown>>> = {
      sleep: () => sleep('wait', 300),
      timeout: () => waitForSignal('wait', go, { timeout: 300 }),
      signal: () => waitForSignal('wait', go),
      event: () => waitForEvent('wait', moved, { subject: 'desk' }),
      child: () => child('wait', short, {}),
      retry: () => step('wait', flaky, { retry: { delayMs: 200 } }),
    }
    return parallel('both', {
      wait: async () => {
        await waits[input.what]?.()
        await mark('on')
        return 'on'
      },
      long: async () => {
        await external('call', async () => {
          calling.resolve()
          await call.promise
        })
        await mark('answered')
        return 'answered'
      },
    })
  },
})

const short = desk.workflow('short', { run: async ({ step }) => step('one', async () => 1) })

let failures = 0
async function flaky(): Promise<void> {
  failures += 1
  if (failures === 1) throw new Error('not yet')
}

const app = await openDesk(desk)
// With a worker that goes by itself: a child begins while its parent is at its call.
const node = await openApp(
  appOf({ kits: [desk] }),
  {
    ...{ database: app.database, secret: 'x'.repeat(43), production: false },
    ...{ schema: 'settled', work: 'on' },
  },
  { clock: app.clock },
)
after(async () => {
  await node.close()
  await app.close()
})
const { runtime } = app.running

beforeEach(async () => {
  call = Promise.withResolvers()
  calling = Promise.withResolvers()
  failures = 0
  await runtime.database.query({ text: 'delete from desk.mark', values: [] })
})

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await holds()); waited += 20) {
    assert.ok(waited < 8_000, what)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function untilEnded(id: string): Promise<void> {
  return until('it ends', async () => (await app.row(id)).state === 'completed')
}

const news: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  sleep: async () => app.clock.advance(400),
  timeout: async () => app.clock.advance(400),
  signal: (id) => app.signal(id, go, { word: 'on' }),
  event: () => app.emit(moved, { word: 'on' }, 'desk'),
  child: async () => undefined,
  retry: async () => app.clock.advance(400),
}

for (const [what, tell] of Object.entries(news)) {
  test(`a branch that waits (${what}) goes on while another is at a long call`, async () => {
    const { id } = await app.start(beside, { what })
    await calling.promise
    await tell(id)
    await until('it goes on beside the call', async () => (await app.marks()).length > 0)
    assert.deepEqual(await app.marks(), ['on'])
    call.resolve()
    await untilEnded(id)
    assert.deepEqual((await app.row(id)).result, { wait: 'on', long: 'answered' })
    assert.deepEqual(await app.marks(), ['on', 'answered'])
  })
}

test('a wait beside a long call is stored at once: a crash does not begin it anew', async () => {
  const { id } = await app.start(beside, { what: 'sleep' })
  await calling.promise
  const stored = 'both/wait/wait sleep open 0'
  await until('it is stored', async () => (await app.steps(id)).includes(stored))
  call.resolve()
  await until('it rests', async () => (await app.row(id)).resting)
  app.clock.advance(400)
  await untilEnded(id)
})
