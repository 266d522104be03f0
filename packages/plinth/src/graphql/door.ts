/** Owns the GraphQL door: requests become operations, answers responses. It decides nothing. */

import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { Clock } from '../base/time.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Call, Reply } from '../engine/call.ts'
import { commonHeaders, type MutableHeaders } from '../http/call/headers.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { type CorsPolicy, corsPolicy, preflight } from '../http/origin/cors.ts'
import { csrfFailure } from '../http/origin/csrf.ts'
import { failureOf, methodNotAllowed } from '../http/problem.ts'
import { type SessionCookies, sessionCookieName, sessionHeaders } from '../http/session/cookie.ts'
import { credentialOf } from '../http/session/credential.ts'
import type { LinkHandler } from '../http/socket/upgrades.ts'
import { traceparent } from '../http/trace.ts'
import { explorerFiles, explorerPage } from './page/page.ts'
import { answerType, wantsPage, wantsStream } from './request/accept.ts'
import { readAsking } from './request/read-request.ts'
import type { Executor } from './run/execute.ts'
import type { FollowParts } from './run/follow.ts'
import { answerText, type GraphqlAnswer, type GraphqlRequest } from './run/request.ts'
import { createResultSockets } from './stream/socket.ts'
import { createResultStreams } from './stream/sse.ts'

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
  /** What subscriptions stand on. Default: none are served. */
  readonly live?: LiveParts | undefined
}

/** The engine's live queries, as far as subscriptions need them. */
export interface LiveParts {
  readonly follow: FollowParts
  /** Fails where the credential of a call is not good. */
  check(call: Call): Promise<void>
}

/** The two doors of GraphQL: they share the schema. */
export interface GraphqlDoors {
  /** Answers `/api/graphql`. */
  readonly handler: Handler
  /** Speaks `graphql-transport-ws` there. */
  readonly sockets: LinkHandler
}

interface Door {
  readonly options: GraphqlDoorOptions
  readonly policy: CorsPolicy
  readonly cookies: SessionCookies
  /** Loaded when the first request comes: a process that nobody asks by GraphQL stays small. */
  readonly executor: () => Promise<Executor>
  readonly streams: ReturnType<typeof createResultStreams>
  /** The files of the page for people; undefined in production. */
  readonly files: Handler | undefined
}

/**
 * Makes the doors of `/api/graphql`. What is wrong with the HTTP of a request is thrown, as at the
 * REST door; what is wrong with its document stands in `errors`.
 *
 * @throws Failure `configuration_invalid` for an origin that is none.
 */
export function createGraphqlDoor(options: GraphqlDoorOptions): GraphqlDoors {
  let loaded: Promise<Executor> | undefined
  const { live = noLive } = options
  const load = async (): Promise<Executor> => {
    const { createExecutor } = await import('./run/execute.ts')
    const { documents = {}, onlyDocuments = false, production } = options
    const trusted = { documents, only: onlyDocuments && production }
    return createExecutor({ ...options, trusted, follow: live.follow })
  }
  const door: Door = {
    options,
    policy: corsPolicy(options.origins ?? []),
    cookies: { name: sessionCookieName, clock: options.clock },
    executor: () => {
      loaded ??= load()
      return loaded
    },
    streams: createResultStreams(),
    files: options.production ? undefined : explorerFiles(),
  }
  const { clock } = options
  const { executor, policy } = door
  return {
    handler: (request) => answer(door, request),
    sockets: createResultSockets({ executor, policy, clock, check: live.check }),
  }
}

async function refuseToFollow(): Promise<never> {
  throw new Failure('not_found', { detail: 'Nothing can be followed here.' })
}

const noLive: LiveParts = {
  follow: { read: refuseToFollow, event: refuseToFollow },
  async check() {
    // Each operation is asked for its credential.
  },
}

async function answer(door: Door, request: HttpRequest): Promise<HttpResponse> {
  try {
    if (request.segments.length > 2) {
      if (!door.files || request.segments[2] !== 'explorer') throw new Failure('not_found')
      return await door.files(request)
    }
    if (request.method === 'OPTIONS') return answerOptions(door, request)
    if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed('GET, POST')
    if (wantsPage(request)) {
      if (door.files) return explorerPage()
      if (request.search === '') throw noPage()
    }
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

function noPage(): Failure {
  return new Failure('not_acceptable', {
    detail:
      'The page for people is there in development alone. Send a document: by POST, as JSON with ' +
      '"query", or by GET with ?query=…',
  })
}

function answerOptions(door: Door, request: HttpRequest): HttpResponse {
  const answered = preflight(door.policy, request)
  if (answered) return answered
  const headers = commonHeaders(request, door.policy, undefined)
  return { status: 204, headers: { ...headers, allow: 'GET, POST' }, body: null }
}

async function run(door: Door, request: HttpRequest): Promise<HttpResponse> {
  const streamed = wantsStream(request)
  const type = streamed ? '' : answerType(request)
  // Counted from here: a body that comes slowly uses up the call's own time.
  const deadlineMs = door.options.clock.now() + limits.requestTimeoutMs
  const credential = credentialOf(request, door.cookies.name)
  const byCookie = credential?.from === 'cookie'
  if (byCookie) checkOrigin(request)
  const asked: GraphqlRequest = {
    ...(await readAsking(request)),
    demandOwnSite: () => checkOrigin(request),
    call: {
      as: { credential },
      remoteAddress: request.remoteAddress,
      agent: request.header('user-agent'),
      traceId: request.trace.traceId,
      deadlineMs,
    },
  }
  const executor = await door.executor()
  if (streamed) {
    return door.streams((streaming) => executor.stream(asked, streaming), {
      after: request.header('last-event-id') || undefined,
      headers: (answered) => headersOf(door, answered, { request, byCookie }),
    })
  }
  const answered = await executor.execute(asked)
  const headers = headersOf(door, answered, { request, byCookie })
  headers['content-type'] = `${type}; charset=utf-8`
  // Clients of before the standard take any other status for no answer at all.
  const old = type === 'application/json' && answered.status === 400
  return { status: old ? 200 : answered.status, headers, body: answerText(answered) }
}

/** Asks whether a browser's user meant this, where a cookie speaks or is asked for. */
function checkOrigin(request: HttpRequest): void {
  const failure = csrfFailure(request)
  if (failure) throw failure
}

interface Printing {
  readonly request: HttpRequest
  readonly byCookie: boolean
}

/** The headers of a response; without an answer those that every response has. */
function headersOf(
  { policy, cookies }: Door,
  answered: GraphqlAnswer | undefined,
  { request, byCookie }: Printing,
): MutableHeaders {
  const headers = commonHeaders(request, policy, answered?.rate)
  Object.assign(headers, answered?.headers)
  Object.assign(headers, sessionHeaders(answered?.session, cookies, byCookie))
  headers.traceparent = traceparent(request.trace)
  if (answered?.replayed) headers['idempotency-replayed'] = 'true'
  return headers
}
