/** Owns the journal of one activation: what it stores, each in one commit under its lease. */

import { present } from '../../../base/assert.ts'
import { isSabotaged, reach } from '../../../base/failpoint.ts'
import { Failure } from '../../../base/failure.ts'
import { instantText } from '../../../base/time.ts'
import type { Session } from '../../../database/database.ts'
import { databaseErrorOf } from '../../../database/errors.ts'
import type { Models } from '../../../define/infer.ts'
import type { StepScope } from '../../../define/logic/specs.ts'
import { cancelWorkflow, wakeWorkflows } from '../../../effects/workflows/news.ts'
import { startWorkflows } from '../../../effects/workflows/start.ts'
import { type LogicRun, logicTransaction } from '../../../engine/logic/transaction.ts'
import type { Runtime } from '../../../engine/runtime.ts'
import type { Lease } from '../../lease.ts'
import { callerOf } from '../../run/callers.ts'
import type {
  Beside,
  ChildOutcome,
  FinalState,
  Journal,
  KeptSignal,
  Loaded,
  Recording,
  StepChange,
  StoredEnding,
  Transacted,
  UndoChange,
  Written,
} from '../journal.ts'
import { childOutcome, undoChild } from './children.ts'
import { endWait, findEvent, storeWait } from './events.ts'
import { hasNews, lockWorkflow, markEnded, markParked, markResting, markUndoing } from './let-go.ts'
import { keptSignals, loadWorkflow } from './load.ts'
import { stepRecording } from './recording.ts'
import { instant, takeSignal, writeStep, writeUndo } from './write.ts'

/** What logic in a step of a workflow works with. */
export type WorkflowStepScope = StepScope<Models>

/** What the journal of an activation stands on. */
export interface JournalParts {
  readonly runtime: Runtime
  readonly lease: Lease
  readonly id: string
  /** Milliseconds that a workflow is kept after its end, by its name. */
  readonly keepMs: (name: string) => number
}

/** The end of what a timer can wait for: nothing but news wakes it. */
const foreverMs = Date.UTC(9999, 0, 1)

type Logic<T> = (scope: WorkflowStepScope) => Promise<T>
type Caller = LogicRun['caller']

/** The journal of one workflow in PostgreSQL, for as long as the lease lasts. */
export class SqlJournal implements Journal<WorkflowStepScope> {
  readonly #parts: JournalParts
  #name = ''
  #parentId: string | undefined
  #place = ''
  #waitsForEvents = false
  #caller: Promise<Caller> | undefined

  constructor(parts: JournalParts) {
    this.#parts = parts
  }

  async load(): Promise<Loaded | undefined> {
    const { runtime, id, lease } = this.#parts
    const loaded = await loadWorkflow(runtime.database, id)
    // A job that was replaced by another one has nothing to do with it any more.
    if (loaded?.jobId !== lease.job.id) return undefined
    this.#name = loaded.instance.name
    this.#parentId = loaded.parentId
    this.#place = loaded.place
    this.#waitsForEvents = loaded.records.some(({ kind }) => kind === 'event')
    return loaded
  }

  async transact(
    logic: Logic<unknown>,
    { changeOf, foresee }: Recording,
  ): Promise<Transacted<Written>> {
    const { lease, id, runtime, keepMs } = this.#parts
    const recording = stepRecording({
      ...{ of: { workflowId: id, workflowPlace: this.#place }, lease },
      foresee: this.#canEndWithStep() ? foresee : undefined,
      forgets: this.#waitsForEvents,
      keepMs: keepMs(this.#name),
      now: () => runtime.clock.now(),
    })
    let written: Promise<Written> | undefined
    const done = await this.#logic(logic, {
      after: async (_, value) => {
        await reach('step.done')
        await recording.decide(changeOf(value))
      },
      // Sent together with COMMIT, which fails where the lease is lost.
      last: (session) => {
        written = recording.write(session)
        return written.then(ignore)
      },
    })
    if (done.is === 'threw') return done
    const value = await present(written, 'the record of a step')
    if (value.ended === true) lease.noteEnded()
    return { is: 'done', value }
  }

  /** Who wakes a parent has to see all that was committed before: in a commit of its own. */
  #canEndWithStep(): boolean {
    return this.#parentId === undefined && !isSabotaged('lease-without-fence')
  }

  write(change: StepChange, beside: Beside = {}): Promise<Written> {
    if (beside.waitsFor !== undefined) this.#waitsForEvents = true
    const alone = Object.keys(beside).length === 0 && change.ask.kind !== 'event'
    if (alone) return this.#put(this.#parts.runtime.database, change)
    return this.#commit(async (session) => {
      const [written] = await Promise.all([
        this.#put(session, change),
        this.#putBeside(session, change, beside),
      ])
      return written
    }, beside.starts !== undefined)
  }

  signals(): Promise<readonly KeptSignal[]> {
    return keptSignals(this.#parts.runtime.database, this.#parts.id)
  }

  findEvent(place: string): Promise<string | undefined> {
    const { runtime, id } = this.#parts
    return findEvent(runtime.database, { workflowId: id, place })
  }

  childOutcome(id: string): Promise<ChildOutcome | undefined> {
    return childOutcome(this.#parts.runtime.database, id)
  }

  async cancelChild(id: string, reason: string): Promise<void> {
    const { database, effects } = this.#parts.runtime
    await database.transaction((session) => cancelWorkflow(session, { id, reason }, this.#now()), {
      isolation: 'read committed',
    })
    effects.wake()
  }

  undoChild(id: string, reason: string): Promise<'done' | 'underWay'> {
    const { newId } = this.#parts.runtime
    return this.#commit(async (session) => {
      await this.#fence(session)
      return undoChild(session, { id, reason, jobId: newId(), now: this.#now() })
    }, true)
  }

  beginUndo(ending: StoredEnding): Promise<void> {
    return this.#commit(async (session) => {
      await markUndoing(session, this.#parts.id, ending)
      await this.#fence(session)
    })
  }

  async transactUndo(logic: Logic<unknown>, place: string): Promise<Transacted<undefined>> {
    const done = await this.#logic(logic, {
      after: async (session) => {
        const of = { workflowId: this.#parts.id, place }
        const undone = writeUndo(session, of, { state: 'done', attempts: 0 })
        await Promise.all([undone, this.#fence(session)])
      },
    })
    return done.is === 'threw' ? done : { is: 'done', value: undefined }
  }

  writeUndo(place: string, change: UndoChange): Promise<void> {
    return this.#commit(async (session) => {
      const of = { workflowId: this.#parts.id, place }
      await Promise.all([writeUndo(session, of, change), this.#fence(session)])
    })
  }

  rest(changes: readonly StepChange[], wakeMs: number | undefined): Promise<boolean> {
    const { id, lease } = this.#parts
    return this.#commit(async (session) => {
      const [, , news] = await Promise.all([
        lockWorkflow(session, id),
        Promise.all(changes.map((change) => this.#put(session, change))),
        hasNews(session, id, wakeMs === undefined),
        this.#fence(session),
      ])
      if (news) return false
      await Promise.all([
        markResting(session, id, instant(wakeMs)),
        lease.postpone(session, instantText(wakeMs ?? foreverMs)),
      ])
      return true
    })
  }

  async park(problem: string, wakeMs: number): Promise<void> {
    const { id, lease, runtime } = this.#parts
    const message = `The workflow ${this.#name} ${id} cannot go on and waits. ${problem}`
    runtime.log({ level: 'error', message, traceId: lease.job.traceId })
    const wakeAt = instantText(wakeMs)
    await this.#commit(async (session) => {
      await markParked(session, id, { problem, wakeAt })
      await lease.postpone(session, wakeAt)
    })
  }

  end(final: FinalState): Promise<boolean> {
    const { id, lease, runtime, keepMs } = this.#parts
    const keepUntil = instantText(runtime.clock.now() + keepMs(this.#name))
    return this.#commit(async (session) => {
      const times = { now: this.#now(), keepUntil }
      if (!(await markEnded(session, { id, final }, times))) return false
      if (this.#parentId !== undefined) await wakeWorkflows(session, [this.#parentId], times.now)
      await lease.complete(session)
      return true
    }, this.#parentId !== undefined)
  }

  leave(): Promise<void> {
    return this.#commit((session) => this.#parts.lease.complete(session))
  }

  #fence(session: Session): Promise<void> {
    return this.#parts.lease.fence(session)
  }

  #put(session: Session, change: StepChange): Promise<Written> {
    const { id: workflowId, runtime, lease } = this.#parts
    const of = { workflowId, workflowPlace: this.#place, hold: lease.job }
    return writeStep(session, { ...of, nowMs: runtime.clock.now() }, { change })
  }

  async #putBeside(
    session: Session,
    { ask: { place, kind }, state }: StepChange,
    { takes, starts, waitsFor }: Beside,
  ): Promise<void> {
    const { id: workflowId, lease, runtime } = this.#parts
    if (takes !== undefined) await takeSignal(session, takes, place)
    if (waitsFor !== undefined) await storeWait(session, { workflowId, place }, waitsFor)
    else if (kind === 'event' && state !== 'open') await endWait(session, { workflowId, place })
    if (starts === undefined) return
    const { caller, traceId } = lease.job
    const { id, name: workflow, version, input } = starts
    const child = { id, workflow, version, input, caller, traceId, parentId: workflowId }
    await startWorkflows(session, [child], { newId: runtime.newId, now: this.#now() })
  }

  /** Runs logic as a step: what it throws is told, what keeps us from recording it is thrown. */
  async #logic(
    logic: Logic<unknown>,
    ends: Pick<LogicRun, 'after' | 'last'>,
  ): Promise<Transacted<undefined>> {
    const { runtime, lease, id } = this.#parts
    this.#caller ??= callerOf(runtime, lease.job.caller)
    const run: LogicRun = {
      ...{ caller: await this.#caller, traceId: lease.job.traceId, name: this.#name },
      ...{ aborted: lease.aborted, ...ends },
    }
    try {
      await logicTransaction(runtime, run, ({ scope }) => logic({ ...scope, workflowId: id }))
      return { is: 'done', value: undefined }
    } catch (error) {
      lease.aborted.throwIfAborted()
      if (isOurs(error)) throw error
      return { is: 'threw', error }
    }
  }

  async #commit<T>(work: (session: Session) => Promise<T>, wakes = false): Promise<T> {
    const { database, effects } = this.#parts.runtime
    const value = await database.transaction(work, { isolation: 'read committed' })
    if (wakes) effects.wake()
    return value
  }

  #now(): string {
    return instantText(this.#parts.runtime.clock.now())
  }
}

/** Whether it was no fault of the logic: the lease, the database, or a commit in doubt. */
function isOurs(error: unknown): boolean {
  if (!(error instanceof Failure)) return false
  if (error.code === 'lease_lost') return true
  const cause = databaseErrorOf(error)
  if (cause === undefined) return false
  return (
    error.code === 'unavailable' ||
    cause.outcomeUnknown === true ||
    (cause.schema === 'plinth' && cause.table === 'workflow_step')
  )
}

function ignore(): void {
  // Told by the commit that it travels with.
}
