/** Owns the REST door: requests become calls, replies become responses. It decides nothing. */

import type { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { Clock } from '../base/time.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Call, Reply } from '../engine/call.ts'
import { rateOf } from '../engine/limiter.ts'
import { commonHeaders } from '../http/call/headers.ts'
import type { Handler, HttpHeaders, HttpRequest, HttpResponse } from '../http/message.ts'
import { type CorsPolicy, corsPolicy, preflight } from '../http/origin/cors.ts'
import { csrfFailure } from '../http/origin/csrf.ts'
import { failureOf } from '../http/problem.ts'
import { sessionCookieName } from '../http/session/cookie.ts'
import { credentialOf } from '../http/session/credential.ts'
import { traceparent } from '../http/trace.ts'
import { answerEvent, type EventDoor, isEvent } from './events.ts'
import { printReply } from './reply/print-reply.ts'
import { prefersMinimal } from './request/conditions.ts'
import { checkAccept, prefersEvents } from './request/media-type.ts'
import { isFollowed, isRead, readCall } from './request/read-call.ts'
import { createRouter, type Match, type Router } from './route/router.ts'
import { routes } from './route/routes.ts'
import { createService, type HealthChecks } from './service.ts'

/** What the door is made of. */
export interface RestDoorOptions {
  readonly catalog: Catalog
  /** The engine. */
  readonly invoke: (call: Call) => Promise<Reply>
  /** Shown in the document and on pages. Default: the catalog's title. */
  readonly title?: string
  /** The version of the app's API, for the document. Default `1`. */
  readonly version?: string
  /** Origins of other sites that may call from a browser. Default none. */
  readonly origins?: readonly string[]
  /** The session cookie's name; begins with `__Host-`. Default `__Host-sid`. */
  readonly cookieName?: string
  /** The address that the app is reached by, for the document. */
  readonly publicUrl?: string | undefined
  /** Where the app's front end stands, such as `/shop`. Default: there is none. */
  readonly web?: string | undefined
  readonly clock: Clock
  readonly health: HealthChecks
  /** Answers reads as streams of events, where they are asked for so. Default: nothing does. */
  readonly follow?: FollowRead | undefined
  /** The same for events. Default: none is followed. */
  readonly followEvent?: FollowRead | undefined
}

/** Answers a read as a stream: its result, then what becomes of it. */
export type FollowRead = (
  call: Call,
  request: { readonly after: string | undefined; readonly headers: HttpHeaders },
) => Promise<HttpResponse>

interface Door {
  readonly router: Router
  readonly policy: CorsPolicy
  readonly invoke: RestDoorOptions['invoke']
  readonly cookies: { readonly name: string; readonly clock: Clock }
  readonly follow: FollowRead | undefined
  readonly events: EventDoor | undefined
}

/**
 * Makes the handler of `/api`, `/openapi.json`, `/docs`, `/problems`, `/health` and `/`. Failures
 * are thrown, with the headers that belong to them, for the server to print and to log.
 *
 * @throws Failure `configuration_invalid` for an origin that is none, `declaration_invalid` where
 * two operations claim one address.
 */
export function createRestDoor(options: RestDoorOptions): Handler {
  const { catalog, cookieName: name = sessionCookieName, clock } = options
  const table = routes(catalog)
  const door: Door = {
    router: createRouter(table),
    policy: corsPolicy(options.origins ?? []),
    invoke: options.invoke,
    cookies: { name, clock },
    follow: options.follow,
    events: options.followEvent && { catalog, follow: options.followEvent, cookieName: name },
  }
  const service = createService({
    catalog,
    routes: table,
    title: options.title ?? catalog.title,
    version: options.version ?? '1',
    cookieName: name,
    publicUrl: options.publicUrl,
    web: options.web,
    health: options.health,
  })
  return (request) => {
    const { segments, path } = request
    const isApi = segments[0] === 'api' && segments.length > 1 && path !== '/api/asyncapi.json'
    return isApi ? answer(door, request) : service(request)
  }
}

async function answer(door: Door, request: HttpRequest): Promise<HttpResponse> {
  try {
    if (door.events && isEvent(door.events, request)) {
      return await answerEvent(door.events, request, door.policy)
    }
    if (request.method === 'OPTIONS') return answerOptions(door, request)
    return await callAndPrint(door, request)
  } catch (thrown) {
    const rate = typeof thrown === 'object' && thrown !== null ? rateOf(thrown) : undefined
    throw withHeaders(failureOf(thrown), commonHeaders(request, door.policy, rate))
  }
}

async function callAndPrint(door: Door, request: HttpRequest): Promise<HttpResponse> {
  const match = door.router.find(request)
  const { route } = match
  const follow = isFollowed(route.form) && prefersEvents(request) ? door.follow : undefined
  if (!follow) checkAccept(request)
  // Counted from here: a body that comes slowly uses up the call's own time.
  const deadlineMs = door.cookies.clock.now() + limits.requestTimeoutMs
  const credential = credentialOf(request, door.cookies.name)
  const byCookie = credential?.from === 'cookie'
  if (byCookie) checkOrigin(request, match)
  const reading = readCall(request, match, { credential })
  // Only what has a body is waited for.
  const call = reading instanceof Promise ? await reading : reading
  if (!byCookie && asksForCookie(call)) checkOrigin(request, match)
  if (follow) {
    const headers = { ...commonHeaders(request, door.policy, undefined) }
    const traced = { ...headers, traceparent: traceparent(request.trace) }
    return follow(call, { after: request.header('last-event-id'), headers: traced })
  }
  const reply = await door.invoke({ ...call, deadlineMs })
  return printReply(reply, {
    request,
    route,
    minimal: prefersMinimal(request.header('prefer')),
    headers: commonHeaders(request, door.policy, reply.rate),
    cookies: door.cookies,
    byCookie,
  })
}

/** Asks whether a browser's user meant this, where a cookie speaks or is asked for. */
function checkOrigin(request: HttpRequest, { route }: Match): void {
  const failure = isRead(route.form) ? undefined : csrfFailure(request)
  if (failure) throw failure
}

/** True for a sign-in that wants its session in a cookie: another site must not cause one. */
function asksForCookie({ input }: Call): boolean {
  return typeof input === 'object' && input !== null && 'cookie' in input && input.cookie === true
}

function answerOptions(door: Door, request: HttpRequest): HttpResponse {
  const allow = door.router.allowed(request)
  const answered = preflight(door.policy, request)
  if (answered) return answered
  const headers = commonHeaders(request, door.policy, undefined)
  return { status: 204, headers: { ...headers, allow }, body: null }
}

/** The same failure with more headers. Its own ones win. */
function withHeaders(failure: Failure, headers: Readonly<Record<string, unknown>>): Failure {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') texts[name] = value
  }
  return failure.with({ headers: { ...texts, ...failure.headers } })
}
