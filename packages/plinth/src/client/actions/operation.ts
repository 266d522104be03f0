/** Owns calls that are answered later: how far one is, cancelling it, waiting for its end. */

import { type AnyFailure, type CallFailure, failureIn, ownFailure } from '../call/failure.ts'
import type { CallOptions } from '../call/request.ts'
import { type Calling, calling, type Result } from '../call/result.ts'
import type { Send } from '../call/send.ts'
import { wait } from '../call/wait.ts'
import { ask } from '../data/models.ts'
import type { Operation, OperationStatus } from '../typed/actions.ts'

const firstMs = 100
const mostMs = 2_000

/** The operation of an id. It can be asked for by whoever made the call, also after a reload. */
export function operationOf<T = unknown, C extends string = string>(
  send: Send,
  id: string,
): Operation<T, C> {
  const path = `/api/operations/${encodeURIComponent(id)}`
  const status = (options?: CallOptions): Calling<OperationStatus<T>> =>
    ask(send, { method: 'GET', path, repeat: 'safe' }, options)
  return {
    id,
    status,
    cancel: (options) => ask(send, { method: 'DELETE', path, repeat: 'safe' }, options),
    wait: (options = {}) => calling(untilEnd(status, options)),
  }
}

async function untilEnd<T, C extends string>(
  status: (options?: CallOptions) => Calling<OperationStatus<T>>,
  options: NonNullable<Parameters<Operation<T, C>['wait']>[0]>,
): Promise<Result<T, C>> {
  const signal = options.signal ?? new AbortController().signal
  for (let ms = firstMs; ; ms = Math.min(mostMs, ms * 1.5)) {
    const result = await status(options)
    if (!result.ok) return result
    const { value } = result
    options.onProgress?.(value)
    if (value.state === 'done') return { ok: true, value: value.result as T }
    if (value.state === 'failed') return failed(failureIn(value.failure))
    if (value.state === 'cancelled') return failed()
    await wait(ms, signal)
  }
}

function failed<C extends string>(failure?: AnyFailure): Result<never, C> {
  return { ok: false, failure: (failure ?? ownFailure('cancelled')) as CallFailure<C> }
}
