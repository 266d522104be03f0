import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openApp } from '../../../app/compose.ts'
import { systemClock } from '../../../base/time.ts'
import { app as appOf } from '../../../define/kit.ts'
import { integer, text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
/** Which workflows are inside a step just now, over all nodes of this process. */
const inside = new Map<string, number>()
let atOnce = 0
const go = desk.signal('go', { word: text() })

const walk = desk.workflow('walk', {
  input: { number: integer() },
  async run({ input, id, step, sleep, waitForSignal, parallel }) {
    const mark = (name: string) =>
      step(name, async ({ data }) => {
        const others = inside.get(id) ?? 0
        inside.set(id, others + 1)
        if (others > 0) atOnce += 1
        await data.unrestricted.mark.create({ text: `${input.number} ${name}` })
        await new Promise((resolve) => setTimeout(resolve, 2))
        inside.set(id, (inside.get(id) ?? 1) - 1)
        return name
      })
    await mark('one')
    await sleep('nap', 1)
    await mark('two')
    await waitForSignal('word', go)
    await mark('three')
    await parallel('both', { left: () => sleep('left', 1), right: () => sleep('right', 2) })
    return mark('four')
  },
})

const app = await openDesk(desk)
after(() => app.close())

function openNode() {
  return openApp(
    appOf({ kits: [desk] }),
    {
      ...{ database: app.database, secret: 'x'.repeat(43), production: false },
      ...{ schema: 'settled', work: 'on' },
    },
    // Later than the clock of the desk, so that everything that it starts is due.
    { clock: systemClock },
  )
}

async function untilEnded(count: number): Promise<void> {
  for (let waited = 0; waited < 600; waited++) {
    const { rows } = await app.running.runtime.database.query({
      text: "select count(*) from plinth.workflow where state = 'completed'",
      values: [],
    })
    if (Number(rows[0]?.[0]) >= count) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`${count} workflows do not end`)
}

async function expectMarks(numbers: readonly number[]): Promise<void> {
  const marks = await app.marks()
  const wanted = numbers.flatMap((number) =>
    ['one', 'two', 'three', 'four'].map((name) => `${number} ${name}`),
  )
  const mine = marks.filter((mark) => numbers.includes(Number(mark.split(' ')[0])))
  assert.deepEqual(mine.toSorted(), wanted.toSorted(), 'each step once')
}

test('of two nodes, never both are at one workflow', async () => {
  const numbers = Array.from({ length: 20 }, (_, at) => at)
  const nodes = await Promise.all([openNode(), openNode()])
  try {
    const ids = await Promise.all(
      numbers.map(async (number) => (await app.start(walk, { number })).id),
    )
    await Promise.all(ids.map((id) => app.signal(id, go, { word: 'on' })))
    await untilEnded(numbers.length)
  } finally {
    await Promise.all(nodes.map((node) => node.close()))
  }
  assert.equal(atOnce, 0)
  await expectMarks(numbers)
})

test('nodes that lose their leases again and again do every step once', async () => {
  const numbers = Array.from({ length: 20 }, (_, at) => 100 + at)
  const nodes = await Promise.all([openNode(), openNode()])
  let cuts = 0
  // The connection that holds a worker's lock is the one that listens.
  const cut = setInterval(() => {
    const text = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like '%chosen%' order by random() limit 1`
    const cutting = app.running.runtime.database.query({ text, values: [] })
    cutting.then(({ count }) => (cuts += count)).catch(() => undefined)
  }, 120)
  try {
    const ids = await Promise.all(
      numbers.map(async (number) => (await app.start(walk, { number })).id),
    )
    await Promise.all(ids.map((id) => app.signal(id, go, { word: 'on' })))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    clearInterval(cut)
    await untilEnded(40)
  } finally {
    clearInterval(cut)
    await Promise.all(nodes.map((node) => node.close()))
  }
  await expectMarks(numbers)
  assert.ok(cuts > 0, 'leases were lost')
})
