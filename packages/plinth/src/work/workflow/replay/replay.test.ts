import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notUndone, type StepRecord } from './record.ts'
import { replay } from './replay.ts'
import type { Ending, Performed, Setting, Steps } from './setting.ts'
import { storable } from './storable.ts'

type Api = Steps<string, string>

function record(place: string, name: string, more: Partial<StepRecord> = {}): StepRecord {
  return {
    ...{ place, name, kind: 'step', state: 'done', number: 1, result: `"${name}"` },
    ...{ error: undefined, attempts: 0, dueMs: undefined, aim: undefined, endedMs: 5 },
    ...{ undoable: false, reused: false, undo: notUndone },
    ...more,
  }
}

interface Running {
  readonly records?: readonly StepRecord[]
  readonly ending?: Ending
  readonly stepsMax?: number
  readonly stallMs?: number
  readonly perform?: Setting<string>['perform']
}

/** Does every step at once, unless its work says something else. */
const usual: Setting<string>['perform'] = async ({ ask: { place, name, kind }, work }) => {
  if (work === 'wait') return { is: 'waiting' }
  if (work === 'break') throw new Error('the database is away')
  const settled: Performed = {
    ...{ is: 'settled', cancelled: work === 'cancel' },
    record: record(place, name, { kind }),
  }
  return settled
}

function run(program: (steps: Api) => Promise<unknown>, running: Running = {}) {
  return replay<string, string>(
    {
      ...{ seed: 'w', startedMs: 1, records: [], ending: undefined, stepsMax: 100 },
      ...{ stallMs: 60_000, perform: usual, ...running },
    },
    program,
  )
}

const step = (steps: Api, name: string, [work = 'do', undo]: readonly string[] = []) =>
  steps.ask('step', name, { work, undo })

test('a wait cannot be caught, nor does anything behind it run', async () => {
  let behind = 0
  const { ending } = await run(async (steps) => {
    try {
      await step(steps, 'a', ['wait'])
    } catch {
      behind += 1
    } finally {
      behind += 1
    }
  })
  assert.deepEqual(ending, { is: 'resting' })
  assert.equal(behind, 0)
})

test('what is recorded answers without being done', async () => {
  const done: string[] = []
  const { ending } = await run(async (steps) => [await step(steps, 'a'), await step(steps, 'b')], {
    records: [record('0', 'a', { result: '{"x":1}' })],
    perform: async (performing) => {
      done.push(performing.ask.name)
      return usual(performing)
    },
  })
  assert.deepEqual(ending, { is: 'returned', value: [{ x: 1 }, 'b'] })
  assert.deepEqual(done, ['b'])
})

test('a recorded failure is thrown again as it was', async () => {
  const error = { code: 'conflict', detail: 'Taken.' }
  const records = [record('0', 'a', { state: 'failed', error })]
  const { ending } = await run(async (steps) => step(steps, 'a'), { records })
  assert.equal(ending.is, 'threw')
  assert.match(String(ending.is === 'threw' && ending.error), /Taken/)
})

test('branches have places of their own and rest together', async () => {
  const asked: string[] = []
  const { ending } = await run(
    async (steps) => {
      await steps.parallel('both', {
        left: async () => {
          await step(steps, 'a')
          await step(steps, 'b', ['wait'])
        },
        right: async () => {
          await step(steps, 'a')
          await steps.parallel('inner', { one: () => step(steps, 'x'), two: async () => 2 })
          await step(steps, 'c', ['wait'])
        },
      })
    },
    {
      perform: async (performing) => {
        asked.push(`${performing.ask.place} ${performing.ask.name}`)
        return usual(performing)
      },
    },
  )
  assert.deepEqual(ending, { is: 'resting' })
  assert.deepEqual(asked.toSorted(), [
    '0.0.0 both/left/a',
    '0.0.1 both/left/b',
    '0.1.0 both/right/a',
    '0.1.1.0.0 both/right/inner/one/x',
    '0.1.2 both/right/c',
  ])
})

test('one failing branch lets the others end first', async () => {
  let other = false
  const { ending } = await run(async (steps) => {
    await steps.parallel('both', {
      bad: async () => {
        throw new Error('bad')
      },
      good: async () => {
        await step(steps, 'a')
        other = true
      },
    })
  })
  assert.equal(ending.is, 'threw')
  assert.ok(other)
})

test('a failed run gathers what other branches have done before', async () => {
  const program = async (steps: Api): Promise<void> => {
    await steps.parallel('both', {
      quick: async () => steps.fail('no'),
      slow: async () => {
        await step(steps, 'a', ['do', 'undo a'])
        await step(steps, 'b', ['do', 'undo b'])
      },
    })
  }
  const records = ['a', 'b'].map((name, at) =>
    record(`0.1.${at}`, `both/slow/${name}`, { undoable: true }),
  )
  const { ending, undoable } = await run(program, { records })
  assert.deepEqual(ending, { is: 'failed', detail: 'no' })
  assert.deepEqual(
    undoable.map(({ undo }) => undo),
    ['undo a', 'undo b'],
  )
})

test('a lost lease ends the run, whatever its code would do', async () => {
  const { ending } = await run(async (steps) => {
    try {
      await step(steps, 'a', ['break'])
    } catch {
      return 'swallowed'
    }
  })
  assert.equal(ending.is, 'broken')
})

test('a cancelled run begins nothing further', async () => {
  const { ending, undoable } = await run(async (steps) => {
    await step(steps, 'a', ['cancel', 'undo a'])
    await step(steps, 'b', ['do', 'undo b'])
  })
  assert.deepEqual(ending, { is: 'cancelled' })
  assert.deepEqual(
    undoable.map(({ undo }) => undo),
    ['undo a'],
  )
})

test('chance and time are the same in every run', async () => {
  const program = async (steps: Api): Promise<unknown> => {
    const first = [steps.random(), steps.random(), steps.nowMs()]
    await step(steps, 'a')
    return [...first, steps.random(), steps.nowMs()]
  }
  const [one, two] = [await run(program), await run(program, { records: [record('0', 'a')] })]
  assert.deepEqual(one, two)
  const [x, y, began, z, ended] = one.ending.is === 'returned' ? (one.ending.value as number[]) : []
  assert.equal(new Set([x, y, z]).size, 3)
  assert.deepEqual([began, ended], [1, 5])
})

const named: readonly (readonly [string, RegExp, (steps: Api) => Promise<unknown>, Running?])[] = [
  ['nested steps', /"inner" began while "outer"/, nested, { perform: nesting() }],
  ['too many steps', /more than 3 steps/, many, { stepsMax: 3 }],
  ['a name with a slash', /1 to 100 characters/, (steps) => step(steps, 'a/b')],
  [
    'code that waits for something else',
    /no step/,
    () => new Promise(() => undefined),
    { stallMs: 20 },
  ],
  ['a branch whose step is not awaited', /without waiting for "both\/a\/x"/, floating],
]

let innerSteps: Api | undefined

async function nested(steps: Api): Promise<unknown> {
  innerSteps = steps
  return step(steps, 'outer', ['nest'])
}

function nesting(): Setting<string>['perform'] {
  return async (performing) => {
    // As the logic of a step would, inside of its call.
    if (performing.work === 'nest' && innerSteps) void step(innerSteps, 'inner')
    return usual(performing)
  }
}

async function many(steps: Api): Promise<void> {
  for (let at = 0; at < 5; at++) await step(steps, `s${at}`)
}

function floating(steps: Api): Promise<unknown> {
  return steps.parallel('both', {
    a: async () => {
      void step(steps, 'x', ['wait'])
    },
  })
}

for (const [what, problem, program, running] of named) {
  test(`${what}: named`, async () => {
    const { ending } = await run(program, running)
    assert.equal(ending.is, 'violated')
    assert.match(ending.is === 'violated' ? ending.problem : '', problem)
  })
}

test('what can be stored is what comes back the same', () => {
  const loop: { self?: unknown } = {}
  loop.self = loop
  const bad = [
    new Date(0),
    new Map(),
    () => 1,
    1n,
    Number.NaN,
    [undefined],
    loop,
    { a: Symbol('x') },
  ]
  for (const value of bad) assert.ok('problem' in storable(value, 1_000), String(typeof value))
  const good = [null, 1, 'x', true, [], {}, { a: [1, { b: null }], c: undefined }, undefined]
  for (const value of good) assert.ok('text' in storable(value, 1_000))
  assert.ok('problem' in storable('x'.repeat(999), 1_000))
})
