/** Owns an answer under way: what is called, what went wrong, what the headers will say. */

import { Failure } from '../../base/failure.ts'
import type { Call, Reply } from '../../engine/call.ts'
import { rateOf } from '../../engine/limiter.ts'
import { type ErrorEntry, type ErrorPlace, failureEntry } from '../answer/errors.ts'
import type { GraphqlAnswer, GraphqlRequest } from './request.ts'

/** An answer under way. */
export interface Answering {
  /** What every call of the request has. */
  readonly call: GraphqlRequest['call']
  readonly errors: ErrorEntry[]
  /** Calls the engine, and remembers what its reply means for the headers. */
  readonly invoke: (call: Call) => Promise<Reply>
  /** Notes a failure; the text of its field is `null`. */
  readonly fail: (failure: Failure, place: ErrorPlace) => string
}

/** What replies mean for the headers of the answer. */
export type Met = { -readonly [K in 'rate' | 'session' | 'replayed']: GraphqlAnswer[K] }

/** What an answer is made with. */
export interface AnsweringParts {
  readonly call: GraphqlRequest['call']
  readonly invoke: (call: Call) => Promise<Reply>
  /** Told of bugs: they are answered as `internal`, and must not be lost. */
  readonly report: (failure: Failure, traceId: string) => void
}

/** Begins an answer. */
export function answering({ call, invoke, report }: AnsweringParts): {
  readonly under: Answering
  readonly met: Met
} {
  const errors: ErrorEntry[] = []
  const met: Met = { rate: undefined, session: undefined, replayed: false }
  const under: Answering = {
    call,
    errors,
    async invoke(asked) {
      const reply = await invoke(asked).catch((thrown: unknown) => {
        // Where a call failed, the caller still learns how many it has left.
        if (thrown instanceof Failure) met.rate = rateOf(thrown) ?? met.rate
        throw thrown
      })
      if (reply.rate) met.rate = reply.rate
      if (reply.session !== undefined) met.session = reply.session
      met.replayed ||= reply.replayed ?? false
      return reply
    },
    fail(failure, place) {
      if (failure.code === 'internal') report(failure, call.traceId)
      errors.push(failureEntry(failure, place, call.traceId))
      return 'null'
    },
  }
  return { under, met }
}
