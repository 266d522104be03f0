/** Owns jobs, queues, events and schedules under `/api/work/…`, as the console shows them. */

import { invalidInput } from '../../base/failure.ts'
import { jobStates } from '../../effects/jobs/job.ts'
import type { DeadQuestion } from '../../effects/jobs/manage.ts'
import type { Action, Runtime } from '../../engine/runtime.ts'
import { bigintKind, choiceKind, integerKind, uuidKind } from '../../kinds/kinds.ts'
import { isInstant } from '../../work/events/replay.ts'
import { type JobState, type Operating, operatingOf, type SeenJob } from './operate.ts'
import {
  given,
  numberOr,
  page,
  pageDefault,
  pageOf,
  staffAction,
  textOf,
  type Verb as VerbOf,
  word,
} from './staff.ts'
import { isPlace, isPosition } from './subscriptions.ts'
import { workflowActions } from './workflows.ts'

const jobId = given('id', uuidKind(), false)
const deadMax = 1_000
const queue = given('queue', word, false)
const schedule = given('schedule', word, false)

type Verb = VerbOf<Operating, Given>

/** Checked by its kinds: what is required is there. */
type Given = { readonly id: string; readonly queue: string; readonly schedule: string } & Readonly<
  Record<string, unknown>
>

const looking: readonly Verb[] = [
  {
    path: 'jobs',
    safe: true,
    input: [
      ...[given('state', choiceKind(jobStates)), given('queue', word), given('name', word)],
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
      const { data, page } = pageOf(jobs, limit, ({ id }) => id)
      return { data: data.map(readable), page }
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
    path: 'subscriptions',
    safe: true,
    input: [],
    description: 'Durable subscriptions: where each stands, and how it is. Role admin.',
    run: async (operating) => ({ data: await operating.subscriptions() }),
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

/** Which dead letters, and how many at most. */
const which = [
  ...[given('queue', word), given('name', word)],
  given('limit', integerKind({ min: 1, max: deadMax })),
]

function deadOf({ queue, name, limit }: Readonly<Record<string, unknown>>): DeadQuestion {
  return { queue: textOf(queue), name: textOf(name), limit: numberOr(limit, deadMax) }
}

const changing: readonly Verb[] = [
  {
    path: 'rewind',
    safe: false,
    input: [given('subscription', word, false), given('to', word, false)],
    description:
      'Lets a subscription go on elsewhere: `to` is `oldest`, `now`, the position of the first ' +
      'event, or an instant. Role admin.',
    run: async (operating, { subscription, to }) => {
      const rewinding = { subscription: String(subscription), to: demandPlace(String(to)) }
      return { position: await operating.rewind(rewinding) }
    },
  },
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
    path: 'redrive',
    safe: false,
    input: which,
    description: 'Runs dead letters anew, the oldest first. Answers with how many. Role admin.',
    run: async (operating, input) => ({ count: await operating.redrive(deadOf(input)) }),
  },
  {
    path: 'clear-dead',
    safe: false,
    input: which,
    description: 'Forgets dead letters, the oldest first. Answers with how many. Role admin.',
    run: async (operating, input) => ({ count: await operating.clearDead(deadOf(input)) }),
  },
  {
    path: 'replay',
    safe: false,
    input: [
      ...[given('handler', word, false), given('from', word, false)],
      given('to', bigintKind({ min: '0' })),
    ],
    description:
      'Runs a handler anew for what the log holds: `from` is a position or an instant, `to` the ' +
      'last position. Answers with how many. Role admin.',
    run: async (operating, { handler, from, to }) => {
      const first = isPosition(Number(from)) ? Number(from) : demandMoment(String(from))
      const last = to === undefined || to === null ? {} : { to: Number(to) }
      return { count: await operating.replay({ handler: String(handler), from: first, ...last }) }
    },
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
  {
    path: 'pause-schedule',
    safe: false,
    input: [schedule],
    description: 'Passes over the ticks of a schedule on all nodes. Role admin.',
    run: (operating, input) => operating.pauseSchedule(input.schedule),
  },
  {
    path: 'resume-schedule',
    safe: false,
    input: [schedule],
    description: 'Lets a schedule go on with its next tick. Role admin.',
    run: async (operating, input) => {
      await operating.resumeSchedule(input.schedule)
    },
  },
  {
    path: 'run-schedule',
    safe: false,
    input: [schedule],
    description: 'Runs a schedule once more, for this moment. Answers with its job. Role admin.',
    run: async (operating, input) => ({ job: await operating.runSchedule(input.schedule) }),
  },
]

// Here it is a value of a call; for the command line it is a word of the command.
function demandPlace(to: string): string {
  if (isPlace(to)) return to
  const detail = 'Give oldest, now, a position of the log, or an instant: 2026-01-31T09:00:00Z.'
  throw invalidInput([{ pointer: '/to', code: 'bad_format', detail }])
}

function demandMoment(from: string): string {
  if (isInstant(from)) return from
  const detail = 'Give a position of the log, or an instant: 2026-01-31T09:00:00Z.'
  throw invalidInput([{ pointer: '/from', code: 'bad_format', detail }])
}

/** The operations for staff. The runtime is asked for when one is called. */
export function workActions(runtime: () => Runtime): readonly Action[] {
  const parts = (): Operating => operatingOf(runtime())
  const own = [...looking, ...changing].map((verb) => staffAction(verb, parts))
  return [...own, ...workflowActions(runtime)]
}

/** Input and caller as JSON, not as text. */
function readable({ input, caller, ...job }: SeenJob): object {
  return { ...job, caller: JSON.parse(caller), input: JSON.parse(input) }
}
