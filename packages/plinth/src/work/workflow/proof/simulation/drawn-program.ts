/** Owns drawn workflows for simulations: every form of step, failing, undone, side by side. */

import { Failure } from '../../../../base/failure.ts'
import type { Program } from '../../activation.ts'
import type { Work } from '../../perform.ts'
import type { Steps } from '../../replay/setting.ts'
import type { Undo } from '../../undo.ts'
import type { ModelScope } from './model-journal.ts'

/** Random choices that all follow from one number. */
export interface Chance {
  /** In [0, 1). */
  fraction(): number
  /** True with this probability. */
  happens(probability: number): boolean
  /** A whole number below. */
  below(count: number): number
}

/** Makes choices out of a seed (mulberry32). */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    fraction,
    happens: (probability) => fraction() < probability,
    below: (count) => Math.floor(fraction() * count),
  }
}

/** One thing that a drawn workflow does. */
export type Deed =
  | {
      readonly is: 'step' | 'external'
      readonly name: string
      /** How many attempts fail before one does not. */
      readonly failures: number
      readonly attemptsMax: number
      readonly undo: 'none' | 'inside' | 'outside'
      /** True: the code goes on where it failed for good. */
      readonly caught: boolean
    }
  | { readonly is: 'sleep'; readonly name: string; readonly forMs: number }
  | {
      readonly is: 'signal' | 'event'
      readonly name: string
      readonly timeoutMs: number | undefined
    }
  | { readonly is: 'child'; readonly name: string; readonly program: string; caught: boolean }
  | {
      readonly is: 'parallel'
      readonly name: string
      readonly branches: readonly (readonly Deed[])[]
    }
  | { readonly is: 'fail'; readonly name: string; readonly swallowed: boolean }

/** Draws what a workflow does. `depth` bounds nesting, `children` are programs it may start. */
export function drawDeeds(
  chance: Chance,
  { depth, children }: { readonly depth: number; readonly children: readonly string[] },
): readonly Deed[] {
  return Array.from({ length: 1 + chance.below(4) }, (_, at) =>
    drawDeed(chance, { depth, children, name: `s${at}` }),
  )
}

interface Drawing {
  readonly depth: number
  readonly children: readonly string[]
  readonly name: string
}

function drawDeed(chance: Chance, { depth, children, name }: Drawing): Deed {
  const kind = chance.below(100)
  if (kind < 45) return drawWork(chance, name, kind < 28 ? 'step' : 'external')
  if (kind < 55) return { is: 'sleep', name, forMs: chance.below(5_000) }
  if (kind < 75) {
    const timeoutMs = chance.happens(0.7) ? 1 + chance.below(5_000) : undefined
    return { is: kind < 66 ? 'signal' : 'event', name, timeoutMs }
  }
  const [program] = children
  if (kind < 82 && program !== undefined) {
    return { is: 'child', name, program, caught: chance.happens(0.5) }
  }
  if (kind < 95 && depth > 0) {
    const branches = Array.from({ length: 2 + chance.below(2) }, () =>
      drawDeeds(chance, { depth: depth - 1, children }),
    )
    return { is: 'parallel', name, branches }
  }
  if (kind > 96) return { is: 'fail', name, swallowed: chance.happens(0.5) }
  return drawWork(chance, name, 'step')
}

function drawWork(chance: Chance, name: string, is: 'step' | 'external'): Deed {
  const undo = (['none', 'inside', 'outside'] as const)[chance.below(3)] ?? 'none'
  const failures = chance.happens(0.2) ? 1 + chance.below(4) : 0
  return { is, name, failures, attemptsMax: 3, undo, caught: chance.happens(0.5) }
}

/** What drawn workflows meet outside. It keeps count, whatever crashes. */
export interface Outside {
  /** Calls by their idempotency key. */
  readonly calls: Map<string, number>
  /** Failed attempts by what was tried. */
  readonly failed: Map<string, number>
  /** Called where a process may die in the middle of its own code. */
  readonly point: () => Promise<void>
}

/** The code of a drawn workflow: it returns the results of everything that it did. */
export function programOf(deeds: readonly Deed[], outside: Outside): Program<ModelScope> {
  return async (steps, { id }) => {
    const run = { steps, outside, id }
    return doAll(run, deeds, '')
  }
}

interface Running {
  readonly steps: Steps<Work<ModelScope>, Undo<ModelScope>>
  readonly outside: Outside
  readonly id: string
}

async function doAll(run: Running, deeds: readonly Deed[], path: string): Promise<unknown[]> {
  const results: unknown[] = []
  for (const deed of deeds) {
    try {
      results.push((await doOne(run, deed, path)) ?? null)
    } catch (error) {
      const caught = 'caught' in deed && deed.caught
      const swallowed = deed.is === 'fail' && deed.swallowed
      if (!caught && !swallowed) throw error
      results.push('caught')
    }
  }
  return results
}

async function doOne(run: Running, deed: Deed, path: string): Promise<unknown> {
  const { steps } = run
  switch (deed.is) {
    case 'step':
    case 'external':
      return doWork(run, deed, path)
    case 'sleep':
      return steps.ask('sleep', deed.name, {
        work: { is: 'sleep', until: (fromMs) => fromMs + deed.forMs },
      })
    case 'signal':
      return steps.ask('signal', deed.name, {
        aim: 'told',
        work: { is: 'signal', signal: 'told', until: after(deed.timeoutMs) },
      })
    case 'event': {
      const aim = { event: 'happened', subject: run.id }
      return steps.ask('event', deed.name, {
        aim: `${aim.event} ${aim.subject}`,
        work: { is: 'event', aim, until: after(deed.timeoutMs) },
      })
    }
    case 'child':
      return steps.ask('child', deed.name, {
        work: { is: 'child', child: { name: deed.program, version: 1, input: '{}' } },
        undo: { is: 'child' },
      })
    case 'parallel':
      return steps.parallel(
        deed.name,
        Object.fromEntries(
          deed.branches.map((deeds, at) => [
            `b${at}`,
            () => doAll(run, deeds, `${path}${deed.name}/b${at}/`),
          ]),
        ),
      )
    case 'fail':
      return steps.fail(`${path}${deed.name} gave up`)
  }
}

function after(ms: number | undefined): ((fromMs: number) => number) | undefined {
  return ms === undefined ? undefined : (fromMs) => fromMs + ms
}

type WorkDeed = Extract<Deed, { readonly is: 'step' | 'external' }>

function doWork({ steps, outside, id }: Running, deed: WorkDeed, path: string): Promise<unknown> {
  const label = `${id}/${path}${deed.name}`
  const retry = { attemptsMax: deed.attemptsMax, delayMs: 100 }
  const tryIt = async (what: string): Promise<void> => {
    await outside.point()
    const failed = outside.failed.get(what) ?? 0
    if (failed >= deed.failures) return
    outside.failed.set(what, failed + 1)
    throw new Failure('unavailable', { detail: `${what} failed` })
  }
  const undo: Undo<ModelScope> = {
    is: 'step',
    run: async (scope) => scope.effect(`undo ${label}`),
    external:
      deed.undo === 'outside'
        ? async ({ idempotencyKey }) => {
            await tryIt(`undo ${label}`)
            count(outside, idempotencyKey)
          }
        : undefined,
    retry: { ...retry, attemptsMax: 9 },
  }
  const step = async (scope: ModelScope): Promise<string> => {
    await tryIt(label)
    scope.effect(label)
    return label
  }
  const external = async ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
    await tryIt(label)
    count(outside, idempotencyKey)
    await outside.point()
    return label
  }
  return steps.ask(deed.is, deed.name, {
    undo: deed.undo === 'none' ? undefined : undo,
    work:
      deed.is === 'step'
        ? { is: 'step', run: step, retry }
        : { is: 'external', run: external, retry, timeoutMs: 60_000 },
  })
}

function count({ calls }: Outside, key: string): void {
  calls.set(key, (calls.get(key) ?? 0) + 1)
}
