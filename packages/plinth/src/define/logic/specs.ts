/** Owns what logic is declared with: the options of actions, events, jobs, workflows and mails. */

import type { Html } from '../html.ts'
import type { Models, RecordOf, RuleInput } from '../infer.ts'
import type { Condition, Me, Rule } from '../rule.ts'
import type { Event, FailureTable, Queue, Rate, Retry, Signal, Workflow } from './logic.ts'
import type { Fail, LogicScope } from './scope.ts'
import type { Given, Shape, Values } from './shape.ts'

/** What an action promises: a shape's values, a record of a model, or nothing. */
export type Answering<S extends Models, O> = O extends keyof S
  ? Promise<RecordOf<S[O]>>
  : O extends Shape
    ? Promise<Given<O>>
    : Promise<void>

/** The answer as its receiver has it. */
export type OutputValues<S extends Models, O> = O extends keyof S
  ? RecordOf<S[O]>
  : O extends Shape
    ? Values<O>
    : undefined

/** What an action is declared with. */
export interface ActionSpec<
  S extends Models,
  I extends Shape,
  O,
  F extends FailureTable,
  A extends (keyof S & string) | undefined = (keyof S & string) | undefined,
> {
  readonly input?: I
  /** A shape, or the name of a model whose record is the answer. Absent: it answers nothing. */
  readonly output?: O
  /** Who may call it. A rule over `me` and `input`; deny by default. */
  readonly allow: Rule | ((scope: { readonly me: Me; readonly input: RuleInput<I> }) => Condition)
  /** Default `serializable`; it is repeated where PostgreSQL asks for it. */
  readonly isolation?: 'serializable' | 'repeatable read' | 'read committed'
  /** The model whose address it stands under: `/api/orders/<action>`. Default: the kit's. */
  readonly on?: A
  /** True: a call needs an Idempotency-Key. Default false. */
  readonly money?: boolean
  /**
   * True: each call that commits leaves an entry of its own in the audit, whatever it changed.
   * Default: as `money`. What it changes of audited records names the action in any case.
   */
  readonly audit?: boolean
  /** True: it only reads. Default false. */
  readonly safe?: boolean
  /** Failures of its own, by code, for `fail`. */
  readonly failures?: F
  /** Default and most: 15,000. */
  readonly timeoutMs?: number
  readonly description?: string
  readonly run: (scope: ActionScope<S, I, F>) => Answering<S, O>
}

/** What an action works with. */
export interface ActionScope<S extends Models, I extends Shape, F> extends LogicScope<S> {
  readonly input: Values<I>
  /** Ends the action with one of its declared failures; everything it did is undone. */
  readonly fail: Fail<F>
  /** Aborted when the caller's deadline has passed or the call was cancelled. */
  readonly aborted: AbortSignal
  /** Tells who polls an asynchronous call how far it is: 0 to 1. */
  progress(done: number, note?: string): void
}

/**
 * What hands over a guest's rows. `data` obeys the rules that hold for the guest: use
 * `data.unrestricted` for what is to become the user's.
 */
export interface GuestJoinsScope<S extends Models> extends LogicScope<S> {
  /** The id of the guest, who is gone afterwards. */
  readonly guest: string
  /** The id of the user that the guest turned out to be. */
  readonly user: string
}

/** What an event is declared with, beside its data. */
export interface EventSpec<D extends Shape> {
  /** What the fact is about, e.g. the order's id: handlers of one subject run in its order. */
  readonly subject?: (data: Values<D>) => string
  /** Default 30. */
  readonly retentionDays?: number
  /**
   * The users whose webhook endpoints get the event, by id. Endpoints of admins get every event
   * that they ask for. Default: nobody else does.
   */
  readonly audience?: (data: Values<D>) => string | readonly string[] | null
  /**
   * Who may follow the event as it happens: a rule over `me` and its `data`. Default: nobody.
   *
   * @example allow: ({ data, me }) => data.customerId.eq(me.id)
   */
  readonly allow?: Rule | ((scope: { readonly me: Me; readonly data: RuleInput<D> }) => Condition)
  readonly description?: string
}

/** What a queue is declared with. */
export interface QueueSpec {
  readonly concurrency?: number
  readonly concurrencyPerKey?: number
  readonly rate?: Rate
  readonly ratePerKey?: Rate
  readonly retentionDays?: number
  /** Of its jobs that do not say their own `timeoutMs`. */
  readonly timeoutMs?: number
}

/** What a job's logic works with, inside its transaction. */
export interface JobScope<S extends Models, I, R = undefined> extends LogicScope<S> {
  readonly input: I
  /** What `external` returned. */
  readonly result: R
  readonly attempt: Attempt
  /** Tells who looks how far it is: 0 to 1. Seen at once, whatever becomes of the attempt. */
  progress(done: number, note?: string): void
}

/** One attempt at a job. */
export interface Attempt {
  readonly jobId: string
  /** 1 for the first. */
  readonly number: number
  /** Aborted when the time is up, the job was cancelled, or its worker lost its lease. */
  readonly aborted: AbortSignal
}

/** What work outside of the database gets: it cannot be rolled back, so it has a stable key. */
export interface ExternalScope<I> {
  readonly input: I
  readonly attempt: Attempt
  /** The same in every attempt: give it to the receiver, so that the effect happens once. */
  readonly idempotencyKey: string
}

/** How a job runs, beside its logic. */
export interface JobOptions<I> {
  readonly queue?: Queue
  /** Higher runs earlier. Default 0. */
  readonly priority?: number
  readonly retry?: Retry
  /**
   * How long an attempt may take: 1 to 3,600,000 milliseconds, of which the transaction of `run`
   * gets at most 600,000. Default: that of the queue, or else 60,000, and 15,000 for `run`.
   */
  readonly timeoutMs?: number
  /** Jobs of one key run one after another, in order. */
  readonly key?: (input: I) => string
  /** Of `run`. Default `serializable`; it is repeated where PostgreSQL asks for it. */
  readonly isolation?: 'serializable' | 'repeatable read' | 'read committed'
  /**
   * What happens where an attempt asked for the effect of `external` and did not hear back.
   * `repeat` (the default): it is asked for again, with the same idempotencyKey. `ask`: the job
   * becomes a dead letter, for receivers that do not honour keys.
   */
  readonly onUnknown?: 'repeat' | 'ask'
  readonly description?: string
}

/** What a job is declared with. */
export interface JobSpec<S extends Models, I extends Shape, R> extends JobOptions<Values<I>> {
  readonly input?: I
  /** Calls the world, outside of any transaction; what it returns (JSON) is handed to `run`. */
  readonly external?: (scope: ExternalScope<Values<I>>) => Promise<R>
  /** Runs in one transaction with the job's completion. */
  readonly run?: (scope: JobScope<S, Values<I>, R>) => Promise<void>
}

/** A recorded fact, as handlers and subscribers get it (CloudEvents 1.0 attributes). */
export interface RecordedEvent<D extends Shape = Shape> {
  readonly id: string
  /** `<kit>.<event>`. */
  readonly type: string
  readonly source: string
  readonly subject: string | null
  /** RFC 3339. */
  readonly time: string
  readonly data: Values<D>
}

/** What a handler is declared with where it is more than a function. */
export interface HandlerSpec<S extends Models, D extends Shape, R>
  extends JobOptions<RecordedEvent<D>> {
  /** Tells handlers of one event apart. Default: the event's name. */
  readonly name?: string
  readonly external?: (scope: ExternalScope<RecordedEvent<D>>) => Promise<R>
  readonly run?: (scope: HandlerScope<S, D, R>) => Promise<void>
}

/** What a handler works with: its event and one transaction. */
export interface HandlerScope<S extends Models, D extends Shape, R = undefined>
  extends JobScope<S, RecordedEvent<D>, R> {
  readonly event: RecordedEvent<D>
}

/** What a schedule is declared with. */
export interface ScheduleSpec<S extends Models> {
  /** Five fields, or six with seconds first. */
  readonly cron: string
  readonly timeZone?: string
  /** Ticks while nothing ran: none, the last one, or each of them (at most 100). Default `once`. */
  readonly missed?: 'skip' | 'once' | 'all'
  readonly queue?: Queue
  readonly retry?: Retry
  readonly timeoutMs?: number
  readonly description?: string
  readonly run: (scope: ScheduleScope<S>) => Promise<void>
}

/** What a scheduled run works with. */
export interface ScheduleScope<S extends Models> extends JobScope<S, { readonly tick: string }> {
  /** The moment that it stands for, RFC 3339. */
  readonly tick: string
}

/** What a workflow is declared with. */
export interface WorkflowSpec<S extends Models, I extends Shape, O> {
  readonly input?: I
  /** Default 1. */
  readonly version?: number
  /** The logic of earlier versions, by number, for instances that began with them. */
  readonly earlier?: Readonly<
    Record<number, (scope: WorkflowScope<S, Values<I>>) => Promise<unknown>>
  >
  /** Days that an instance and its result are kept after its end. Default 30. */
  readonly retentionDays?: number
  /**
   * True: the user who started an instance may ask at `/api/operations/<id>` how it stands, and
   * gets what it returned, or what `fail` said. Default false.
   */
  readonly status?: boolean
  readonly description?: string
  /** Runs from its beginning after every wait: what is recorded is returned, not done again. */
  readonly run: (scope: WorkflowScope<S, Values<I>>) => Promise<O>
}

/** How an external step is repeated, and undone. */
export interface ExternalOptions<S extends Models, T> {
  readonly retry?: Retry
  readonly timeoutMs?: number
  /** Runs, latest first, where the workflow fails later. */
  readonly undo?: (scope: StepScope<S> & { readonly result: T }) => Promise<void>
  /** Undoes by calling the world. */
  readonly undoExternal?: (scope: {
    readonly result: T
    readonly idempotencyKey: string
  }) => Promise<void>
}

/** What a step works with: one transaction with its checkpoint. */
export interface StepScope<S extends Models> extends LogicScope<S> {
  readonly workflowId: string
}

/**
 * What a workflow is written with. Every name is unique within its branch, and one step runs at a
 * time: several at once stand in `parallel`. Everything between the steps runs again after each
 * wait, so it must do the same again: take the time from `now()` and chance from `random()`.
 */
export interface WorkflowScope<S extends Models, I> {
  readonly id: string
  readonly input: I
  /** The moment at which it began. */
  readonly startedAt: string
  /** The moment at which the last step before it ended, RFC 3339: the same in every run. */
  now(): string
  /** A number in [0, 1) that is the same in every run. Never for secrets. */
  random(): number
  /**
   * A transactional step: its effects and its result commit together, once. What it returns must
   * be plain JSON. What it throws is repeated by `retry`, a failure that would be the same again
   * is not; after the last attempt it is thrown here, in every run.
   */
  step<T>(
    name: string,
    run: (scope: StepScope<S>) => Promise<T>,
    options?: {
      readonly retry?: Retry
      readonly undo?: (scope: StepScope<S> & { readonly result: T }) => Promise<void>
    },
  ): Promise<T>
  /**
   * A call to the world: intent, call, result. It may be made again where nobody knows whether it
   * arrived, always with the same `idempotencyKey`: give that to the receiver.
   */
  external<T>(
    name: string,
    run: (scope: { readonly idempotencyKey: string; readonly aborted: AbortSignal }) => Promise<T>,
    options?: ExternalOptions<S, T>,
  ): Promise<T>
  /** ISO 8601, e.g. `PT10M` or `P1M`, or milliseconds. */
  sleep(name: string, length: string | number): Promise<void>
  /** RFC 3339. */
  sleepUntil(name: string, moment: string): Promise<void>
  /** The earliest signal that no step has taken. Undefined where the time-out came first. */
  waitForSignal<D extends Shape>(
    name: string,
    signal: Signal<D>,
    options?: { readonly timeout?: string | number },
  ): Promise<Values<D> | undefined>
  /**
   * The first event of this subject since the workflow began that it has not had yet. Undefined
   * where the time-out came first.
   */
  waitForEvent<D extends Shape>(
    name: string,
    event: Event<D>,
    options: { readonly subject: string; readonly timeout?: string | number },
  ): Promise<RecordedEvent<D> | undefined>
  /** Starts another workflow and waits for its result. Fails where it fails or is cancelled. */
  child<C extends Shape, T>(name: string, workflow: Workflow<C, T>, input: Given<C>): Promise<T>
  /** Several branches at once; fails as soon as they all ended and one has failed. */
  parallel<B extends Readonly<Record<string, () => Promise<unknown>>>>(
    name: string,
    branches: B,
  ): Promise<{ readonly [K in keyof B]: Awaited<ReturnType<B[K]>> }>
  /**
   * Ends the workflow as failed, whoever catches it; what was done is undone, latest first. It
   * throws by itself; write `throw fail(…)` to let types narrow.
   */
  fail(detail: string): never
}

/** What a mail is declared with. */
export interface MailSpec<I extends Shape> {
  readonly input?: I
  readonly subject: (input: Values<I>) => string
  readonly text: (input: Values<I>) => string
  /** Made by the tag `html`, which escapes what it is given. Default: the mail is text only. */
  readonly html?: (input: Values<I>) => Html
  /** `Name <address>` or an address. Default: the app's sender, `MAIL_FROM`. */
  readonly from?: string
  /**
   * True: the text holds a secret, such as a link to sign in. Nobody reads it through the API, and
   * it is forgotten as soon as the mail has been sent. Default false.
   */
  readonly secret?: boolean
  /**
   * How many of these one address gets within a stretch of time, over all nodes. What is above is
   * held back until the next stretch begins, at most three days. Default
   * `{ limit: 20, windowMs: 3_600_000 }`.
   */
  readonly ratePerRecipient?: Rate | 'unlimited'
  /**
   * What happens where the connection broke after the mail was handed over, so that nobody knows
   * whether it was taken: sent again with the same Message-ID, or left for a person to decide.
   * Default `repeat`.
   */
  readonly onUnknown?: 'repeat' | 'ask'
}

/** A request to a webhook, as it came. */
export interface WebhookRequest {
  readonly body: Uint8Array
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** RFC 3339. */
  readonly receivedAt: string
}

/** What a verified request says. */
export interface WebhookMessage {
  /** The same for every delivery of the message: it is processed once. */
  readonly id: string
  /** JSON. */
  readonly data: unknown
  /** Messages of one key are processed in their order. */
  readonly key?: string
}

/** What an incoming webhook is declared with. */
export interface WebhookSpec<S extends Models> extends JobOptions<{ readonly id: string }> {
  /** Returns the message, or undefined where the request is not genuine: it is refused. */
  readonly verify: (request: WebhookRequest) => Promise<WebhookMessage | undefined>
  readonly run: (
    scope: JobScope<S, WebhookMessage> & { readonly message: WebhookMessage },
  ) => Promise<void>
}
