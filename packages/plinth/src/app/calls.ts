/** Owns calls of actions from code: typed by the action's own value, on the path of every call. */

import type { Caller } from '../access/caller.ts'
import { hex, randomBytes } from '../base/ids.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Action } from '../define/logic/logic.ts'
import type { Given, Shape } from '../define/logic/shape.ts'
import type { Call, Reply } from '../engine/call.ts'
import { demandKnown } from '../engine/logic/effects.ts'

export type { Action, Given, Shape }

/** Who calls, and how. */
export interface CallOptions {
  readonly as: Caller
  /** The same call with the same key happens once. */
  readonly idempotencyKey?: string
  /** W3C trace id, 32 hex digits. Default: a new one. */
  readonly traceId?: string
}

/**
 * Calls an action and answers with what it returns. Fails as a request would.
 *
 * @example const order = await running.call(checkout, { lines }, { as: caller })
 */
export type CallAction = <I extends Shape, O>(
  action: Action<I, O>,
  input: Given<I>,
  options: CallOptions,
) => Promise<O>

/** The calls of an app. */
export function callsOf(catalog: Catalog, answer: (call: Call) => Promise<Reply>): CallAction {
  return async <O>(
    action: Action,
    input: unknown,
    { as: caller, idempotencyKey, traceId = hex(randomBytes(16)) }: CallOptions,
  ): Promise<O> => {
    const operation = demandKnown(catalog, action)
    const keyed = idempotencyKey === undefined ? {} : { idempotencyKey }
    const call = { operation, as: { caller }, input, remoteAddress: '', traceId, ...keyed }
    const { body } = await answer(call)
    return (body === undefined ? undefined : JSON.parse(body)) as O
  }
}
