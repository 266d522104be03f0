import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { Failure, text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const seen: string[] = []
let failing: Record<string, number> = {}

/** Fails as often as it is told. */
function maybe(name: string): void {
  seen.push(name)
  const left = failing[name] ?? 0
  if (left === 0) return
  failing[name] = left - 1
  throw new Error(`${name} is down`)
}

const three = desk.workflow('three', {
  input: { word: text() },
  async run({ input, step, now, random }) {
    const first = await step('first', async ({ data }) => {
      const made = await data.unrestricted.mark.create({ text: `${input.word} 1` })
      return { id: made.id, word: input.word }
    })
    await step('second', async ({ data }) => {
      await data.unrestricted.mark.create({ text: `${first.word} 2` })
    })
    return step('third', async ({ data, workflowId }) => {
      await data.unrestricted.mark.create({ text: `${input.word} 3` })
      return { workflowId, at: now(), chance: random() }
    })
  },
})

const flaky = desk.workflow('flaky', {
  async run({ step, external }) {
    const key = await external(
      'call',
      async ({ idempotencyKey }) => {
        seen.push(idempotencyKey)
        maybe('call')
        return idempotencyKey
      },
      { retry: { attemptsMax: 4, delayMs: 1_000 } },
    )
    await step('note', async ({ data }) => {
      await data.unrestricted.mark.create({ text: 'tried' })
      maybe('note')
    })
    return key
  },
})

const saga = desk.workflow('saga', {
  input: { last: text() },
  async run({ input, step, external, parallel, fail }) {
    const undo = async ({ data, result }: UndoScope): Promise<void> => {
      await data.unrestricted.mark.create({ text: `undo ${result}` })
      maybe(`undo ${result}`)
    }
    await step('a', async () => 'a', { undo })
    await parallel('both', {
      left: () => step('b', async () => 'b', { undo }),
      right: () =>
        external('c', async () => 'c', {
          undo,
          undoExternal: async ({ result, idempotencyKey }) => {
            seen.push(`outside ${result} ${idempotencyKey}`)
          },
        }),
    })
    if (input.last === 'fail') {
      try {
        fail('we do not want it')
      } catch {
        await step('never', async () => seen.push('never'))
      }
    }
    if (input.last === 'throw')
      await step('d', async () => maybe('d'), { retry: { attemptsMax: 1 } })
    return input.last
  },
})

interface UndoScope {
  readonly data: {
    readonly unrestricted: { readonly mark: { create(input: { text: string }): Promise<unknown> } }
  }
  readonly result: string
}

const caught = desk.workflow('caught', {
  async run({ step }) {
    try {
      await step('refused', async () => {
        throw new Failure('forbidden', { detail: 'Not you.' })
      })
    } catch (error) {
      assert.ok(error instanceof Failure)
      return `${error.code} ${error.detail}`
    }
    return 'not reached'
  },
})

const app = await openDesk(desk)
after(() => app.close())
beforeEach(() => {
  seen.length = 0
  failing = {}
})

test('three steps, each once, and the result is kept', async () => {
  const { id, outcome } = await app.start(three, { word: 'x' })
  assert.equal(outcome, 'started')
  await app.drain()
  const { state, result } = await app.row(id)
  assert.equal(state, 'completed')
  const { workflowId, at, chance } = result as { workflowId: string; at: string; chance: number }
  assert.equal(workflowId, id)
  assert.equal(at, '2026-01-01T00:00:00Z')
  assert.ok(chance >= 0 && chance < 1)
  assert.deepEqual(await app.marks(), ['x 1', 'x 2', 'x 3'])
})

test('a second start with the same id changes nothing and says so', async () => {
  const before = await app.marks()
  assert.equal((await app.start(three, { word: 'y' }, 'three y')).outcome, 'started')
  assert.equal((await app.start(three, { word: 'z' }, 'three y')).outcome, 'existing')
  await app.drain()
  assert.equal((await app.start(three, { word: 'z' }, 'three y')).outcome, 'existing')
  await app.drain()
  assert.deepEqual((await app.marks()).slice(before.length), ['y 1', 'y 2', 'y 3'])
  await assert.rejects(app.start(flaky, {}, 'three y'), { code: 'conflict' })
})

test('what fails is repeated later, with the same key, and leaves nothing behind', async () => {
  failing = { call: 2, note: 1 }
  const before = await app.marks()
  const { id } = await app.start(flaky, {})
  await app.drain()
  assert.deepEqual(await app.steps(id), ['call external open 1'])
  for (let wait = 0; wait < 3; wait++) {
    app.clock.advance(5_000)
    await app.drain()
  }
  const { state, result } = await app.row(id)
  assert.equal(state, 'completed')
  assert.equal(result, `${id}:0`)
  assert.deepEqual(seen, [`${id}:0`, 'call', `${id}:0`, 'call', `${id}:0`, 'call', 'note', 'note'])
  assert.deepEqual((await app.marks()).slice(before.length), ['tried'])
  assert.deepEqual(await app.steps(id), ['call external done 2', 'note step done 1'])
})

test('fail cannot be swallowed: what was done is undone, latest first', async () => {
  const before = await app.marks()
  const { id } = await app.start(saga, { last: 'fail' })
  await app.drain()
  const { state, ending } = await app.row(id)
  assert.equal(state, 'failed')
  assert.equal(ending?.error.detail, 'we do not want it')
  assert.ok(!seen.includes('never'))
  const undone = (await app.marks()).slice(before.length)
  assert.equal(undone.length, 3)
  assert.equal(undone[2], 'undo a')
  assert.ok(seen.includes(`outside c ${id}:1.1.0:undo`))
})

test('undoing goes on where it failed', async () => {
  failing = { d: 1, 'undo b': 2 }
  const before = await app.marks()
  const { id } = await app.start(saga, { last: 'throw' })
  await app.drain()
  assert.equal((await app.row(id)).state, 'undoing')
  for (let wait = 0; wait < 4; wait++) {
    app.clock.advance(10_000)
    await app.drain()
  }
  const { state, ending } = await app.row(id)
  assert.equal(state, 'failed')
  assert.match(ending?.error.detail ?? '', /d is down/)
  const undone = (await app.marks()).slice(before.length)
  assert.deepEqual(undone.toSorted(), ['undo a', 'undo b', 'undo c'])
  assert.equal(undone.at(-1), 'undo a')
})

test('what would fail again is not repeated, and code may catch it', async () => {
  const { id } = await app.start(caught, {})
  await app.drain()
  assert.deepEqual((await app.row(id)).result, 'forbidden Not you.')
  assert.deepEqual(await app.steps(id), ['refused step failed 1'])
})
