/** Owns the values that declared logic is: actions, events, jobs, workflows, mails and the rest. */

import type { Html } from '../html.ts'
import type { Condition, Rule } from '../rule.ts'
import type { Shape, Values } from './shape.ts'

/** A declared failure: its HTTP status and what the caller is told. */
export interface DeclaredFailure {
  /** 400 to 499. Default 409. */
  readonly status?: number
  /** One sentence that says what to do. Shown to the caller. */
  readonly detail: string
}

/** Failures by code: `snake_case` words. */
export type FailureTable = Readonly<Record<string, DeclaredFailure>>

/** Logic with its types erased: how the engine runs it. */
export type ErasedRun = (scope: never) => Promise<unknown>

/** What the types of an action tell a typed client beside its input and its answer. */
export interface ActionTypes {
  readonly kit: string
  readonly name: string
  readonly on: string | undefined
  /** What it was declared to answer with. */
  readonly output: unknown
  /** The codes of its declared failures. */
  readonly codes: string
}

/** An action: typed input and output, one transaction. */
export interface Action<I extends Shape = Shape, O = unknown, T extends ActionTypes = ActionTypes> {
  readonly is: 'action'
  readonly kit: string
  readonly name: string
  readonly input: I
  /** A shape, the name of a model, or undefined: nothing is answered. */
  readonly output: Shape | string | undefined
  /** A rule over `me` and `input`, or a function that makes one. */
  readonly allow: Rule | ((scope: never) => Condition)
  readonly isolation: 'serializable' | 'repeatable read' | 'read committed'
  /** The model whose address it stands under, in place of the kit's. */
  readonly on: string | undefined
  /** True: a call needs an Idempotency-Key, kept for 30 days. */
  readonly money: boolean
  /** True: each call that commits leaves an entry in the audit. */
  readonly audit: boolean
  /** True: it only reads, and is served by GET and QUERY as well. */
  readonly safe: boolean
  readonly failures: FailureTable
  readonly timeoutMs: number | undefined
  readonly description: string | undefined
  readonly run: ErasedRun
  /** Phantom. Never set. */
  readonly answer?: O
  /** Phantom. Never set. */
  readonly types?: T
}

/** What the types of an event tell a typed client beside its data. */
export interface EventTypes {
  readonly kit: string
  readonly name: string
}

/** A fact: recorded in the transaction that made it true, delivered after the commit. */
export interface Event<D extends Shape = Shape, T extends EventTypes = EventTypes> {
  readonly is: 'event'
  readonly kit: T['kit']
  readonly name: T['name']
  readonly data: D
  /** What the fact is about, where `emit` does not say; orders its handlers. */
  readonly subject: ((data: never) => string) | undefined
  /** Days that the record is kept. Default 30. */
  readonly retentionDays: number
  /** The users whose webhook endpoints get it, beside those of admins. */
  readonly audience: ((data: never) => string | readonly string[] | null) | undefined
  /** Who may follow it: a rule, or a function that makes one; undefined: nobody. */
  readonly allow: Rule | ((scope: never) => Condition) | undefined
  readonly description: string | undefined
  /** Phantom. Never set. */
  readonly values?: Values<D>
}

/** How often, and how long after one another, a failed attempt is repeated. */
export interface Retry {
  /** In all, the first included. Default 10. */
  readonly attemptsMax?: number
  /** Before the second attempt. Default 1,000. */
  readonly delayMs?: number
  /** Each delay is so many times the one before, with jitter. Default 2. */
  readonly factor?: number
  /** Default 1 hour. */
  readonly delayMsMax?: number
}

/** A queue: what its jobs share. */
export interface Queue {
  readonly is: 'queue'
  readonly kit: string
  readonly name: string
  /** Jobs at once over all nodes. Default: no limit. */
  readonly concurrency: number | undefined
  /** Jobs of one key at once. Default 1: first in, first out. */
  readonly concurrencyPerKey: number
  /** Starts in a stretch of time, over all nodes. */
  readonly rate: Rate | undefined
  readonly ratePerKey: Rate | undefined
  /** Days that finished jobs are kept. Default 7; failed ones are kept until they are cleared. */
  readonly retentionDays: number
  /** For its jobs that do not say their own. */
  readonly timeoutMs: number | undefined
}

/** So many in a stretch of time. */
export interface Rate {
  readonly limit: number
  readonly windowMs: number
}

/** Work after a commit. */
export interface Job<I extends Shape = Shape> {
  readonly is: 'job'
  readonly kit: string
  readonly name: string
  readonly input: I
  readonly queue: Queue | undefined
  readonly priority: number
  readonly retry: Retry
  /** An attempt is given up after so many milliseconds. Default: that of its queue. */
  readonly timeoutMs: number | undefined
  /** Jobs of one key run one after another. */
  readonly key: ((input: never) => string) | undefined
  /** What is done outside, before `run`, with a stable key for the receiver. */
  readonly external: ErasedRun | undefined
  /** What happens where nobody knows whether `external` had its effect. */
  readonly onUnknown: 'repeat' | 'ask'
  readonly isolation: 'serializable' | 'repeatable read' | 'read committed'
  readonly run: ErasedRun
  readonly description: string | undefined
  /** Phantom. Never set. */
  readonly values?: Values<I>
}

/** The handler of an event: a job of its own for each event. */
export interface Handler {
  readonly is: 'handler'
  readonly kit: string
  readonly name: string
  readonly event: Event
  /** Its input is the event. */
  readonly job: Job
}

/** Work at a time. */
export interface Schedule {
  readonly is: 'schedule'
  readonly kit: string
  readonly name: string
  /** Five or six fields, as croner reads them. */
  readonly cron: string
  /** IANA, e.g. `Europe/London`. Default `UTC`. */
  readonly timeZone: string
  /** What happens with ticks while nothing ran. Default `once`. */
  readonly missed: 'skip' | 'once' | 'all'
  readonly job: Job
}

/**
 * Where a subscription begins, or begins anew: with the oldest event that is kept, with what comes
 * from now on, with a position of the log, or with a moment (RFC 3339).
 */
export type SubscriptionStart =
  | 'oldest'
  | 'now'
  | { readonly position: number }
  | { readonly time: string }

/** A subscription: a name with a position in the log, and the logic that follows it. */
export interface Subscription {
  readonly is: 'subscription'
  readonly kit: string
  readonly name: string
  readonly events: readonly Event[]
  readonly from: SubscriptionStart
  /** Events that are handed over at once, at most. */
  readonly batch: number
  readonly onGap: 'stop' | 'continue'
  readonly retry: Pick<Retry, 'delayMs' | 'factor' | 'delayMsMax'>
  readonly isolation: 'serializable' | 'repeatable read' | 'read committed'
  readonly run: ErasedRun
  readonly description: string | undefined
}

/** What a workflow can be told while it runs. */
export interface Signal<D extends Shape = Shape> {
  readonly is: 'signal'
  readonly kit: string
  readonly name: string
  readonly data: D
  /** Phantom. Never set. */
  readonly values?: Values<D>
}

/** A durable sequence of steps. */
export interface Workflow<I extends Shape = Shape, O = unknown> {
  readonly is: 'workflow'
  readonly kit: string
  readonly name: string
  readonly input: I
  /** Grows with every change that running instances cannot follow. Default 1. */
  readonly version: number
  /** Earlier versions, for instances that began with them. */
  readonly earlier: Readonly<Record<number, ErasedRun>>
  /** Days that an instance is kept after its end. Default 30. */
  readonly retentionDays: number
  /** True: whoever started an instance may ask how it stands. Default false. */
  readonly status: boolean
  readonly run: ErasedRun
  readonly description: string | undefined
  /** Phantom. Never set. */
  readonly answer?: O
  /** Phantom. Never set. */
  readonly values?: Values<I>
}

/** A mail: a template with typed input. */
export interface Mail<I extends Shape = Shape> {
  readonly is: 'mail'
  readonly kit: string
  readonly name: string
  readonly input: I
  readonly subject: (input: never) => string
  readonly text: (input: never) => string
  readonly html: ((input: never) => Html) | undefined
  readonly from: string | undefined
  readonly secret: boolean
  /** How many of these an address gets; more are held back for a while. Default 20 an hour. */
  readonly ratePerRecipient: Rate | 'unlimited'
  readonly onUnknown: 'repeat' | 'ask'
  /** Phantom. Never set. */
  readonly values?: Values<I>
}

/** A webhook that others call: verified, stored, answered, then processed as a job, each once. */
export interface Webhook {
  readonly is: 'webhook'
  readonly kit: string
  readonly name: string
  /** Checks a request: an id that is the same for every delivery of one message, and its data. */
  readonly verify: ErasedRun
  readonly job: Job
}

/** What becomes of a guest's rows where the guest turns out to have an account. */
export interface GuestJoins {
  readonly is: 'guestJoins'
  readonly kit: string
  readonly name: string
  readonly run: ErasedRun
}

/** What the types of a channel tell a typed client beside its shapes. */
export interface ChannelTypes {
  readonly kit: string
  readonly name: string
}

/** A channel: who is there, and what they tell each other while they are. Nothing of it is kept. */
export interface Channel<
  P extends Shape = Shape,
  M extends Shape = Shape,
  S extends Shape = Shape,
  T extends ChannelTypes = ChannelTypes,
> {
  readonly is: 'channel'
  readonly kit: T['kit']
  readonly name: T['name']
  /** What tells its rooms apart. */
  readonly params: P
  /** What is said; undefined: nothing is. */
  readonly message: M | undefined
  /** What everybody who is there says of themselves; undefined: nobody is shown. */
  readonly presence: S | undefined
  readonly allow: ChannelAllow
  readonly description: string | undefined
}

/** The rules of a channel, each over `me` and `params`, or a function that makes one. */
export interface ChannelAllow {
  readonly join: Rule | ((scope: never) => Condition)
  /** Undefined: nobody. */
  readonly publish: Rule | ((scope: never) => Condition) | undefined
  /** Who sees who is there. Undefined: whoever may join. */
  readonly see: Rule | ((scope: never) => Condition) | undefined
}

/** Everything that a kit declares beside its models. */
export type Logic =
  | Action
  | Event
  | Queue
  | Job
  | Handler
  | Schedule
  | Subscription
  | Signal
  | Workflow
  | Mail
  | Webhook
  | GuestJoins
  | Channel
