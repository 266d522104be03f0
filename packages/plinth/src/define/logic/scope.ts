/** Owns what business logic works with inside its transaction: data, effects, limits, failures. */

import type { Failure } from '../../base/failure.ts'
import type {
  AcrossInput,
  CreateInput,
  Members,
  Models,
  MomentNames,
  NumberNames,
  RecordOf,
} from '../infer.ts'
import type { ModelData } from './data.ts'
import type { Action, Event, Job, Mail, Signal, Workflow } from './logic.ts'
import type { Given, Shape } from './shape.ts'

/** Who is asking, for code. */
export interface Who {
  /** True for a user with an account. A guest is not signed in. */
  readonly signedIn: boolean
  /** True for a visitor without an account, who has an id all the same. */
  readonly isGuest: boolean
  /** True where a member of staff acts as the user. */
  readonly impersonated: boolean
  /** The user's id. Reading it for an anonymous caller fails with `sign_in_required`. */
  readonly id: string
  /** True for a caller with such a credential in place of a session. */
  via(sort: 'key' | 'agent' | 'oauth' | 'service'): boolean
  /** True for the service of this name. */
  service(name: string): boolean
  /** True where the user holds the role. */
  is(role: string): boolean
  /** The id of the organisation in which they work just now; null: in none. */
  readonly organisation: string | null
  /** True where their role in that organisation brings the permission. */
  may(permission: string): boolean
}

/** From which amount of a record how much is taken, and how far it may go. */
export type Taking<M extends Members> =
  | {
      /** The field goes down, never below its own minimum (0 where it declares none). */
      readonly from: NumberNames<M>
      /** A whole number of at least 1; for money in minor units. Default 1. */
      readonly quantity?: number
    }
  | {
      /** The field goes up, never above `limit`: a number, or the field that holds it. */
      readonly into: NumberNames<M>
      readonly limit: number | NumberNames<M>
      readonly quantity?: number
    }

/** One model inside a transaction. */
export interface LogicModel<S extends Models, M extends Members, I = CreateInput<M>>
  extends ModelData<S, M, I> {
  /**
   * Reads a record and keeps others from changing it until the transaction ends: for hot rows,
   * where waiting is cheaper than repeating. Fails with `not_found`.
   */
  lock(id: string): Promise<RecordOf<M>>
  /**
   * Takes from a stock, a balance, a quota or seats in one conditional statement. False where not
   * enough is left: then nothing has changed. Fails with `not_found`.
   *
   * @example
   * const taken = await data.product.takeWithinLimit(id, { from: 'stock' })
   * if (!taken) throw fail('sold_out')
   */
  takeWithinLimit(id: string, taking: Taking<M>): Promise<boolean>
  /** Undoes `takeWithinLimit`, in one statement. Goes as far as the kind of the field allows. */
  giveBack(id: string, taking: Taking<M>): Promise<void>
  /**
   * Marks something as used, once: sets an instant that is null to now, in one conditional
   * statement. False where it was used before. Fails with `not_found`.
   */
  consumeOnce(id: string, field: MomentNames<M>): Promise<boolean>
}

/** The models inside a transaction, under one caller's rules. */
export type LogicModels<S extends Models> = {
  readonly [K in keyof S]: LogicModel<S, S[K]>
}

/** The data of a transaction: under the caller's rules, or past them by name. */
export type LogicData<S extends Models> = LogicModels<S> & {
  /**
   * Past all rules, within the active organisation. The word makes it easy to find in a review.
   */
  readonly unrestricted: LogicModels<S> & {
    /**
     * Past all rules, and with the records of all organisations: a new record of a tenant's model
     * says by `organisationId` whose it is. For what serves the app's own people.
     */
    readonly acrossOrganisations: AcrossModels<S>
  }
}

/** The models inside a transaction, across organisations. */
export type AcrossModels<S extends Models> = {
  readonly [K in keyof S]: LogicModel<S, S[K], AcrossInput<S[K]>>
}

/** When and how a job is to run. */
export interface EnqueueOptions {
  /** Milliseconds from now, up to 100 years. Less than 0: at once. */
  readonly delayMs?: number
  /** An instant of RFC 3339, in place of a delay. One that has passed: at once. */
  readonly runAt?: string
  /** Higher runs earlier. Default: the job's own. */
  readonly priority?: number
  /** Jobs of one key and queue run one after another, in the order of their enqueuing. */
  readonly key?: string
  /** Only one unfinished job of the same kind has this word. */
  readonly dedupe?: string
  /** What happens where there is one. Default `existing`: its id is returned. */
  readonly onDuplicate?: 'existing' | 'reject' | 'replace'
}

/** A job that will run once the transaction has committed. */
export interface Enqueued {
  readonly id: string
  /** `existing`: an earlier job stands for it. */
  readonly outcome: 'queued' | 'existing' | 'replaced'
}

/** A workflow that begins once the transaction has committed. */
export interface StartedWorkflow {
  readonly id: string
  /** `existing`: one of this id was started before, and nothing has changed. */
  readonly outcome: 'started' | 'existing'
}

/** Something of which only so many may be taken, by name, in all or in a stretch of time. */
export interface NamedTaking {
  /** Names the thing and whose it is, e.g. `invitations:user:…`. At most 200 characters. */
  readonly key: string
  readonly limit: number
  /** Default 1. */
  readonly quantity?: number
  /** The limit counts anew after so many milliseconds. Default: it never does. */
  readonly windowMs?: number
}

/**
 * What logic works with inside one transaction. Everything it does through this commits together
 * or not at all; that is why the transaction can be repeated when PostgreSQL asks for it.
 */
export interface LogicScope<S extends Models> {
  readonly me: Who
  /** The moment at which the transaction began, RFC 3339, from the app's clock. */
  readonly now: string
  readonly data: LogicData<S>
  /** Records a fact; its handlers run after the commit. */
  emit<D extends Shape>(
    event: Event<D>,
    data: Given<D>,
    options?: { readonly subject?: string },
  ): void
  /** Adds a job, run after the commit. */
  enqueue<I extends Shape>(
    job: Job<I>,
    input: Given<I>,
    options?: EnqueueOptions,
  ): Promise<Enqueued>
  /**
   * Starts a workflow after the commit. Of two starts with one id the second changes nothing and
   * says so. Ids are shared by all workflows of an app: put the workflow's name into them.
   */
  start<I extends Shape, O>(
    workflow: Workflow<I, O>,
    input: Given<I>,
    options?: { readonly id?: string },
  ): Promise<StartedWorkflow>
  /**
   * Gives a workflow a signal, kept until it waits for it. False where the workflow has ended: then
   * nothing is kept. Fails with `not_found`.
   */
  signal<D extends Shape>(workflowId: string, signal: Signal<D>, data: Given<D>): Promise<boolean>
  /** Sends a mail after the commit, once. */
  send<I extends Shape>(mail: Mail<I>, message: MailMessage<I>): Promise<{ readonly id: string }>
  /** Calls another action as the same caller, in the same transaction. */
  call<I extends Shape, O>(action: Action<I, O>, input: Given<I>): Promise<O>
  /** Uses a word up, once and for all: false where it was used before. */
  consumeOnce(key: string): Promise<boolean>
  /** Takes from something that is limited by name: false where not enough is left. */
  takeWithinLimit(taking: NamedTaking): Promise<boolean>
  /** Gives back what was taken by name. */
  giveBack(taking: NamedTaking): Promise<void>
}

/** To whom a mail goes, and what its template is filled with. */
export interface MailMessage<I extends Shape> {
  /** An e-mail address, or several. */
  readonly to: string | readonly string[]
  readonly input: Given<I>
  readonly replyTo?: string
}

/** Makes a declared failure. It throws by itself; write `throw fail(…)` to let types narrow. */
export type Fail<F> = (code: keyof F & string, detail?: string) => Failure
