/** Owns what a request of the door comes to: what it asks, and what it is answered. */

import type { Call, RateState, Reply } from '../../engine/call.ts'
import type { ErrorEntry } from '../answer/errors.ts'

/** What a request asks. */
export interface GraphqlRequest {
  /** The document; undefined where it is named. */
  readonly query: string | undefined
  /** The name of a document that the app knows: `sha256:…`. */
  readonly documentId?: string | undefined
  readonly operationName?: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
  /** The header Idempotency-Key. */
  readonly idempotencyKey?: string | undefined
  /** True: by GET, which changes nothing. */
  readonly readOnly: boolean
  /** Fails where another site may have caused the request: asked before a cookie is begun. */
  readonly demandOwnSite: () => void
  /** What every call of it has: the credential, the trace, the time it has. */
  readonly call: Pick<Call, 'as' | 'remoteAddress' | 'agent' | 'traceId' | 'deadlineMs'>
}

/** What a request is answered. */
export interface GraphqlAnswer {
  /** JSON text of `data`; undefined: nothing was run. */
  readonly data: string | undefined
  readonly errors: readonly ErrorEntry[]
  /** The status of a request that was not run; 200 where something was. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly rate: RateState | undefined
  readonly session: Reply['session']
  readonly replayed: boolean
}

/** The JSON text of an answer. */
export function answerText({ data, errors }: Pick<GraphqlAnswer, 'data' | 'errors'>): string {
  const parts = [
    ...(errors.length === 0 ? [] : [`"errors":${JSON.stringify(errors)}`]),
    ...(data === undefined ? [] : [`"data":${data}`]),
  ]
  return `{${parts.join()}}`
}
