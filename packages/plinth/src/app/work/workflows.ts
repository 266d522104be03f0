/** Owns workflows under `/api/work/…`: looked at, told, stopped, helped on, forked by staff. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Action, Runtime } from '../../engine/runtime.ts'
import { choiceKind, instantKind, integerKind, jsonKind, textKind } from '../../kinds/kinds.ts'
import { type WorkflowState, workflowStates } from '../../work/workflow/operate/look.ts'
import { openWorkflows, type Workflows } from '../../work/workflow/operate/workflows.ts'
import {
  given,
  numberOr,
  page,
  pageDefault,
  pageOf,
  staffAction,
  type Verb,
  word,
} from './staff.ts'

/** Checked by its kinds: what is required is there. */
interface Given {
  readonly id: string
  readonly signal: string
  readonly data?: unknown
  readonly reason?: string | null
  readonly from: string
  readonly as?: string | null
  readonly version?: number | null
}

interface Asked {
  readonly name?: string
  readonly state?: WorkflowState
  readonly key?: string
  readonly parent?: string
  readonly after?: string
  readonly before?: string
  readonly behind?: string
  readonly limit?: number
}

const key = textKind({ max: limits.workflowIdCharactersMax })
const workflowId = given('id', key, false)

const list: Verb<Workflows, Asked> = {
  path: 'workflows',
  safe: true,
  input: [
    ...[given('name', word), given('state', choiceKind(workflowStates)), given('key', key)],
    ...[given('parent', key), given('after', instantKind()), given('before', instantKind())],
    ...[given('behind', key), page],
  ],
  description:
    'Workflows, the latest first: of a name, in a state, with an id that begins so (key), begun ' +
    'by a parent, begun between two instants, behind one that was listed. Role admin.',
  run: async (workflows, { limit: most, parent: parentId, ...question }) => {
    const limit = numberOr(most, pageDefault)
    const asked = Object.entries({ ...question, parentId }).filter(([, given]) => given != null)
    const found = await workflows.list({ ...Object.fromEntries(asked), limit: limit + 1 })
    return pageOf(found, limit, ({ id }) => id)
  },
}

const look: Verb<Workflows, Given> = {
  path: 'workflow',
  safe: true,
  input: [workflowId],
  description: 'One workflow with its steps and signals. Role admin.',
  run: async (workflows, { id }) => {
    const found = await workflows.get(id)
    if (found === undefined)
      throw new Failure('not_found', { detail: `There is no workflow "${id}".` })
    return found
  },
}

const changing: readonly Verb<Workflows, Given>[] = [
  {
    path: 'workflow-signal',
    safe: false,
    input: [workflowId, given('signal', word, false), given('data', jsonKind())],
    description:
      'Gives a workflow a signal, `<kit>.<signal>`, with its data. `kept` is false where it has ' +
      'ended. Role admin.',
    run: async (workflows, { id, signal, data }) => {
      return { kept: await workflows.signalNamed(id, signal, data ?? {}) }
    },
  },
  {
    path: 'workflow-cancel',
    safe: false,
    input: [workflowId, given('reason', textKind({ max: 2_000 }))],
    description:
      'Asks a workflow to stop and to undo what it did. `asked` is false where it has ended, or ' +
      'is at it. Role admin.',
    run: async (workflows, { id, reason }) => {
      return { asked: await workflows.cancel(id, reason ?? undefined) }
    },
  },
  {
    path: 'workflow-retry',
    safe: false,
    input: [workflowId],
    description:
      'Tries at once what a workflow would try later, or has given up. `failed` is false where ' +
      'nothing of it had failed. Role admin.',
    run: async (workflows, { id }) => ({ failed: await workflows.retry(id) }),
  },
  {
    path: 'workflow-fork',
    safe: false,
    input: [
      ...[workflowId, given('from', textKind({ max: 1_000 }), false), given('as', key)],
      given('version', integerKind({ min: 1 })),
    ],
    description:
      'Begins a new workflow that takes over the results up to the step `from`; `as` is its id, ' +
      '`version` that of its code. Role admin.',
    run: async (workflows, { id, from, as, version }) => {
      const options = {
        from,
        ...(as == null ? {} : { id: as }),
        ...(version == null ? {} : { version }),
      }
      return { id: await workflows.fork(id, options) }
    },
  },
]

/** The operations on workflows for staff. The runtime is asked for when one is called. */
export function workflowActions(runtime: () => Runtime): readonly Action[] {
  const parts = (): Workflows => openWorkflows(runtime())
  return [staffAction(list, parts), ...[look, ...changing].map((verb) => staffAction(verb, parts))]
}
