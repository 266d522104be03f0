import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StepRecord } from '../../replay/record.ts'
import type { ModelWorkflow, ModelWorld } from './model-journal.ts'
import { type Simulated, simulate } from './simulation.ts'

const seeds = 2_000

test(`${seeds} drawn workflows end as they must, whatever crashes`, async () => {
  let crashes = 0
  const seen = new Map<string, number>()
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      const simulated = await simulate(seed)
      check(simulated)
      crashes += simulated.crashes
      const { state } = mainOf(simulated)
      seen.set(state, (seen.get(state) ?? 0) + 1)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  assert.ok(crashes > seeds, 'there were crashes')
  for (const state of ['completed', 'failed', 'cancelled']) {
    assert.ok((seen.get(state) ?? 0) > seeds / 100, `some ${state}`)
  }
})

test('one seed is one run', async () => {
  for (const seed of [7, 21, 42]) {
    const [one, two] = [await simulate(seed), await simulate(seed)]
    assert.deepEqual(one.world.effects, two.world.effects)
    assert.equal(one.turns, two.turns)
  }
})

function mainOf({ world }: Simulated): ModelWorkflow {
  const main = world.workflows.get('main')
  assert.ok(main)
  return main
}

function check(simulated: Simulated): void {
  const { world, outside } = simulated
  const { effects } = world
  assert.equal(new Set(effects).size, effects.length, 'no effect twice')
  for (const workflow of world.workflows.values()) {
    assert.equal(workflow.problem, undefined)
    checkWorkflow(workflow, simulated)
  }
  const labels = [...world.workflows.values()].flatMap(({ id, records }) =>
    records
      .filter(({ state, kind }) => state === 'done' && kind === 'step')
      .map((r) => `${id}/${r.name}`),
  )
  const done = effects.filter((effect) => !effect.startsWith('undo '))
  assert.deepEqual(done.toSorted(), labels.toSorted(), 'effects are the recorded steps')
  assert.ok(outside.calls.size >= 0)
}

function checkWorkflow(workflow: ModelWorkflow, { world, outside }: Simulated): void {
  const { id, records, state, signals } = workflow
  for (const { kind, state: stepState, place } of records) {
    if (kind === 'external' && stepState === 'done') {
      assert.ok(outside.calls.has(`${id}:${place}`), `${id}:${place} was called`)
    }
  }
  const told = records.filter(({ kind, result }) => kind === 'signal' && result !== undefined)
  assert.equal(told.length, signals.filter(({ taken }) => taken).length, 'each signal taken once')
  assert.equal(new Set(told.map(({ result }) => result)).size, told.length, 'by one wait')
  for (const { kind, result, dueMs, endedMs } of records) {
    if (endedMs === undefined || (result !== undefined && kind !== 'sleep')) continue
    if (!['sleep', 'signal', 'event'].includes(kind)) continue
    assert.ok(dueMs === undefined || endedMs >= dueMs, 'no timer ends early')
  }
  checkUndo(workflow, world.effects)
  checkChildren(workflow, world)
  if (state === 'completed') {
    assert.ok(
      records.every((record) => record.state !== 'open'),
      'nothing is left open',
    )
  }
}

function checkUndo({ id, records, state }: ModelWorkflow, effects: readonly string[]): void {
  const undone = effects.filter((effect) => effect.startsWith(`undo ${id}/`))
  const due = records
    .filter(({ undoable, state, kind }) => undoable && state === 'done' && kind !== 'child')
    .toSorted((a, b) => b.number - a.number)
    .map(({ name }) => `undo ${id}/${name}`)
  assert.deepEqual(undone, state === 'completed' ? [] : due, 'undone once each, latest first')
}

/** Children that did not complete end first; those that did are undone where they stand. */
function checkChildren({ id, records }: ModelWorkflow, { workflows, effects }: ModelWorld): void {
  const firstUndo = effects.findIndex((effect) => effect.startsWith(`undo ${id}/`))
  const completed = new Set(
    records.flatMap(({ kind, state, aim }) => (kind === 'child' && state === 'done' ? [aim] : [])),
  )
  for (const child of workflows.values()) {
    if (child.parentId !== id || firstUndo < 0 || completed.has(child.id)) continue
    const last = effects.findLastIndex((effect) => effect.includes(`${child.id}/`))
    assert.ok(last < firstUndo, 'children end before their parent is undone')
  }
  const ended = workflows.get(id)?.state
  if (ended === 'completed') return
  const own = [id, ...completed].map((one) => `undo ${one}/`)
  const undone = effects.filter((effect) => own.some((start) => effect.startsWith(start)))
  const due = records.toSorted((a, b) => b.number - a.number).flatMap(undoOf)
  assert.deepEqual(undone, due, 'latest first, what children did among it')

  function undoOf({ kind, state, undoable, name, aim }: StepRecord): readonly string[] {
    if (state !== 'done' || !undoable) return []
    if (kind !== 'child') return [`undo ${id}/${name}`]
    return effects.filter((effect) => effect.startsWith(`undo ${aim}/`))
  }
}
