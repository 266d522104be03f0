/** Owns the logic of a catalog: every kit's actions, events and jobs, by name. */

import { Cron } from 'croner'
import { limits } from '../../base/limits.ts'
import type { AnyKit } from '../../define/kit.ts'
import type {
  Action,
  Channel,
  Event,
  GuestJoins,
  Handler,
  Job,
  Logic,
  Mail,
  Queue,
  Schedule,
  Signal,
  Subscription,
  Webhook,
  Workflow,
} from '../../define/logic/logic.ts'
import { Mistakes } from '../mistakes.ts'
import { nameProblem } from '../names.ts'
import { checkTimes } from './times.ts'

/** Declared logic by `<kit>.<name>`. */
export interface CatalogLogic {
  readonly actions: ReadonlyMap<string, Action>
  readonly events: ReadonlyMap<string, Event>
  readonly queues: ReadonlyMap<string, Queue>
  /** Declared jobs, and those of handlers, schedules and webhooks. */
  readonly jobs: ReadonlyMap<string, Job>
  readonly handlers: ReadonlyMap<string, Handler>
  readonly schedules: ReadonlyMap<string, Schedule>
  readonly subscriptions: ReadonlyMap<string, Subscription>
  readonly signals: ReadonlyMap<string, Signal>
  readonly workflows: ReadonlyMap<string, Workflow>
  readonly mails: ReadonlyMap<string, Mail>
  readonly webhooks: ReadonlyMap<string, Webhook>
  readonly channels: ReadonlyMap<string, Channel>
  /** What hands over the rows of a guest, one a kit. */
  readonly guestJoins: ReadonlyMap<string, GuestJoins>
  /** Handlers by the name of their event. */
  readonly handlersOf: ReadonlyMap<string, readonly Handler[]>
}

/** The name of a piece of logic in the catalog, in tables and on the wire. */
export function logicName({ kit, name }: { readonly kit: string; readonly name: string }): string {
  return `${kit}.${name}`
}

/** Gathers the logic of all kits. From now on none of them takes more. */
export function logicOf(kits: readonly AnyKit[], mistakes: Mistakes): CatalogLogic {
  const parts = kits.flatMap((kit) => Object.freeze(kit.logic))
  const of = <K extends Logic['is']>(is: K) =>
    byName(
      parts.filter((part): part is Extract<Logic, { is: K }> => part.is === is),
      mistakes,
    )
  const handlers = of('handler')
  const jobs = new Map(of('job'))
  const schedules = of('schedule')
  const webhooks = of('webhook')
  for (const { job } of [...handlers.values(), ...schedules.values(), ...webhooks.values()]) {
    jobs.set(logicName(job), job)
  }
  const events = of('event')
  const queues = of('queue')
  const known = { events, queues, mistakes }
  for (const handler of handlers.values()) demandEvent(handler, known)
  for (const job of jobs.values()) demandQueue(job, known)
  checkTimes([...jobs.values(), ...queues.values()], mistakes)
  for (const schedule of schedules.values()) demandTimes(schedule, mistakes)
  const subscriptions = of('subscription')
  for (const subscription of subscriptions.values()) demandSubscribable(subscription, known)
  const actions = of('action')
  const [signals, workflows, mails] = [of('signal'), of('workflow'), of('mail')]
  const handlersOf = Map.groupBy(handlers.values(), ({ event }) => logicName(event))
  return Object.freeze({
    ...{ actions, events, queues, jobs, handlers, schedules, signals, workflows, mails, webhooks },
    ...{ handlersOf, subscriptions, guestJoins: of('guestJoins'), channels: of('channel') },
  })
}

function byName<L extends Logic>(parts: readonly L[], mistakes: Mistakes): ReadonlyMap<string, L> {
  const named = new Map<string, L>()
  for (const part of parts) {
    const name = logicName(part)
    const problem = nameProblem(part.name)
    if (problem && part.is !== 'handler') mistakes.add(name, `"${part.name}" ${problem}`)
    if (named.has(name)) mistakes.add(name, `is declared twice: rename one ${part.is}`)
    named.set(name, part)
  }
  return named
}

interface Known {
  readonly events: ReadonlyMap<string, Event>
  readonly queues: ReadonlyMap<string, Queue>
  readonly mistakes: Mistakes
}

function demandEvent({ kit, name, event }: Handler, known: Known): void {
  demandKnown(`${kit}.on.${name}`, event, known)
}

function demandKnown(place: string, event: Event, { events, mistakes }: Known): void {
  if (events.get(logicName(event)) === event) return
  const cure = `add the kit ${event.kit} to the app's kits`
  mistakes.add(place, `there is no event ${logicName(event)} in this app: ${cure}`)
}

function demandSubscribable({ kit, name, events, from, batch }: Subscription, known: Known): void {
  const place = `${kit}.${name}`
  const { mistakes } = known
  for (const event of events) demandKnown(place, event, known)
  if (events.length === 0) mistakes.add(place, 'reads no event: name those that it reads')
  if (!Number.isInteger(batch) || batch < 1 || batch > limits.eventsPerPassMax) {
    mistakes.add(place, `has a batch of ${batch}: give 1 to ${limits.eventsPerPassMax}`)
  }
  if (typeof from === 'string') return
  const isMeant =
    'position' in from
      ? Number.isSafeInteger(from.position) && from.position > 0
      : !Number.isNaN(Date.parse(from.time))
  const cure = 'give a position from 1, or a time such as 2026-01-31T09:00:00Z'
  if (!isMeant) mistakes.add(place, `begins nowhere: ${cure}`)
}

function demandQueue({ kit, name, queue }: Job, { queues, mistakes }: Known): void {
  if (!queue || queues.get(logicName(queue)) === queue) return
  const cure = `add the kit ${queue.kit} to the app's kits`
  mistakes.add(`${kit}.${name}`, `there is no queue ${logicName(queue)} in this app: ${cure}`)
}

function demandTimes({ kit, name, cron, timeZone }: Schedule, mistakes: Mistakes): void {
  const problem = (text: string, zone: string): boolean => {
    try {
      // Only asked for its next tick: nothing is timed here.
      return new Cron(text, { timezone: zone, paused: true }).nextRun() === null
    } catch {
      return true
    }
  }
  const place = `${kit}.${name}`
  if (problem('* * * * *', timeZone)) {
    mistakes.add(place, `"${timeZone}" is no time zone: name one such as Europe/London`)
  } else if (problem(cron, timeZone)) {
    mistakes.add(place, `the cron text "${cron}" means no time: give five fields such as 0 3 * * *`)
  }
}

/** The logic of a catalog that has none. */
export const noLogic: CatalogLogic = logicOf([], new Mistakes())
