/** Owns the simulation of workflows: drawn programs, crashes, lost leases, signals, a clock. */

import assert from 'node:assert/strict'
import { activate } from '../../activation.ts'
import {
  type Chance,
  chanceOf,
  type Deed,
  drawDeeds,
  type Outside,
  programOf,
} from './drawn-program.ts'
import {
  Crash,
  eventFor,
  keptSignal,
  type ModelWorkflow,
  type ModelWorld,
  modelJournal,
  modelWorkflow,
  wake,
} from './model-journal.ts'

/** What came of one simulated run. */
export interface Simulated {
  readonly world: ModelWorld
  readonly outside: Outside
  readonly crashes: number
  readonly turns: number
}

const caps = { stepsMax: 1_000, resultBytesMax: 100_000, stallMs: 60_000 }
const turnsMax = 4_000

/** Runs one drawn workflow, its children and all that can go wrong, until everything has ended. */
export function simulate(seed: number): Promise<Simulated> {
  return new Simulation(seed).run()
}

class Simulation {
  readonly #chance: Chance
  readonly #programs = new Map<string, readonly Deed[]>()
  readonly #world: ModelWorld
  readonly #outside: Outside
  readonly #faults: Record<'crash' | 'steal' | 'news' | 'cancel' | 'conflict', number>
  readonly #underWay = new Set<Promise<void>>()
  #crashes = 0
  #ids = 0
  #turns = 0

  constructor(seed: number) {
    const chance = chanceOf(seed)
    this.#chance = chance
    // Each seed first draws which faults there are at all.
    const some = (most: number): number => (chance.happens(0.6) ? chance.fraction() * most : 0)
    this.#faults = {
      ...{ crash: some(0.15), steal: some(0.1), news: some(0.1), cancel: some(0.02) },
      conflict: some(0.1),
    }
    this.#programs.set('child', drawDeeds(chance, { depth: 0, children: [] }))
    this.#programs.set('main', drawDeeds(chance, { depth: 2, children: ['child'] }))
    const point = (): Promise<void> => this.#point()
    this.#world = {
      ...{ workflows: new Map(), events: [], effects: [], nowMs: 1_000_000, numbers: 0, point },
      others: () => this.#others(),
      conflicts: () => this.#chance.happens(this.#faults.conflict),
    }
    this.#outside = { calls: new Map(), failed: new Map(), point }
    const start = { id: 'main', name: 'main', input: '{}', parentId: undefined, dueMs: 0 }
    this.#world.workflows.set('main', modelWorkflow(start))
  }

  async run(): Promise<Simulated> {
    const world = this.#world
    while (this.#unended().length > 0) {
      this.#turns += 1
      assert.ok(this.#turns < turnsMax, `nothing ends after ${turnsMax} turns`)
      // The faults end some day: then everything must come to its end.
      if (this.#turns > turnsMax / 2) Object.assign(this.#faults, { crash: 0, steal: 0, news: 0 })
      this.#others()
      this.#turn()
      await yieldTurns(this.#chance.below(6))
    }
    await Promise.all(this.#underWay)
    return { world, outside: this.#outside, crashes: this.#crashes, turns: this.#turns }
  }

  #unended(): ModelWorkflow[] {
    const { workflows } = this.#world
    return [...workflows.values()].filter(({ state }) => state === 'running' || state === 'undoing')
  }

  /** Lets a worker take up what is due, or time pass until something is. */
  #turn(): void {
    const world = this.#world
    const due = this.#unended().filter(({ dueMs }) => dueMs <= world.nowMs)
    const chosen = due[this.#chance.below(due.length)]
    if (chosen !== undefined) {
      this.#takeUp(chosen)
    } else if (this.#underWay.size === 0) {
      const next = Math.min(...this.#unended().map(({ dueMs }) => dueMs))
      if (Number.isFinite(next)) world.nowMs = Math.max(world.nowMs, next)
      else this.#tellAll()
    }
  }

  /** Nothing is due: what they wait for comes now, and was not there before. */
  #tellAll(): void {
    for (const workflow of this.#unended()) {
      for (const { state, kind, aim, place } of workflow.records) {
        if (state !== 'open') continue
        const waits = kind === 'signal' || kind === 'event'
        const news =
          kind === 'signal' ? keptSignal(workflow, aim) : eventFor(this.#world, workflow, place)
        assert.ok(!waits || news === undefined, `"${place}" waits for what has come already`)
      }
    }
    for (const workflow of this.#unended()) this.#tell(workflow)
  }

  #tell(workflow: ModelWorkflow): void {
    const number = String(this.#ids++)
    workflow.signals.push({ number, signal: 'told', data: `"${number}"`, taken: false })
    const id = `event-${this.#ids++}`
    this.#world.events.push({ id, type: 'happened', subject: workflow.id })
    wake(this.#world, workflow.id)
  }

  #takeUp(workflow: ModelWorkflow): void {
    workflow.holder += 1
    // Held: nobody else takes it while it is not stolen.
    workflow.dueMs = Number.POSITIVE_INFINITY
    workflow.resting = false
    const { holder } = workflow
    const work = this.#activate(workflow, holder).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error
      this.#crashes += 1
      // The lease of who is gone ends.
      if (workflow.holder === holder) workflow.dueMs = this.#world.nowMs
    })
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }

  #activate(workflow: ModelWorkflow, holder: number): Promise<void> {
    const world = this.#world
    return activate({
      journal: modelJournal(world, workflow, holder),
      clock: { now: () => world.nowMs },
      newId: () => `child-${this.#ids++}`,
      fraction: () => this.#chance.fraction(),
      aborted: new AbortController().signal,
      caps,
      programOf: ({ name }) => ({
        program: programOf(this.#programs.get(name) ?? [], this.#outside),
      }),
    })
  }

  /** A place at which others go on, and at which a process can die. */
  async #point(): Promise<void> {
    await yieldTurns(this.#chance.below(4))
    if (this.#chance.happens(this.#faults.crash)) throw new Crash('killed')
  }

  /** Whatever comes from outside, at any moment. */
  #others(): void {
    const { workflows, events } = this.#world
    const all = [...workflows.values()]
    const one = all[this.#chance.below(all.length)]
    if (one === undefined) return
    if (this.#chance.happens(this.#faults.steal)) {
      one.holder += 1
      if (!one.resting) one.dueMs = this.#world.nowMs
    }
    if (this.#chance.happens(this.#faults.news)) {
      if (one.state !== 'running') return
      const number = String(this.#ids++)
      one.signals.push({ number, signal: 'told', data: `"${number}"`, taken: false })
      wake(this.#world, one.id)
    }
    if (this.#chance.happens(this.#faults.news)) {
      events.push({ id: `event-${this.#ids++}`, type: 'happened', subject: one.id })
      if (one.waits.length > 0) wake(this.#world, one.id)
    }
    if (one.state === 'running' && this.#chance.happens(this.#faults.cancel)) {
      one.cancelReason ??= 'no longer wanted'
      wake(this.#world, one.id)
    }
    this.#world.nowMs += this.#chance.below(3)
  }
}

async function yieldTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve()
}
