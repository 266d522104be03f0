/** Owns one activation of a workflow: from taking it up to letting it go. */

import { AssertionError } from '../../base/assert.ts'
import type { Clock } from '../../base/time.ts'
import type { Instance, Journal, Loaded, StoredEnding } from './journal.ts'
import { Performer, type Work } from './perform.ts'
import { failedStep } from './replay/outcome.ts'
import { needsUndo } from './replay/record.ts'
import { replay } from './replay/replay.ts'
import type { Ending, Replayed, Steps } from './replay/setting.ts'
import { storable } from './replay/storable.ts'
import { storedError } from './retry.ts'
import { type Undo, undoAll } from './undo.ts'

/** The code of a workflow, as it is run. */
export type Program<S> = (steps: Steps<Work<S>, Undo<S>>, instance: Instance) => Promise<unknown>

/** The code of a workflow, or why there is none. */
export type FoundProgram<S> =
  | { readonly program: Program<S> }
  | { readonly missing: string; readonly retryMs: number }

/** What an activation is made with. */
export interface Activating<S> {
  readonly journal: Journal<S>
  readonly clock: Clock
  readonly newId: () => string
  /** In [0, 1): the jitter between attempts. */
  readonly fraction: () => number
  /** Aborted where the worker must let go. */
  readonly aborted: AbortSignal
  readonly caps: WorkflowCaps
  programOf(instance: Instance): FoundProgram<S>
}

/** What a workflow may cost. */
export interface WorkflowCaps {
  readonly stepsMax: number
  readonly resultBytesMax: number
  readonly stallMs: number
}

const parkMs = 30_000
const parkMsMax = 3_600_000

/**
 * Takes a workflow as far as it goes. Rejects where the journal fails: then nothing is lost, and
 * the next activation goes on from what is recorded.
 */
export async function activate<S>(activating: Activating<S>): Promise<void> {
  while (!(await takeFurther(activating))) activating.aborted.throwIfAborted()
}

/** True: it is let go. False: there is news already. */
async function takeFurther<S>(activating: Activating<S>): Promise<boolean> {
  const { journal } = activating
  const loaded = await journal.load()
  if (loaded === undefined || loaded.instance.ended) {
    await journal.leave()
    return true
  }
  const found = activating.programOf(loaded.instance)
  if ('missing' in found) {
    if (await endedWithoutCode(journal, loaded)) return true
    // Not for good: another node may know it, or this one after the next deployment.
    await journal.park(found.missing, activating.clock.now() + found.retryMs)
    return true
  }
  return new Activation(activating, loaded).run(found.program)
}

/** What is cancelled and has nothing to undo needs no code for it. True: it has ended. */
async function endedWithoutCode<S>(
  journal: Journal<S>,
  { instance, records }: Loaded,
): Promise<boolean> {
  if (instance.cancelReason === undefined) return false
  const children = records.some(({ kind, state }) => kind === 'child' && state === 'open')
  if (children || records.some(needsUndo)) return false
  return journal.end(instance.ending ?? cancelled(instance))
}

class Activation<S> {
  readonly #with: Activating<S>
  readonly #loaded: Loaded
  readonly #performer: Performer<S>

  constructor(activating: Activating<S>, loaded: Loaded) {
    const { journal, clock, newId, fraction, aborted, caps } = activating
    const { instance, signals, records } = loaded
    this.#with = activating
    this.#loaded = loaded
    this.#performer = new Performer({
      ...{ id: instance.id, journal, clock, newId, fraction, aborted, signals, records },
      resultBytesMax: caps.resultBytesMax,
    })
  }

  async run(program: Program<S>): Promise<boolean> {
    const { instance, records } = this.#loaded
    const { stepsMax, stallMs } = this.#with.caps
    const replayed = await replay<Work<S>, Undo<S>>(
      {
        ...{ seed: instance.seed, startedMs: instance.startedMs, records, stepsMax, stallMs },
        ending: endingOf(instance),
        perform: (performing) => this.#performer.perform(performing),
      },
      (steps) => program(steps, instance),
    )
    return this.#conclude(replayed)
  }

  #conclude(replayed: Replayed<Undo<S>>): Promise<boolean> {
    const { ending } = replayed
    switch (ending.is) {
      case 'broken':
        throw ending.cause
      case 'violated':
        return this.#park(ending.problem)
      case 'stored':
        return Promise.resolve(true)
      case 'misled':
        return this.#again()
      case 'resting':
        return this.#with.journal.rest(this.#performer.changes, this.#performer.wakeMs)
      case 'returned':
        return this.#complete(ending.value)
      case 'cancelled':
        return this.#undo(replayed, cancelled(this.#loaded.instance))
      case 'failed':
        return this.#undo(replayed, {
          ...failure({ code: 'step_failed', detail: ending.detail }),
          said: true,
        })
      case 'threw':
        // A bug of the app is mended: until then nothing is undone and nothing is lost.
        if (ending.error instanceof AssertionError) return this.#park(ending.error.message)
        return this.#undo(replayed, failure(reasonOf(ending.error)))
    }
  }

  /** What was recorded instead of what the code was told decides how it goes on. */
  async #again(): Promise<boolean> {
    const { changes, wakeMs } = this.#performer
    return changes.length > 0 && this.#with.journal.rest(changes, wakeMs)
  }

  async #complete(value: unknown): Promise<boolean> {
    const stored = storable(value, this.#with.caps.resultBytesMax)
    if ('problem' in stored) {
      return this.#park(`What the workflow returns cannot be stored: ${stored.problem}.`)
    }
    return this.#with.journal.end({ state: 'completed', result: stored.text })
  }

  async #undo(replayed: Replayed<Undo<S>>, fresh: StoredEnding): Promise<boolean> {
    const { journal, clock, fraction, aborted } = this.#with
    const { instance } = this.#loaded
    const ending = instance.ending ?? fresh
    if (instance.ending === undefined) await journal.beginUndo(ending)
    if (await this.#hasChildren(ending)) return journal.rest([], undefined)
    const outcome = await undoAll(
      { id: instance.id, reason: ending.error.detail, journal, clock, fraction, aborted },
      replayed.undoable,
    )
    if (outcome.is === 'waiting') return journal.rest([], outcome.wakeMs)
    if (outcome.is === 'stuck') return this.#park(outcome.problem)
    return journal.end(ending)
  }

  /** Children that are under way end before anything is undone. */
  async #hasChildren({ error }: StoredEnding): Promise<boolean> {
    const { journal } = this.#with
    let some = false
    for (const id of this.#performer.children) {
      if ((await journal.childOutcome(id)) !== undefined) continue
      await journal.cancelChild(id, error.detail)
      some = true
    }
    return some
  }

  async #park(problem: string): Promise<boolean> {
    const { journal, clock } = this.#with
    if (await endedWithoutCode(journal, this.#loaded)) return true
    const waitMs = Math.min(parkMsMax, parkMs * 2 ** Math.min(this.#loaded.instance.problems, 10))
    await journal.park(problem, clock.now() + waitMs)
    return true
  }
}

function cancelled({ cancelReason = 'It was cancelled.' }: Instance): StoredEnding {
  return { state: 'cancelled', error: { code: 'cancelled', detail: cancelReason } }
}

/** Why it failed, with the step whose error it is, where nobody meant that error to be read. */
function reasonOf(error: unknown): StoredEnding['error'] {
  const { code, detail } = storedError(error)
  const step = code === 'step_failed' ? failedStep(error) : undefined
  return { code, detail: step === undefined ? detail : `"${step}" failed: ${detail}` }
}

function failure(error: StoredEnding['error']): StoredEnding {
  return { state: 'failed', error }
}

/** What is settled before the code runs: it is being undone, or will be. */
function endingOf({ ending, cancelReason }: Instance): Ending | undefined {
  if (ending?.state === 'failed') return { is: 'failed', detail: ending.error.detail }
  if (ending !== undefined || cancelReason !== undefined) return { is: 'cancelled' }
  return undefined
}
