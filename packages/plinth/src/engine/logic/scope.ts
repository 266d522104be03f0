/** Owns what logic works with inside its transaction: data, effects, limits, other actions. */

import { type Caller, organisationOf, viaOf } from '../../access/caller.ts'
import type { ViaSort } from '../../access/scopes/via.ts'
import { assert } from '../../base/assert.ts'
import { Failure, invalidInput } from '../../base/failure.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { logicName } from '../../catalog/logic/logic.ts'
import type { Models } from '../../define/infer.ts'
import type { Action, Job, Mail, Workflow } from '../../define/logic/logic.ts'
import type {
  EnqueueOptions,
  LogicScope,
  MailMessage,
  NamedTaking,
  Who,
} from '../../define/logic/scope.ts'
import { giveBackNamed, takeNamed } from '../../effects/actions/taking.ts'
import type { NewJob } from '../../effects/jobs/job.ts'
import { callAction } from './action/call-action.ts'
import type { Attempt } from './attempt.ts'
import { logicData } from './data/data.ts'
import { demandKnown } from './effects.ts'
import { demandValues } from './values.ts'
import { dueAt } from './when.ts'

/** The scope of some logic in an attempt. */
export function scopeOf(attempt: Attempt): LogicScope<Models> {
  const call = (action: Action, input: unknown) => callAction(attempt, { action, input, scopeOf })
  return {
    me: whoOf(attempt.setting.caller, attempt.setting.runtime.catalog),
    now: attempt.now,
    data: dataOf(attempt),
    ...effectsOf(attempt),
    ...takingOf(attempt),
    call: call as LogicScope<Models>['call'],
  }
}

const aServiceIsNobody = 'This belongs to somebody, and a service is nobody: a user has to call.'

let lastWho: { readonly caller: Caller; readonly catalog: Catalog; readonly who: Who } | undefined

/** The caller as logic knows it. */
export function whoOf(caller: Caller, catalog: Catalog): Who {
  // Calls that were looked up together come from one caller, and each asks.
  if (lastWho?.caller === caller && lastWho.catalog === catalog) return lastWho.who
  const who = makeWho(caller, catalog)
  lastWho = { caller, catalog, who }
  return who
}

function makeWho(caller: Caller, catalog: Catalog): Who {
  const organisation = organisationOf(caller)
  const permissions = catalog.organisations?.roles.get(organisation?.role ?? '')
  return Object.freeze({
    signedIn: caller.is === 'service' || (caller.is === 'user' && caller.guest !== true),
    isGuest: caller.is === 'user' && caller.guest === true,
    impersonated: caller.is === 'user' && caller.impersonator !== undefined,
    get id(): string {
      if (caller.is === 'user') return caller.id
      if (caller.is === 'service') throw new Failure('forbidden', { detail: aServiceIsNobody })
      throw new Failure('sign_in_required', { detail: 'Sign in to do this.' })
    },
    is: (role: string) =>
      (caller.is === 'user' || caller.is === 'service') && caller.roles.has(role),
    via: (sort: ViaSort) => viaOf(caller)?.sort === sort,
    organisation: organisation?.id ?? null,
    may: (permission: string) => permissions?.has(permission) ?? false,
    service: (name: string) => caller.is === 'service' && caller.name === name,
  })
}

function dataOf(attempt: Attempt): LogicScope<Models>['data'] {
  const { runtime, session, caller, traceId, name, touched, twoSteps } = attempt.setting
  return logicData({
    ...{ runtime, session, caller, traceId, start: attempt.start, twoSteps },
    within: { operation: name, caller },
    touched: (model, id) => touched.add(`${model.name}/${id}`),
  })
}

type EffectMethods = Pick<LogicScope<Models>, 'emit' | 'enqueue' | 'start' | 'signal' | 'send'>

function effectsOf(attempt: Attempt): EffectMethods {
  const { effects, now, actor: caller } = attempt
  const { runtime, traceId } = attempt.setting
  const { catalog, newId } = runtime
  return {
    emit(event, data, { subject } = {}) {
      attempt.demandOpen(`emit of ${event.name}`)
      const type = demandKnown(catalog, event)
      const values = demandValues(event.data, data, `The data of the event ${type}`)
      const about = subject ?? event.subject?.(values as never) ?? null
      const text = JSON.stringify(values)
      effects.events.push({ id: newId(), type, subject: about, data: text, caller, traceId })
    },
    enqueue: (job, input, options = {}) =>
      attempt.start(`enqueue of ${job.name}`, async () => {
        const made = newJob(attempt, { job: job as Job, input, options })
        if (made.dedupe === undefined) {
          effects.jobs.push(made)
          return { id: made.id, outcome: 'queued' }
        }
        // Whether there is one already is known only by storing it.
        effects.storedAtOnce = true
        const [stored] = await runtime.effects.insertJobs(attempt.setting.session, [made], now)
        assert(stored, 'what became of a job is known')
        return stored
      }),
    start: (workflow, input, options = {}) =>
      attempt.start(`start of ${workflow.name}`, async () => {
        const name = demandKnown(catalog, workflow as Workflow)
        const values = demandValues(workflow.input, input, `The input of the workflow ${name}`)
        const { id = newId() } = options
        const text = JSON.stringify(values)
        const { version } = workflow
        const made = { id, workflow: name, version, input: text, caller, traceId }
        if (options.id === undefined) {
          effects.workflows.push(made)
          return { id, outcome: 'started' }
        }
        // Whether there is one already is known only by storing it.
        effects.storedAtOnce = true
        const [stored] = await runtime.effects.startWorkflows(attempt.setting.session, [made], now)
        assert(stored, 'what became of a workflow is known')
        return stored
      }),
    signal: (workflowId, signal, data) =>
      attempt.start(`signal ${signal.name}`, async () => {
        const name = demandKnown(catalog, signal)
        const values = demandValues(signal.data, data, `The data of the signal ${name}`)
        const made = { workflowId, signal: name, data: JSON.stringify(values) }
        // Whether it has ended already is known only by storing it.
        effects.storedAtOnce = true
        const [kept] = await runtime.effects.sendSignals(attempt.setting.session, [made], now)
        return kept === true
      }),
    send: (mail, message) =>
      attempt.start(`send of ${mail.name}`, async () => ({
        id: sendMail(attempt, mail as Mail, message as MailMessage<Mail['input']>),
      })),
  }
}

function sendMail(
  attempt: Attempt,
  mail: Mail,
  { to, input, replyTo }: MailMessage<Mail['input']>,
): string {
  const { runtime, traceId } = attempt.setting
  const name = demandKnown(runtime.catalog, mail)
  const values = demandValues(mail.input, input, `The input of the mail ${name}`)
  const id = runtime.newId()
  attempt.effects.mails.push({
    ...{ id, mail: name, replyTo, input: values, caller: attempt.actor, traceId },
    to: typeof to === 'string' ? [to] : [...to],
  })
  return id
}

interface Enqueuing {
  readonly job: Job
  readonly input: unknown
  readonly options: EnqueueOptions
}

function newJob(attempt: Attempt, { job, input, options }: Enqueuing): NewJob {
  const { runtime, traceId } = attempt.setting
  const name = demandKnown(runtime.catalog, job)
  if (job.queue) demandKnown(runtime.catalog, job.queue)
  const values = demandValues(job.input, input, `The input of the job ${name}`)
  const { priority = job.priority, dedupe, onDuplicate } = options
  return {
    ...{ id: runtime.newId(), job: name, input: JSON.stringify(values), priority, dedupe },
    ...{ onDuplicate, caller: attempt.actor, traceId },
    queue: job.queue && logicName(job.queue),
    runAt: dueAt(options, attempt.nowMs),
    key: options.key ?? job.key?.(values as never),
  }
}

type TakingMethods = Pick<LogicScope<Models>, 'consumeOnce' | 'takeWithinLimit' | 'giveBack'>

const keyCharactersMax = 200

function takingOf(attempt: Attempt): TakingMethods {
  const { now } = attempt
  const { session, touched } = attempt.setting
  const take = (what: string, { key, limit, quantity = 1, windowMs }: NamedTaking) =>
    attempt.start(what, () => {
      demandTaking({ key, limit, quantity, windowMs })
      touched.add(`named/${key}`)
      return takeNamed(session, { key, limit, quantity, windowMs }, now)
    })
  return {
    // Words that are used up and things that are counted never meet.
    consumeOnce: (key) => take('consumeOnce', { key: `once ${key}`, limit: 1 }),
    takeWithinLimit: (taking) => {
      return take('takeWithinLimit', { ...taking, key: `many ${taking.key}` })
    },
    giveBack: ({ key, quantity = 1 }) =>
      attempt.start('giveBack', () => {
        demandTaking({ key, limit: 0, quantity, windowMs: undefined })
        touched.add(`named/many ${key}`)
        return giveBackNamed(session, { key: `many ${key}`, quantity }, now)
      }),
  }
}

function demandTaking({
  key,
  limit,
  quantity,
  windowMs,
}: Pick<NamedTaking, 'key' | 'limit'> & {
  readonly quantity: number
  readonly windowMs: number | undefined
}): void {
  // A name is often what a caller typed, such as the word of an offer.
  if (key.length > keyCharactersMax + 'many '.length || key.includes('\0')) {
    const detail = `A name of something limited has at most ${keyCharactersMax} characters.`
    throw invalidInput([{ pointer: '/key', code: 'wrong_length', detail }])
  }
  assert(Number.isSafeInteger(limit) && limit >= 0, 'A limit is a whole number.')
  const whole = Number.isSafeInteger(quantity) && quantity >= 1
  assert(whole, 'A quantity is a whole number of at least 1.')
  const windowed = windowMs === undefined || (Number.isSafeInteger(windowMs) && windowMs > 0)
  assert(windowed, 'A window is a whole number of milliseconds.')
}
