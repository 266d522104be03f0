import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { WorkflowScope } from '../../../index.ts'
import { text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const go = desk.signal('go', { word: text() })
const stop = desk.signal('stop', {})

type Scope = WorkflowScope<never, unknown>
type Code = (scope: Scope) => Promise<unknown>

let code: Code = async () => undefined
const changing = desk.workflow('changing', {
  run: (scope) => code(scope as unknown as Scope),
})

const grown = desk.workflow('grown', {
  version: 3,
  earlier: { 1: async ({ step }) => step('old', async () => 'as it was') },
  run: async ({ step }) => step('new', async () => 'as it is'),
})

const app = await openDesk(desk)
after(() => app.close())
const { runtime, workflows } = app.running

const before: Code = async ({ step, waitForSignal }) => {
  await step('one', async () => 1)
  await waitForSignal('wait', go)
  return step('two', async () => 2)
}

/** Runs some code up to its wait, then goes on with other code. */
async function changed(to: Code): Promise<string> {
  code = before
  const { id } = await app.start(changing, {})
  await app.drain()
  code = to
  await app.signal(id, go, { word: 'on' })
  await app.drain()
  return id
}

const violations: readonly (readonly [string, Code, RegExp])[] = [
  [
    'a step with another name',
    async ({ step }) => step('first', async () => 1),
    /the code asks for the step "first", the step "one" is recorded/,
  ],
  [
    'a step of another kind',
    async ({ external }) => external('one', async () => 1),
    /the code asks for the external "one", the step "one" is recorded/,
  ],
  [
    'another signal',
    async ({ step, waitForSignal }) => {
      await step('one', async () => 1)
      await waitForSignal('wait', stop)
    },
    /"wait" waits for desk.stop, and is recorded as waiting for desk.go/,
  ],
  [
    'a step that is gone',
    async ({ step }) => step('one', async () => 1),
    /The signal "wait" is recorded, and the code never asks for it/,
  ],
  [
    'branches where a step was',
    async ({ parallel, step }) => parallel('one', { a: () => step('a', async () => 1) }),
    /Where the code has "one", the step "one" is recorded/,
  ],
  [
    'two steps of one name',
    async ({ step, waitForSignal }) => {
      await step('one', async () => 1)
      await waitForSignal('wait', go)
      await step('one', async () => 1)
    },
    /There are two steps "one"/,
  ],
  [
    'two steps at once',
    async ({ step, waitForSignal }) => {
      await step('one', async () => 1)
      await waitForSignal('wait', go)
      await Promise.all([step('two', async () => 2), step('three', async () => 3)])
    },
    /"three" began while "two" was not at its end/,
  ],
  [
    'a step that nobody waits for',
    async ({ step, waitForSignal }) => {
      await step('one', async () => 1)
      await waitForSignal('wait', go)
      void step('two', async () => 2)
    },
    /The code went on without waiting for "two"/,
  ],
  [
    'a result that cannot be stored',
    async ({ step, waitForSignal }) => {
      await step('one', async () => 1)
      await waitForSignal('wait', go)
      await step('two', async () => ({ at: [new Map()] }))
    },
    /The result of "two" cannot be stored: \/at\/0 is a Map/,
  ],
  [
    'a result that is too large',
    async ({ step, waitForSignal }) => {
      await step('one', async () => 1)
      await waitForSignal('wait', go)
      await step('two', async () => 'x'.repeat(300_000))
    },
    /The result of "two" cannot be stored: it has 300002 bytes and at most 262144 are stored/,
  ],
]

for (const [what, to, problem] of violations) {
  test(`${what} is named, and nothing is lost`, async () => {
    const id = await changed(to)
    const parked = await app.row(id)
    assert.match(parked.problem ?? '', problem)
    assert.equal(parked.state, 'running')
    const [listed] = await workflows.list({ state: 'parked', limit: 1 })
    assert.equal(listed?.id, id)
    // Mended, it goes on from where it was.
    code = before
    await workflows.retry(id)
    await app.drain()
    assert.equal((await app.row(id)).result, 2)
  })
}

test('an instance keeps the version with which it began', async () => {
  const start = { input: '{}', caller: { is: 'anonymous' }, traceId: 't' } as const
  const ids = await Promise.all(
    [1, 2, 3].map(async (version) => {
      const id = `grown ${version}`
      await app.running.runtime.effects.startWorkflows(
        runtime.database,
        [{ ...start, id, workflow: 'desk.grown', version }],
        '2026-01-01T00:00:00Z',
      )
      return id
    }),
  )
  await app.drain()
  const [one, two, three] = await Promise.all(ids.map((id) => app.row(id)))
  assert.equal(one?.result, 'as it was')
  assert.equal(three?.result, 'as it is')
  assert.match(two?.problem ?? '', /version 3, the instance began with 2: keep that code under/)
  assert.equal(grown.version, 3)
})

test('a workflow without its code ends when cancelled, where nothing is to be undone', async () => {
  const id = await changed(async ({ step }) => step('other', async () => 1))
  code = async ({ step }) => step('other', async () => 1)
  await workflows.cancel(id, 'the code is gone')
  await app.drain()
  assert.equal((await app.row(id)).state, 'cancelled')
})

test('a workflow that the app does not know is parked, not lost', async () => {
  const start = { input: '{}', caller: { is: 'anonymous' }, traceId: 't' } as const
  const stranger = { ...start, id: 'stranger', workflow: 'gone.away', version: 1 }
  await runtime.effects.startWorkflows(runtime.database, [stranger], '2026-01-01T00:00:00Z')
  await app.drain()
  assert.match((await app.row('stranger')).problem ?? '', /There is no workflow gone.away/)
  app.clock.advance(60_000)
  assert.ok((await app.drain()) > 0, 'it is looked at again')
})

test('a bug in a step is mended, not tried again and again', async () => {
  code = async ({ step }) => step('one', async ({ signal }) => signal('x', go, {} as never))
  const { id } = await app.start(changing, {})
  await app.drain()
  assert.match((await app.row(id)).problem ?? '', /"one" found a bug: .*desk.go/)
  code = async ({ step }) => step('one', async () => 'mended')
  await workflows.retry(id)
  await app.drain()
  assert.equal((await app.row(id)).result, 'mended')
})
