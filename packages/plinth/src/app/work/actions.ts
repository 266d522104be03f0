/** Owns `/api/work/…`: jobs, queues, events and schedules for staff, as the console shows them. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ActionInput, ActionOperation } from '../../catalog/catalog.ts'
import type { Action, ActionScope, Runtime } from '../../engine/runtime.ts'
import { bigintKind, integerKind, textKind, uuidKind } from '../../kinds/kinds.ts'
import { type JobState, type Operating, operatingOf, type SeenJob } from './operate.ts'

const given = (name: string, kind: ActionInput['kind'], optional = true): ActionInput => {
  return { name, kind, optional }
}
const word = textKind({ max: 200 })
const page = given('limit', integerKind({ min: 1, max: limits.pageSizeMax }))
const jobId = given('id', uuidKind(), false)
const queue = given('queue', word, false)
const pageDefault = 20

interface Verb {
  readonly path: string
  readonly safe: boolean
  readonly input: readonly ActionInput[]
  readonly description: string
  readonly run: (operating: Operating, input: Given) => Promise<unknown>
}

/** Checked by its kinds: what is required is there. */
type Given = { readonly id: string; readonly queue: string } & Readonly<Record<string, unknown>>

const looking: readonly Verb[] = [
  {
    path: 'jobs',
    safe: true,
    input: [
      ...[given('state', word), given('queue', word), given('name', word)],
      ...[given('before', uuidKind()), page],
    ],
    description: 'Jobs, the newest first. Role admin.',
    run: async (operating, input) => {
      const limit = numberOr(input.limit, pageDefault)
      const [state, queue, name, before] = ['state', 'queue', 'name', 'before'].map((one) => {
        return textOf(input[one])
      })
      const question = { state: state as JobState | undefined, queue, name, before }
      const jobs = await operating.jobs({ ...question, limit: limit + 1 })
      const shown = jobs.slice(0, limit)
      const next = jobs.length > limit ? (shown.at(-1)?.id ?? null) : null
      return { data: shown.map(readable), page: { next } }
    },
  },
  {
    path: 'job',
    safe: true,
    input: [jobId],
    description: 'One job with its input. Role admin.',
    run: async (operating, { id }) => readable(await operating.job(id)),
  },
  {
    path: 'queues',
    safe: true,
    input: [],
    description: 'Every queue with its jobs counted by state. Role admin.',
    run: async (operating) => ({ data: await operating.queues() }),
  },
  {
    path: 'schedules',
    safe: true,
    input: [],
    description: 'Every schedule with its last and next ticks. Role admin.',
    run: async (operating) => ({ data: await operating.schedules() }),
  },
  {
    path: 'events',
    safe: true,
    input: [given('after', bigintKind({ min: '0' })), given('type', word), page],
    description: 'Events in their order, behind a position. Role admin.',
    run: async (operating, input) => {
      const type = textOf(input.type)
      const events = await operating.events({
        after: numberOr(input.after, 0),
        limit: numberOr(input.limit, pageDefault),
        types: type === undefined ? undefined : [type],
      })
      return { data: events.map(({ data, ...head }) => ({ ...head, data: JSON.parse(data) })) }
    },
  },
]

const changing: readonly Verb[] = [
  {
    path: 'retry',
    safe: false,
    input: [jobId],
    description: 'Runs a dead letter or a cancelled job anew, a later one at once. Role admin.',
    run: (operating, { id }) => operating.retry(id),
  },
  {
    path: 'cancel',
    safe: false,
    input: [jobId],
    description: 'Ends a job; nothing of one that runs is stored. Role admin.',
    run: (operating, { id }) => operating.cancel(id),
  },
  {
    path: 'pause',
    safe: false,
    input: [queue],
    description: 'Stops the claiming of a queue on all nodes. Role admin.',
    run: (operating, input) => operating.pause(input.queue),
  },
  {
    path: 'resume',
    safe: false,
    input: [queue],
    description: 'Lets a queue go on. Role admin.',
    run: async (operating, input) => {
      await operating.resume(input.queue)
    },
  },
]

/** The operations for staff. The runtime is asked for when one is called. */
export function workActions(runtime: () => Runtime): readonly Action[] {
  return [...looking, ...changing].map((verb) => actionOf(verb, runtime))
}

function actionOf({ path, safe, input, description, run }: Verb, runtime: () => Runtime): Action {
  const operation: ActionOperation = Object.freeze({
    ...{ name: `work.${path}`, kit: 'work', path, safe, description },
    type: 'action',
    input: new Map(input.map((one) => [one.name, one])),
  })
  return {
    operation,
    async run(scope) {
      demandAdmin(scope)
      const value = await run(operatingOf(runtime()), scope.input as Given)
      return { status: value === undefined ? 204 : 200, value }
    },
  }
}

function demandAdmin({ caller }: ActionScope): void {
  if (caller.is === 'unrestricted') return
  if (caller.is === 'anonymous') {
    throw new Failure('sign_in_required', { detail: 'Sign in as an admin to do this.' })
  }
  if (!caller.roles.has('admin')) {
    throw new Failure('forbidden', { detail: 'Only the role admin may do this.' })
  }
}

/** Input and caller as JSON, not as text. */
function readable({ input, caller, ...job }: SeenJob): object {
  return { ...job, caller: JSON.parse(caller), input: JSON.parse(input) }
}

function textOf(given: unknown): string | undefined {
  return typeof given === 'string' ? given : undefined
}

function numberOr(given: unknown, otherwise: number): number {
  return given === undefined || given === null ? otherwise : Number(given)
}
