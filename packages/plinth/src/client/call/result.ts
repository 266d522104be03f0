/** Owns what a call comes to: a value or a failure, as a value. */

import { CallError, type CallFailure } from './failure.ts'

/** A value, or why there is none. */
export type Result<T, C extends string = never> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: CallFailure<C> }

/** A result to come. */
export interface Calling<T, C extends string = never> extends Promise<Result<T, C>> {
  /** The value itself; a failure is thrown as a `CallError`. */
  orThrow(): Promise<T>
}

/** A promise of a result, with `orThrow`. It never rejects but for a bug. */
export function calling<T, C extends string>(result: Promise<Result<T, C>>): Calling<T, C> {
  return Object.assign(result, {
    async orThrow() {
      const settled = await result
      if (settled.ok) return settled.value
      throw new CallError(settled.failure)
    },
  })
}

/** The result with another value; a failure stays. */
export function mapped<T, U, C extends string>(
  result: Result<T, C>,
  change: (value: T) => U,
): Result<U, C> {
  return result.ok ? { ok: true, value: change(result.value) } : result
}
