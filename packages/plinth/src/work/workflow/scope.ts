/** Owns what the code of a workflow is written with: each word of it is a step of the replay. */

import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Models } from '../../define/infer.ts'
import type { Event, Retry, Signal, Workflow } from '../../define/logic/logic.ts'
import type { ExternalOptions, WorkflowScope } from '../../define/logic/specs.ts'
import { demandKnown } from '../../engine/logic/effects.ts'
import { demandValues } from '../../engine/logic/values.ts'
import type { ExternalCall } from './call.ts'
import type { Instance } from './journal.ts'
import { lengthAfter, momentMs } from './lengths.ts'
import type { Work } from './perform.ts'
import type { Steps } from './replay/setting.ts'
import type { WorkflowStepScope } from './store/sql-journal.ts'
import type { Undo } from './undo.ts'

type Scope = WorkflowScope<Models, unknown>
type S = WorkflowStepScope
type Replaying = Steps<Work<S>, Undo<S>>

const usually: Retry = Object.freeze({})

/** The scope of a run. */
export function workflowScope(catalog: Catalog, steps: Replaying, instance: Instance): Scope {
  const scope = {
    id: instance.id,
    input: JSON.parse(instance.input) as unknown,
    startedAt: instantText(instance.startedMs),
    now: () => instantText(steps.nowMs()),
    random: () => steps.random(),
    ...doing(steps),
    ...waiting(catalog, steps),
    child: (name: string, workflow: Workflow, input: unknown) => {
      const child = demandKnown(catalog, workflow)
      const values = demandValues(workflow.input, input, `The input of the workflow ${child}`)
      const text = JSON.stringify(values)
      const { version } = workflow
      const work = { is: 'child', child: { name: child, version, input: text } } as const
      return steps.ask('child', name, { work, undo: { is: 'child' } })
    },
    parallel: (name: string, branches: Readonly<Record<string, () => Promise<unknown>>>) =>
      steps.parallel(name, branches),
    fail: (detail: string) => steps.fail(detail),
  }
  // Its types are those of the declaration; here they are erased.
  return scope as unknown as Scope
}

type StepOptions = Pick<ExternalOptions<Models, unknown>, 'retry' | 'undo'>

function doing(steps: Replaying) {
  return {
    step: (name: string, run: (scope: S) => Promise<unknown>, options: StepOptions = {}) =>
      steps.ask('step', name, {
        work: { is: 'step', run, retry: options.retry ?? usually },
        undo: undoOf(options),
      }),
    external: (
      name: string,
      run: (call: ExternalCall) => Promise<unknown>,
      options: ExternalOptions<Models, unknown> = {},
    ) => {
      const { retry = usually, timeoutMs = limits.workflowExternalTimeoutMs } = options
      const work = { is: 'external', run, retry, timeoutMs } as const
      return steps.ask('external', name, { work, undo: undoOf(options) })
    },
  }
}

interface WaitOptions {
  readonly timeout?: string | number
}

function waiting(catalog: Catalog, steps: Replaying) {
  const until = ({ timeout }: WaitOptions) =>
    timeout === undefined ? undefined : lengthAfter(timeout)
  return {
    sleep: (name: string, length: string | number) =>
      steps.ask('sleep', name, { work: { is: 'sleep', until: lengthAfter(length) } }),
    sleepUntil: (name: string, moment: string) => {
      const dueMs = momentMs(moment)
      return steps.ask('sleep', name, { work: { is: 'sleep', until: () => dueMs } })
    },
    waitForSignal: (name: string, signal: Signal, options: WaitOptions = {}) => {
      const aim = demandKnown(catalog, signal)
      const work = { is: 'signal', signal: aim, until: until(options) } as const
      return steps.ask('signal', name, { work, aim })
    },
    waitForEvent: (
      name: string,
      event: Event,
      options: WaitOptions & { readonly subject: string },
    ) => {
      const { subject } = options
      const type = demandKnown(catalog, event)
      const work = { is: 'event', aim: { event: type, subject }, until: until(options) } as const
      return steps.ask('event', name, { work, aim: `${type} ${subject}` })
    },
  }
}

function undoOf(options: ExternalOptions<Models, unknown>): Undo<S> | undefined {
  const { undo, undoExternal, retry = usually } = options
  if (undo === undefined && undoExternal === undefined) return undefined
  return {
    is: 'step',
    run: undo && ((scope, result) => undo({ ...scope, result })),
    external: undoExternal,
    retry,
  }
}
