/** Owns what operators and code do with workflows from outside: look, tell, stop, fork. */

import { Failure, invalidInput } from '../../../base/failure.ts'
import { hex, randomBytes } from '../../../base/ids.ts'
import { instantText } from '../../../base/time.ts'
import { suggestionOrStop } from '../../../catalog/mistakes.ts'
import type { Session } from '../../../database/database.ts'
import type { Signal, Workflow } from '../../../define/logic/logic.ts'
import type { StartedWorkflow } from '../../../define/logic/scope.ts'
import type { Given, Shape } from '../../../define/logic/shape.ts'
import type { JobCaller } from '../../../effects/jobs/job.ts'
import { cancelWorkflow, sendSignal } from '../../../effects/workflows/news.ts'
import { startWorkflows } from '../../../effects/workflows/start.ts'
import { demandKnown } from '../../../engine/logic/effects.ts'
import { demandValues } from '../../../engine/logic/values.ts'
import type { Runtime } from '../../../engine/runtime.ts'
import { forkWorkflow } from './fork.ts'
import {
  listWorkflows,
  readWorkflow,
  type WorkflowDetail,
  type WorkflowQuestion,
  type WorkflowSummary,
} from './look.ts'
import { retryWorkflow } from './retry.ts'

/** How a workflow is started from outside of a transaction. */
export interface StartOptions {
  /** At most 200 characters. Default: a new one. */
  readonly id?: string
  /** Whose rules its steps obey. Default: none, as code of the app. */
  readonly caller?: JobCaller
}

/** How a fork is made. */
export interface ForkOptions {
  /** The name of the step from which on everything is done anew. */
  readonly from: string
  /** Default: a new one. */
  readonly id?: string | undefined
  /** The version of its code. Default: that of the source. */
  readonly version?: number | undefined
}

/** The workflows of an app. */
export interface Workflows {
  /** Starts a workflow. Of two starts with one id the second changes nothing and says so. */
  start<I extends Shape, O>(
    workflow: Workflow<I, O>,
    input: Given<I>,
    options?: StartOptions,
  ): Promise<StartedWorkflow>
  /** The latest first. */
  list(question?: WorkflowQuestion): Promise<readonly WorkflowSummary[]>
  /** Everything that is recorded of one. Undefined: there is none of this id. */
  get(id: string): Promise<WorkflowDetail | undefined>
  /** False where it has ended. Fails with `not_found`. */
  signal<D extends Shape>(id: string, signal: Signal<D>, data: Given<D>): Promise<boolean>
  /** The same by the signal's name, `<kit>.<signal>`, with data that is checked as input. */
  signalNamed(id: string, signal: string, data: unknown): Promise<boolean>
  /** Asks it to stop and to undo what it did. False where it has ended or is at it already. */
  cancel(id: string, reason?: string): Promise<boolean>
  /**
   * Lets it try again at once what it would try later, or what it has given up undoing. False where
   * nothing of it had failed. Fails with `not_found`, and with `conflict` where it has ended.
   */
  retry(id: string): Promise<boolean>
  /** A new workflow that takes over the results up to a step. Returns its id. */
  fork(id: string, options: ForkOptions): Promise<string>
}

const unrestricted: JobCaller = Object.freeze({ is: 'unrestricted', reason: 'workflow' })

/** The workflows of an app, for code and for the command line. */
export function openWorkflows(runtime: Runtime): Workflows {
  const { catalog, database, newId } = runtime
  const now = (): string => instantText(runtime.clock.now())
  const change = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    // Every change here is guarded by a lock or a key of its own.
    const value = await database.transaction(work, { isolation: 'read committed' })
    runtime.effects.wake()
    return value
  }
  const tell = (id: string, signal: Signal, values: object): Promise<boolean> => {
    const name = demandKnown(catalog, signal)
    const told = { workflowId: id, signal: name, data: JSON.stringify(values) }
    return change((session) => sendSignal(session, told, now()))
  }
  return {
    start: (workflow, input, { id = newId(), caller = unrestricted } = {}) => {
      const name = demandKnown(catalog, workflow as Workflow)
      const values = demandValues(workflow.input, input, `The input of the workflow ${name}`)
      const { version } = workflow
      const made = { id, workflow: name, version, input: JSON.stringify(values), caller }
      const start = { ...made, traceId: hex(randomBytes(16)) }
      return change(async (session) => {
        const [started] = await startWorkflows(session, [start], { newId, now: now() })
        return started ?? { id, outcome: 'started' }
      })
    },
    list: (question = {}) => listWorkflows(database, question),
    get: (id) => readWorkflow(database, id),
    signal: async (id, signal, data) =>
      tell(id, signal as Signal, demandValues(signal.data, data, `The data of ${signal.name}`)),
    signalNamed: async (id, name, data) => {
      const signal = catalog.logic.signals.get(name)
      if (signal === undefined) throw unknownSignal(name, [...catalog.logic.signals.keys()])
      return tell(id, signal, givenValues(signal, data))
    },
    cancel: (id, reason = 'Cancelled by an operator.') =>
      change((session) => cancelWorkflow(session, { id, reason }, now())),
    retry: (id) => change((session) => retryWorkflow(session, id, { newId, now: now() })),
    fork: async (sourceId, { from, id = newId(), version }) => {
      const { workflows } = catalog.logic
      await change((session) =>
        forkWorkflow(session, { sourceId, from, id, version }, { newId, now: now(), workflows }),
      )
      return id
    },
  }
}

/** Data from outside: what does not fit is the giver's mistake, not the app's. */
function givenValues(signal: Signal, data: unknown): object {
  try {
    return demandValues(signal.data, data, `The data of ${signal.name}`)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    throw invalidInput([{ pointer: '', code: 'wrong_type', detail }])
  }
}

function unknownSignal(name: string, known: readonly string[]): Failure {
  if (known.length === 0) return absent(`The app has no signal "${name}", nor any other.`)
  const same = known.find((one) => one.endsWith(`.${name}`))
  const near = same === undefined ? suggestionOrStop(name, known) : `; did you mean ${same}?`
  return absent(`The app has no signal "${name}"${near} It has: ${known.join(', ')}.`)
}

function absent(detail: string): Failure {
  return new Failure('not_found', { detail })
}
