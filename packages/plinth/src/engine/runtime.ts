/** Owns what the engine works with: everything handed in once by the composition root. */

import type { Caller } from '../access/caller.ts'
import type { Problem } from '../base/failure.ts'
import type { Clock } from '../base/time.ts'
import type { ActionOperation, Catalog } from '../catalog/catalog.ts'
import type { Database, Session, TransactionOptions } from '../database/database.ts'
import type { SecondFactorDemand } from '../define/app/sign-in.ts'
import type { Models } from '../define/infer.ts'
import type { LogicScope } from '../define/logic/scope.ts'
import type { Allowance } from '../effects/allowance.ts'
import type { Cursors } from '../query/cursor.ts'
import type { Call, RateState, Reply } from './call.ts'
import type { Effects } from './logic/effects.ts'
import type { PlanCache } from './plan-cache.ts'

/** The engine's parts. */
export interface Runtime {
  readonly catalog: Catalog
  readonly database: Database
  readonly clock: Clock
  readonly newId: () => string
  readonly plans: PlanCache
  readonly cursors: Cursors
  readonly identify: Identify
  readonly recall: Recalling
  readonly limiter: Limiter
  readonly actions: ReadonlyMap<string, Action>
  /** How what logic causes is stored, and who is told after the commit. */
  readonly effects: Effects
  readonly log: Log
  /** True: logic is watched for takes in two steps, in development and in tests. */
  readonly watchful: boolean
  /** By model: what stands around changes and deletions of its records. Default: nothing. */
  readonly keepers?: ReadonlyMap<string, Keeper>
  /** What some models demand of input beyond its kinds. Default: nothing. */
  readonly guards?: InputGuards
  /** Of whom a second factor is demanded. Default: of nobody. */
  readonly secondFactor?: SecondFactorDemand | undefined
  /** The operations that lead to a second factor, for those who are held until they have one. */
  readonly openWhileHeld: ReadonlySet<string>
}

/**
 * Stands around a change or a deletion of a model's record, whatever it comes by: an upsert, a
 * batch, code of the app past all rules. It runs what was asked, in a session of its choice, and
 * what belongs to it; or does in its place what is to be done.
 */
export interface Keeper {
  update(scope: Scope, run: KeptRun): Promise<Reply>
  delete(scope: Scope, run: KeptRun): Promise<Reply>
}

/** The operation that a keeper stands around. */
export type KeptRun = (scope: Scope) => Promise<Reply>

/** By model: what is wrong with values that are to be stored, in PostgreSQL's text form. */
export type InputGuards = ReadonlyMap<
  string,
  (values: ReadonlyMap<string, string | null>) => readonly Problem[]
>

/**
 * Turns a credential into a caller, or fails with `invalid_credentials`. Where nobody says how it
 * came, it is taken for a cookie, which can be a session and nothing else.
 */
export type Identify = (token: string, came?: Came) => Promise<Caller>

/**
 * Who a credential stood for when it was looked up last; undefined: nobody remembers. A guess, to
 * be confirmed by `identify` before anything is answered.
 */
export type Recalling = (token: string, from: Came['from']) => Recalled | undefined

/** A guess, and the hash of the token that it was found by. */
export interface Recalled {
  readonly caller: Caller
  readonly hash: string
}

/** How a credential came. */
export interface Came {
  readonly from: 'bearer' | 'cookie'
  readonly remoteAddress: string
  /** True: for what somebody is let do who is held until they have a second factor. */
  readonly settingUp?: boolean
  /** The hash of the token, where it was reckoned for this call already. */
  readonly hash?: string | undefined
  /** True: for an action that tells who a user is. Look-ups that can do bring it along. */
  readonly profile?: boolean | undefined
}

/** Counts the calls of a caller; fails with `rate_limited`. */
export interface Limiter {
  take(key: string): RateState
}

/** Where the engine reports what no caller sees. */
export type Log = (entry: LogEntry) => void

/** One thing worth knowing. */
export interface LogEntry {
  readonly level: 'info' | 'warning' | 'error'
  readonly message: string
  readonly traceId?: string
  readonly cause?: unknown
}

/** A built-in action with its logic. */
export interface Action {
  readonly operation: ActionOperation
  /** True: it tells who the caller is, so that their look-up brings the profile of a session. */
  readonly introduces?: true
  /**
   * Fails for whoever may not call it at all. Asked before the input is checked, so that nobody
   * learns by what is wrong with it; of the call's input nothing is to be trusted yet.
   */
  admit?(caller: Caller, call: Call): void | Promise<void>
  /** Taken before anything is checked, so that guesses count whatever comes of them. */
  allowances?(input: ActionValues, call: Call): readonly Allowance[]
  run(scope: ActionScope): Promise<ActionResult>
}

/** Checked input of an action, by name; what was not given is null. */
export type ActionValues = Readonly<Record<string, unknown>>

/** What an action works with. */
export interface ActionScope {
  readonly input: ActionValues
  readonly caller: Caller
  readonly call: Call
  /** RFC 3339. */
  readonly now: string
  readonly nowMs: number
  readonly newId: () => string
  /** Past all rules, each call by itself. */
  readonly unrestricted: RecordAccess
  /**
   * One transaction: what is done in it commits together with its mails, its events, and the entry
   * of this call in the audit; or none of it does. It may run more than once, as all logic may.
   */
  commit<T, S extends Models = Models>(
    work: (scope: LogicScope<S>) => Promise<T>,
    options?: CommitOptions,
  ): Promise<T>
  /** One transaction that only reads: it is no change, so that the audit tells nothing of it. */
  look<T, S extends Models = Models>(work: (scope: LogicScope<S>) => Promise<T>): Promise<T>
  /**
   * Takes from an allowance, before what it limits is checked: what is counted stays counted. Fails
   * with `rate_limited`.
   */
  take(allowance: Allowance): Promise<void>
  /** Gives an allowance back, e.g. after a success. */
  restore(key: string): Promise<void>
}

/** How a built-in action commits. */
export interface CommitOptions {
  /** Who is recorded as acting, once the work is done. Default: the caller. */
  readonly actor?: () => Caller | undefined
  /** Default `serializable`. */
  readonly isolation?: TransactionOptions['isolation']
}

/** What an action answers with. */
export interface ActionResult {
  readonly status: number
  readonly value: unknown
  readonly session?: Reply['session']
}

/** Records of any model by name, for code that knows its models. */
export interface RecordAccess {
  find(model: string, query: object): Promise<readonly PlainRecord[]>
  create(model: string, input: object): Promise<PlainRecord>
  update(model: string, id: string, patch: object): Promise<PlainRecord>
  delete(model: string, id: string): Promise<void>
}

/** A record as JSON has it. */
export type PlainRecord = Readonly<Record<string, unknown>>

/** A session and who acts in it: what a single operation runs with. */
export interface Scope {
  readonly runtime: Runtime
  readonly session: Session
  readonly caller: Caller
  readonly call: Call
  /** Who takes turns with others at the database; absent: the app itself. */
  readonly turn?: string | undefined
  /** Present where the caller is a guess: nothing is written for them before it is confirmed. */
  readonly confirmed?: Promise<void> | undefined
}
