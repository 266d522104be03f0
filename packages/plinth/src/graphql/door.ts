/** Owns the GraphQL door: requests become operations, answers responses. It decides nothing. */

import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { Clock } from '../base/time.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Call, Reply } from '../engine/call.ts'
import { commonHeaders } from '../http/call/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { type CorsPolicy, corsPolicy, preflight } from '../http/origin/cors.ts'
import { csrfFailure } from '../http/origin/csrf.ts'
import { failureOf, methodNotAllowed } from '../http/problem.ts'
import { type SessionCookies, sessionCookieName, sessionHeaders } from '../http/session/cookie.ts'
import { credentialOf } from '../http/session/credential.ts'
import { traceparent } from '../http/trace.ts'
import { answerType } from './request/accept.ts'
import { readAsking } from './request/read-request.ts'
import type { Execute } from './run/execute.ts'
import type { GraphqlAnswer } from './run/request.ts'

/** What the door is made of. */
export interface GraphqlDoorOptions {
  readonly catalog: Catalog
  /** The engine. */
  readonly invoke: (call: Call) => Promise<Reply>
  readonly clock: Clock
  /** True: the schema is told to those alone who have signed in. */
  readonly production: boolean
  /** Documents that may be named in place of being sent, by `sha256:…`. Default none. */
  readonly documents?: Readonly<Record<string, string>>
  /** True: in production nothing else is run. Default false. */
  readonly onlyDocuments?: boolean
  /** Origins of other sites that may call from a browser. Default none. */
  readonly origins?: readonly string[]
  /** Told of bugs that a part of an answer stands for. */
  readonly report: (failure: Failure, traceId: string) => void
}

interface Door {
  readonly options: GraphqlDoorOptions
  readonly policy: CorsPolicy
  readonly cookies: SessionCookies
  /** Loaded when the first request comes: a process that nobody asks by GraphQL stays small. */
  readonly execute: () => Promise<Execute>
}

/**
 * Makes the handler of `/api/graphql`. What is wrong with the HTTP of a request is thrown, as at
 * the REST door; what is wrong with its document stands in `errors`.
 *
 * @throws Failure `configuration_invalid` for an origin that is none.
 */
export function createGraphqlDoor(options: GraphqlDoorOptions): Handler {
  let loaded: Promise<Execute> | undefined
  const load = async (): Promise<Execute> => {
    const { createExecutor } = await import('./run/execute.ts')
    const { documents = {}, onlyDocuments = false, production } = options
    const trusted = { documents, only: onlyDocuments && production }
    return createExecutor({ ...options, trusted })
  }
  const door: Door = {
    options,
    policy: corsPolicy(options.origins ?? []),
    cookies: { name: sessionCookieName, clock: options.clock },
    execute: () => {
      loaded ??= load()
      return loaded
    },
  }
  return (request) => answer(door, request)
}

async function answer(door: Door, request: HttpRequest): Promise<HttpResponse> {
  try {
    if (request.segments.length > 2) throw new Failure('not_found')
    if (request.method === 'OPTIONS') return answerOptions(door, request)
    if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed('GET, POST')
    return await run(door, request)
  } catch (thrown) {
    const failure = failureOf(thrown)
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(commonHeaders(request, door.policy, undefined))) {
      if (typeof value === 'string') headers[name] = value
    }
    throw failure.with({ headers: { ...headers, ...failure.headers } })
  }
}

function answerOptions(door: Door, request: HttpRequest): HttpResponse {
  const answered = preflight(door.policy, request)
  if (answered) return answered
  const headers = commonHeaders(request, door.policy, undefined)
  return { status: 204, headers: { ...headers, allow: 'GET, POST' }, body: null }
}

async function run(door: Door, request: HttpRequest): Promise<HttpResponse> {
  const type = answerType(request)
  // Counted from here: a body that comes slowly uses up the call's own time.
  const deadlineMs = door.options.clock.now() + limits.requestTimeoutMs
  const credential = credentialOf(request, door.cookies.name)
  const byCookie = credential?.from === 'cookie'
  if (byCookie) checkOrigin(request)
  const asking = await readAsking(request)
  const execute = await door.execute()
  const answered = await execute({
    ...asking,
    demandOwnSite: () => checkOrigin(request),
    call: {
      as: { credential },
      remoteAddress: request.remoteAddress,
      agent: request.header('user-agent'),
      traceId: request.trace.traceId,
      deadlineMs,
    },
  })
  return printed(door, answered, { request, type, byCookie })
}

/** Asks whether a browser's user meant this, where a cookie speaks or is asked for. */
function checkOrigin(request: HttpRequest): void {
  const failure = csrfFailure(request)
  if (failure) throw failure
}

interface Printing {
  readonly request: HttpRequest
  readonly type: string
  readonly byCookie: boolean
}

function printed(
  { policy, cookies }: Door,
  { data, errors, status, headers: own, rate, session, replayed }: GraphqlAnswer,
  { request, type, byCookie }: Printing,
): HttpResponse {
  const parts = [
    ...(errors.length === 0 ? [] : [`"errors":${JSON.stringify(errors)}`]),
    ...(data === undefined ? [] : [`"data":${data}`]),
  ]
  const headers = commonHeaders(request, policy, rate)
  Object.assign(headers, own, sessionHeaders(session, cookies, byCookie))
  headers['content-type'] = `${type}; charset=utf-8`
  headers.traceparent = traceparent(request.trace)
  if (replayed) headers['idempotency-replayed'] = 'true'
  // Clients of before the standard take any other status for no answer at all.
  const old = type === 'application/json' && status === 400
  return { status: old ? 200 : status, headers, body: `{${parts.join()}}` }
}
