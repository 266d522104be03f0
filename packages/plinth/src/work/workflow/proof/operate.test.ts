import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clearAway } from '../../../app/housekeeping.ts'
import { instantText } from '../../../base/time.ts'
import { insertJobs } from '../../../effects/jobs/insert.ts'
import { cancelJob, retryJobs } from '../../../effects/jobs/manage.ts'
import { workflowJob } from '../../../effects/workflows/start.ts'
import { text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const go = desk.signal('go', { word: text() })
let calls = 0
let broken = true

const line = desk.workflow('line', {
  input: { word: text() },
  async run({ input, step, external, waitForSignal, random }) {
    const chance = random()
    const first = await step(
      'first',
      async ({ data }) => {
        await data.unrestricted.mark.create({ text: `first ${input.word}` })
        return 'first'
      },
      {
        undo: async ({ data }) => {
          await data.unrestricted.mark.create({ text: `undo first ${input.word}` })
        },
      },
    )
    const called = await external('call', async () => ++calls)
    const got = await waitForSignal('go', go)
    await step('last', async () => `${chance}`, { retry: { attemptsMax: 1 } })
    if (got?.word === 'bad') throw new Error('a bad word')
    return { first, called, word: got?.word, chance }
  },
})

const stubborn = desk.workflow('stubborn', {
  async run({ step, fail }) {
    await step('do', async () => 1, {
      retry: { attemptsMax: 2, delayMs: 1_000 },
      undo: async () => {
        if (broken) throw new Error('the way back is blocked')
      },
    })
    fail('on purpose')
  },
})

const app = await openDesk(desk)
after(() => app.close())
const { workflows, runtime } = app.running

test('a workflow is listed, shown and told', async () => {
  const { id } = await workflows.start(line, { word: 'a' }, { id: 'line a' })
  await app.drain()
  assert.deepEqual(
    (await workflows.list({ state: 'waiting' })).map((one) => one.id),
    ['line a'],
  )
  await assert.rejects(workflows.signalNamed(id, 'desk.go', { wort: 'x' }), {
    code: 'invalid_input',
  })
  await assert.rejects(workflows.signalNamed(id, 'desk.gone', {}), { code: 'not_found' })
  assert.equal(await workflows.signalNamed(id, 'desk.go', { word: 'on' }), true)
  await app.drain()
  const found = await workflows.get(id)
  assert.equal(found?.state, 'completed')
  assert.deepEqual(found?.input, { word: 'a' })
  assert.deepEqual(
    found?.signals.map(({ signal, taken }) => [signal, taken]),
    [['desk.go', true]],
  )
  assert.deepEqual(
    found?.steps.map(({ name, state, undo }) => [name, state, undo]),
    [
      ['first', 'done', 'none'],
      ['call', 'done', null],
      ['go', 'done', null],
      ['last', 'done', null],
    ],
  )
  assert.equal(await workflows.get('nobody'), undefined)
})

test('a fork takes over the results up to a step, and is not undone by it', async () => {
  const source = await workflows.get('line a')
  const id = await workflows.fork('line a', { from: 'go', id: 'fork a' })
  const marks = await app.marks()
  const callsBefore = calls
  await app.drain()
  await app.signal(id, go, { word: 'bad' })
  await app.drain()
  const fork = await workflows.get(id)
  assert.equal(fork?.state, 'failed')
  assert.equal(fork?.forkedFrom, 'line a')
  assert.equal(calls, callsBefore, 'the call is not made again')
  assert.deepEqual(await app.marks(), marks, 'what is taken over is neither done nor undone')
  // Chance is that of the source.
  assert.ok(source)
  const { chance } = source.result as { chance: number }
  assert.equal(fork?.steps.find(({ name }) => name === 'last')?.result, `${chance}`)
  await assert.rejects(workflows.fork('line a', { from: 'gone' }), { code: 'not_found' })
  await assert.rejects(workflows.fork('nobody', { from: 'go' }), { code: 'not_found' })
})

test('a fork over something that was undone is refused', async () => {
  const { id } = await workflows.start(line, { word: 'b' })
  await app.drain()
  assert.equal(await workflows.cancel(id, 'enough'), true)
  await app.drain()
  assert.equal((await workflows.get(id))?.reason, 'enough')
  await assert.rejects(workflows.fork(id, { from: 'call' }), { code: 'conflict' })
  const fork = await workflows.fork(id, { from: 'first' })
  await app.drain()
  assert.equal((await workflows.get(fork))?.state, 'waiting')
})

test('what cannot be undone waits for somebody, and goes on when told', async () => {
  const { id } = await workflows.start(stubborn, {})
  await app.drain()
  app.clock.advance(10_000)
  await app.drain()
  const parked = await workflows.get(id)
  assert.equal(parked?.state, 'parked')
  assert.match(parked?.reason ?? '', /Undoing "do" failed 2 times.*the way back is blocked/)
  broken = false
  await workflows.retry(id)
  await app.drain()
  const ended = await workflows.get(id)
  assert.equal(ended?.state, 'failed')
  assert.equal(ended?.reason, 'on purpose')
  await assert.rejects(workflows.retry(id), { code: 'conflict' })
})

test('a workflow whose job was ended from outside gets another one', async () => {
  const { id } = await workflows.start(line, { word: 'c' }, { id: 'line c' })
  await app.drain()
  await runtime.database.query({
    text: 'delete from plinth.job where id = (select job_id from plinth.workflow where id = $1)',
    values: [id],
  })
  await app.signal(id, go, { word: 'on' })
  assert.equal(await app.drain(), 0)
  await workflows.retry(id)
  await app.drain()
  assert.equal((await workflows.get(id))?.state, 'completed')
})

test('a job that was replaced does not come back beside the one in its place', async () => {
  const { id } = await workflows.start(line, { word: 'd' }, { id: 'line d' })
  await app.drain()
  const now = instantText(runtime.clock.now())
  const find = { text: 'select job_id from plinth.workflow where id = $1', values: [id] }
  const first = (await runtime.database.query(find)).rows[0]?.[0] ?? ''
  await cancelJob(runtime.database, first, now)
  await workflows.retry(id)
  assert.deepEqual(await retryJobs(runtime.database, [first], now), [])
  await app.signal(id, go, { word: 'on' })
  await app.drain()
  assert.equal((await workflows.get(id))?.state, 'completed')
})

test('a stray job of a workflow does nothing', async () => {
  const { id } = await workflows.start(line, { word: 'e' }, { id: 'line e' })
  await app.drain()
  const before = await workflows.get(id)
  const caller = { is: 'anonymous' } as const
  const now = instantText(runtime.clock.now())
  const job = { job: workflowJob, queue: workflowJob, priority: 0, runAt: now, traceId: 't' }
  const stray = { ...job, id: runtime.newId(), caller, input: JSON.stringify({ id }) }
  await insertJobs(runtime.database, [stray], now)
  assert.equal(await app.drain(), 1)
  assert.deepEqual(await workflows.get(id), before)
})

test('what has ended is kept for its time, then forgotten', async () => {
  await clearAway(runtime)
  assert.ok(await workflows.get('line a'))
  app.clock.advance(31 * 86_400_000)
  await clearAway(runtime)
  assert.equal(await workflows.get('line a'), undefined)
  const { rows } = await runtime.database.query({
    text: `select count(*) from plinth.workflow_step s
      where not exists (select from plinth.workflow w where w.id = s.workflow_id)`,
    values: [],
  })
  assert.equal(rows[0]?.[0], '0')
  assert.ok((await workflows.list({ state: 'waiting' })).length > 0, 'what waits is kept')
})
