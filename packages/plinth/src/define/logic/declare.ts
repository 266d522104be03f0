/** Owns the declaring of logic: the methods by which a kit gets its actions, events and jobs. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { text, uuid } from '../fields.ts'
import type { Models } from '../infer.ts'
import type { ChannelSpec } from './channel.ts'
import type {
  Action,
  Channel,
  ErasedRun,
  Event,
  FailureTable,
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
} from './logic.ts'
import type { NoShape, Shape } from './shape.ts'
import type {
  ActionSpec,
  EventSpec,
  GuestJoinsScope,
  HandlerScope,
  HandlerSpec,
  JobSpec,
  MailSpec,
  OutputValues,
  QueueSpec,
  ScheduleSpec,
  WebhookSpec,
  WorkflowSpec,
} from './specs.ts'
import type { SubscriptionSpec } from './subscription.ts'

/** How a kit gets its logic. `S` are the models in its sight, `K` is its name. */
export interface Declaring<S extends Models, K extends string = string> {
  /**
   * Declares an action: business logic in one transaction, served as `POST /api/<kit>/<action>`.
   *
   * @example
   * export const cancel = orders.action('cancel', {
   *   input: { orderId: id('order') },
   *   allow: ({ me }) => me.signedIn,
   *   failures: { already_shipped: { detail: 'The order has left the house.' } },
   *   async run({ input, data, fail }) {
   *     const order = await data.order.lock(input.orderId)
   *     if (order.status === 'shipped') throw fail('already_shipped')
   *     await data.unrestricted.order.update(order.id, { status: 'cancelled' })
   *   },
   * })
   */
  action<
    const I extends Shape = NoShape,
    const O extends Shape | (keyof S & string) | undefined = undefined,
    const F extends FailureTable = Readonly<Record<never, never>>,
    const A extends (keyof S & string) | undefined = undefined,
    const N extends string = string,
  >(
    name: N,
    spec: ActionSpec<S, I, O, F, A>,
  ): Action<
    I,
    OutputValues<S, O>,
    {
      readonly kit: K
      readonly name: N
      readonly on: A
      readonly output: O
      readonly codes: keyof F & string
    }
  >
  /** Declares a fact that actions can record by `emit`. */
  event<const D extends Shape, const N extends string = string>(
    name: N,
    data: D,
    spec?: EventSpec<D>,
  ): Event<D, { readonly kit: K; readonly name: N }>
  /** Declares a queue, for jobs that share limits. */
  queue(name: string, spec?: QueueSpec): Queue
  /** Declares work after a commit. */
  job<const I extends Shape = NoShape, R = undefined>(name: string, spec: JobSpec<S, I, R>): Job<I>
  /** Handles an event: a job of its own for each, whose effects and completion are one commit. */
  on<D extends Shape, R = undefined>(
    event: Event<D>,
    handler: ((scope: HandlerScope<S, D>) => Promise<void>) | HandlerSpec<S, D, R>,
  ): Handler
  /** Declares work at a time: one run for each tick, whatever the number of nodes. */
  schedule(name: string, spec: ScheduleSpec<S>): Schedule
  /**
   * Declares code that reads events in the order of the log, in batches, one reader at a time over
   * all nodes: for projections, exports and everything that must see them in one order.
   *
   * @example
   * shop.subscription('sales', {
   *   events: [placed, cancelled],
   *   async run({ events, data, is }) {
   *     for (const event of events) if (is(event, placed)) await count(data, event.data.total)
   *   },
   * })
   */
  subscription<const E extends readonly Event[]>(
    name: string,
    spec: SubscriptionSpec<S, E>,
  ): Subscription
  /** Declares what workflows can be told. */
  signal<const D extends Shape>(name: string, data: D): Signal<D>
  /** Declares a durable sequence of steps. */
  workflow<const I extends Shape = NoShape, O = void>(
    name: string,
    spec: WorkflowSpec<S, I, O>,
  ): Workflow<I, O>
  /** Declares a mail. */
  mail<const I extends Shape = NoShape>(name: string, spec: MailSpec<I>): Mail<I>
  /**
   * Declares what becomes of a guest's rows where the guest signs in to an account that exists. It
   * runs in the transaction in which the session begins: where it fails, nobody is signed in. One
   * a kit; several kits each hand over their own.
   *
   * @example
   * shop.onGuestJoins(async ({ data, guest, user }) => {
   *   const { basket } = data.unrestricted
   *   const { data: left } = await basket.find({ filter: { ownerId: guest } })
   *   for (const { id } of left) await basket.update(id, { ownerId: user })
   * })
   */
  onGuestJoins(run: (scope: GuestJoinsScope<S>) => Promise<void>): GuestJoins
  /**
   * Declares a channel: rooms in which people see who is there and tell each other things, while
   * they are connected. Nothing of it is kept: what has to last is an event, or a record.
   *
   * @example
   * chat.channel('room', {
   *   params: { room: text() },
   *   allow: { join: ({ me }) => me.signedIn, publish: ({ me }) => me.signedIn },
   *   message: { text: text({ max: 500 }) },
   *   presence: { typing: boolean() },
   * })
   */
  channel<
    const P extends Shape = NoShape,
    const M extends Shape = NoShape,
    const H extends Shape = NoShape,
    const N extends string = string,
  >(name: N, spec: ChannelSpec<P, M, H>): Channel<P, M, H, { readonly kit: K; readonly name: N }>
  /** Declares a webhook that others call at `POST /webhooks/<kit>/<name>`. */
  webhook(name: string, spec: WebhookSpec<S>): Webhook
}

/** Adds to a kit's logic, until an app has been made of it. */
type Add = <L extends Logic>(part: L) => L

/** The shape of a handler's input: the event's attributes; its data is checked by the event. */
const eventInput = Object.freeze({ id: uuid(), type: text(), source: text() })

/** The declaring methods of a kit. Each adds to `parts`. */
export function declaring(kit: string, parts: Logic[]): Declaring<Models> {
  const add: Add = (part) => {
    if (Object.isFrozen(parts)) {
      const detail = `${kit}.${part.name} is declared after the app was compiled: import its file.`
      throw new Failure('declaration_invalid', { detail })
    }
    Object.freeze(part)
    parts.push(part)
    return part
  }
  return {
    action: ((name: string, spec: ErasedActionSpec) => add(actionOf(kit, name, spec))) as never,
    event: ((name: string, data: Shape, spec: EventSpec<Shape> = {}) =>
      add({
        ...{ is: 'event', kit, name, data },
        subject: spec.subject as Event['subject'],
        retentionDays: spec.retentionDays ?? 30,
        audience: spec.audience as Event['audience'],
        allow: spec.allow as Event['allow'],
        description: spec.description,
      })) as never,
    queue: (name, spec = {}) => add(queueOf(kit, name, spec)),
    job: ((name: string, spec: ErasedJobSpec) => add(jobOf(kit, name, spec))) as never,
    on: ((event: Event, handler: ErasedRun | ErasedHandlerSpec) =>
      add(handlerOf(kit, event, handler))) as never,
    schedule: (name, spec) => add(scheduleOf(kit, name, spec as unknown as ErasedScheduleSpec)),
    subscription: (name, spec) => add(subscriptionOf(kit, name, spec as ErasedSubscriptionSpec)),
    signal: (name, data) => add({ is: 'signal', kit, name, data }),
    workflow: ((name: string, spec: ErasedWorkflowSpec) =>
      add(workflowOf(kit, name, spec))) as never,
    mail: ((name: string, spec: MailSpec<Shape>) => add(mailOf(kit, name, spec))) as never,
    onGuestJoins: (run) =>
      add({ is: 'guestJoins', kit, name: 'guestJoins', run: run as unknown as ErasedRun }),
    channel: ((name: string, spec: ChannelSpec<Shape, Shape, Shape>) =>
      add(channelOf(kit, name, spec))) as never,
    webhook: (name, spec) => add(webhookOf(kit, name, spec as unknown as ErasedWebhookSpec)),
  }
}

type Erased<T, N extends keyof T> = Omit<T, N> & { readonly [K in N]: ErasedRun }
type ErasedActionSpec = Omit<
  Erased<ActionSpec<Models, Shape, Shape | string | undefined, FailureTable>, 'run'>,
  'allow'
> & { readonly allow: Action['allow'] }
type ErasedJobSpec = Omit<JobSpec<Models, Shape, unknown>, 'run' | 'external' | 'key'> & {
  readonly run?: ErasedRun
  readonly external?: ErasedRun
  readonly key?: Job['key']
}
type ErasedHandlerSpec = Omit<ErasedJobSpec, 'input'> & { readonly name?: string }
type ErasedScheduleSpec = Erased<ScheduleSpec<Models>, 'run'>
type ErasedSubscriptionSpec = Erased<SubscriptionSpec<Models, readonly Event[]>, 'run'>
type ErasedWorkflowSpec = Erased<WorkflowSpec<Models, Shape, unknown>, 'run'>
type ErasedWebhookSpec = Omit<Erased<WebhookSpec<Models>, 'run' | 'verify'>, 'key'> & {
  readonly key?: Job['key']
}

function actionOf(kit: string, name: string, spec: ErasedActionSpec): Action {
  return {
    ...{ is: 'action', kit, name },
    input: Object.freeze({ ...spec.input }),
    output: spec.output,
    allow: spec.allow,
    isolation: spec.isolation ?? 'serializable',
    on: spec.on as string | undefined,
    money: spec.money ?? false,
    audit: spec.audit ?? spec.money ?? false,
    safe: spec.safe ?? false,
    failures: Object.freeze({ ...spec.failures }),
    timeoutMs: spec.timeoutMs,
    description: spec.description,
    run: spec.run,
  }
}

function queueOf(kit: string, name: string, spec: QueueSpec): Queue {
  return {
    ...{ is: 'queue', kit, name },
    concurrency: spec.concurrency,
    concurrencyPerKey: spec.concurrencyPerKey ?? 1,
    rate: spec.rate,
    ratePerKey: spec.ratePerKey,
    retentionDays: spec.retentionDays ?? 7,
    timeoutMs: spec.timeoutMs,
  }
}

const nothing: ErasedRun = async () => undefined

function jobOf(kit: string, name: string, spec: ErasedJobSpec): Job {
  return Object.freeze({
    ...{ is: 'job', kit, name },
    input: Object.freeze({ ...spec.input }),
    queue: spec.queue,
    priority: spec.priority ?? 0,
    retry: Object.freeze({ ...spec.retry }),
    timeoutMs: spec.timeoutMs,
    key: spec.key,
    external: spec.external,
    onUnknown: spec.onUnknown ?? 'repeat',
    isolation: spec.isolation ?? 'serializable',
    run: spec.run ?? nothing,
    description: spec.description,
  } as const)
}

function handlerOf(kit: string, event: Event, given: ErasedRun | ErasedHandlerSpec): Handler {
  const spec: ErasedHandlerSpec = typeof given === 'function' ? { run: given } : given
  const name = spec.name ?? event.name
  const job = jobOf(kit, `on.${event.kit}.${event.name}.${name}`, { ...spec, input: eventInput })
  return { is: 'handler', kit, name, event, job }
}

function scheduleOf(kit: string, name: string, spec: ErasedScheduleSpec): Schedule {
  const job = jobOf(kit, `at.${name}`, { ...(spec as ErasedJobSpec), input: { tick: text() } })
  return {
    ...{ is: 'schedule', kit, name, cron: spec.cron },
    timeZone: spec.timeZone ?? 'UTC',
    missed: spec.missed ?? 'once',
    job,
  }
}

function subscriptionOf(kit: string, name: string, spec: ErasedSubscriptionSpec): Subscription {
  return {
    ...{ is: 'subscription', kit, name },
    events: Object.freeze([...spec.events]),
    from: spec.from ?? 'oldest',
    batch: spec.batch ?? limits.eventsPerBatch,
    onGap: spec.onGap ?? 'stop',
    retry: Object.freeze({ ...spec.retry }),
    isolation: spec.isolation ?? 'serializable',
    run: spec.run,
    description: spec.description,
  }
}

function workflowOf(kit: string, name: string, spec: ErasedWorkflowSpec): Workflow {
  return {
    ...{ is: 'workflow', kit, name },
    input: Object.freeze({ ...spec.input }),
    version: spec.version ?? 1,
    earlier: Object.freeze({ ...spec.earlier }) as Workflow['earlier'],
    retentionDays: spec.retentionDays ?? 30,
    status: spec.status ?? false,
    run: spec.run,
    description: spec.description,
  }
}

const mailsPerHour = limits.mailsPerRecipientPerHour
const hourMs = 3_600_000

function mailOf(kit: string, name: string, spec: MailSpec<Shape>): Mail {
  return {
    ...{ is: 'mail', kit, name },
    input: Object.freeze({ ...spec.input }),
    subject: spec.subject as Mail['subject'],
    text: spec.text as Mail['text'],
    html: spec.html as Mail['html'],
    from: spec.from,
    secret: spec.secret ?? false,
    ratePerRecipient: spec.ratePerRecipient ?? { limit: mailsPerHour, windowMs: hourMs },
    onUnknown: spec.onUnknown ?? 'repeat',
  }
}

function channelOf(kit: string, name: string, spec: ChannelSpec<Shape, Shape, Shape>): Channel {
  const { allow, message, presence, description } = spec
  return {
    ...{ is: 'channel', kit, name },
    params: Object.freeze({ ...spec.params }),
    ...{ message, presence, description },
    allow: Object.freeze({
      join: allow?.join,
      publish: allow?.publish,
      see: allow?.see,
    }) as Channel['allow'],
  }
}

function webhookOf(kit: string, name: string, spec: ErasedWebhookSpec): Webhook {
  const job = jobOf(kit, `webhook.${name}`, { ...spec, input: { id: text() } })
  return { is: 'webhook', kit, name, verify: spec.verify, job }
}
