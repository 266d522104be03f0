/** Owns the types of actions as their callers have them: input, answer, declared failures. */

import type { Action } from '../../define/logic/logic.ts'
import type { Given } from '../../define/logic/shape.ts'
import type { AnyFailure } from '../call/failure.ts'
import type { CallOptions, ChangeOptions } from '../call/request.ts'
import type { Calling } from '../call/result.ts'

type TypesOf<X> = X extends Action<infer _I, infer _O, infer T> ? T : never

type InputOf<X> = X extends Action<infer I> ? Given<I> : never

/** A record that its caller may not read is answered by nothing. */
type AnswerOf<X> =
  X extends Action<infer _I, infer O, infer T>
    ? T['output'] extends string
      ? O | undefined
      : O
    : never

type CodesOf<X> = TypesOf<X>['codes']

/** An action without input, or with one of which nothing is required, is called without. */
type Arguments<I, Options> =
  Record<never, never> extends I ? [input?: I, options?: Options] : [input: I, options?: Options]

/** An action as its callers have it. */
export interface ActionCall<X> {
  /** Calls it, and waits for the answer. */
  (...given: Arguments<InputOf<X>, ChangeOptions>): Calling<AnswerOf<X>, CodesOf<X>>
  /** Has it done in the background: the answer is how to ask how far it is. */
  later(
    ...given: Arguments<InputOf<X>, ChangeOptions>
  ): Calling<Operation<AnswerOf<X>, CodesOf<X>>, CodesOf<X>>
}

/** How far a call is that is answered later. */
export interface OperationStatus<T> {
  readonly id: string
  /** The name of the action. */
  readonly operation: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  /** `done` from 0 to 1. */
  readonly progress: { readonly done: number; readonly note: string | null }
  /** Once it is done. */
  readonly result?: T
  /** Once it has failed. */
  readonly failure?: AnyFailure
  readonly createdAt: string
  readonly endedAt: string | null
}

/** A call that is answered later. */
export interface Operation<T, C extends string = never> {
  readonly id: string
  /** How far it is. */
  status(options?: CallOptions): Calling<OperationStatus<T>>
  /** Cancels it: what is not committed never happens. */
  cancel(options?: CallOptions): Calling<OperationStatus<T>>
  /**
   * Asks again and again until it has ended. `timeoutMs` is that of each question: give a signal
   * to stop waiting. A cancelled one fails with `cancelled`.
   */
  wait(
    options?: CallOptions & { readonly onProgress?: (status: OperationStatus<T>) => void },
  ): Calling<T, C>
}

type OfKit<A, K> = A extends unknown
  ? TypesOf<A> extends { readonly kit: K; readonly on: undefined }
    ? A
    : never
  : never

type OnModel<A, N> = A extends unknown ? (TypesOf<A> extends { readonly on: N } ? A : never) : never

type KitNames<A> = A extends unknown
  ? TypesOf<A> extends { readonly kit: infer K extends string; readonly on: undefined }
    ? K
    : never
  : never

type ByName<A> = { readonly [X in A as TypesOf<X>['name']]: ActionCall<X> }

/** The actions of an app by kit, then by name. */
export type ActionsOfKits<A> = { readonly [K in KitNames<A>]: ByName<OfKit<A, K>> }

/** The actions that stand under one model's address, by name. */
export type ActionsOfModel<A, N> = ByName<OnModel<A, N>>
