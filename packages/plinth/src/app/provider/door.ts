/** Owns the door of an OAuth provider: requests to the library, with our sessions, and back. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { askListener, type NodeListener } from '../../http/bridge/listener.ts'
import { readCookie, writeCookie } from '../../http/cookies.ts'
import type { Handler, HttpHeaders, HttpRequest, HttpResponse } from '../../http/message.ts'
import { methodNotAllowed } from '../../http/problem.ts'
import { sessionCookieName } from '../../http/session/cookie.ts'
import { routes } from './library/configuration.ts'
import { resourceMetadata, resourceMetadataPath, serverMetadata } from './metadata.ts'

/** What the door stands on. */
export interface DoorParts {
  readonly runtime: Pick<Runtime, 'identify' | 'limiter'>
  /** Where the app is reached: what it calls itself by. Never what a request says. */
  readonly issuer: string
  readonly title: string
  /** The scopes of the API that programs may ask for. */
  readonly scopes: readonly string[]
  /** The library, made when the first request comes. */
  readonly listener: () => Promise<NodeListener>
}

const discovery = new Set([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
])
// Those that a browser comes to, with its session. All others never see a cookie.
const browsed = [routes.authorization, routes.end_session]
const passed = [
  'accept',
  'authorization',
  'content-type',
  'origin',
  'user-agent',
  'access-control-request-headers',
  'access-control-request-method',
]
const noBody: Uint8Array = new Uint8Array(0)

/** Makes the handler of `/oauth` and of the descriptions under `/.well-known`. */
export function createProviderDoor(parts: DoorParts): Handler {
  const { issuer, scopes, title, runtime } = parts
  const described = JSON.stringify(resourceMetadata(issuer, scopes, title))
  return async (request) => {
    const { path, method } = request
    runtime.limiter.take(`oauth:${networkOf(request.remoteAddress)}`)
    if (path === resourceMetadataPath) return describe(request, described)
    if (!discovery.has(path) && !isOurs(path)) {
      throw new Failure('not_found', { detail: 'There is nothing at this address.' })
    }
    if (!['GET', 'POST', 'OPTIONS'].includes(method)) throw methodNotAllowed('GET, POST, OPTIONS')
    const answer = await ask(parts, request)
    return discovery.has(path) ? serverMetadata(answer, scopes) : answer
  }
}

function isOurs(path: string): boolean {
  const known: readonly string[] = Object.values(routes)
  if (path.startsWith('/oauth/') && known.includes(path)) return true
  return interactionOf(path) !== undefined
}

/** The interaction that an address goes on with. */
function interactionOf(path: string): string | undefined {
  return /^\/oauth\/authorize\/([A-Za-z0-9_-]{20,64})$/.exec(path)?.[1]
}

function describe(request: HttpRequest, body: string): HttpResponse {
  if (request.method !== 'GET') throw methodNotAllowed('GET, HEAD')
  // For programs in browsers too: it says nothing about anybody.
  const open = {
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  }
  return { status: 200, headers: { 'content-type': 'application/json', ...open }, body }
}

async function ask(parts: DoorParts, request: HttpRequest): Promise<HttpResponse> {
  const { path, search, method, remoteAddress } = request
  const headers: Record<string, string> = {}
  for (const name of passed) {
    const value = request.header(name)
    if (value !== undefined) headers[name] = value
  }
  const cookie = await cookieOf(parts, request)
  if (cookie !== '') headers.cookie = cookie
  const target = search === '' ? path : `${path}?${search}`
  const body = method === 'POST' ? await request.body() : noBody
  // What is sent here is kept, some of it before anybody has proved who they are.
  if (body.length > limits.oauthBodyBytesMax) {
    const detail = `A form of at most ${limits.oauthBodyBytesMax} bytes is taken here.`
    throw new Failure('body_too_large', { detail })
  }
  const asked = { method, target, origin: parts.issuer, headers, body, remoteAddress }
  return withOurCookies(await askListener(await parts.listener(), asked), request)
}

/**
 * The cookies that the library is to see: our session by its id, once its token was good, and the
 * interaction of this address where this browser began it. What the browser sent never gets there.
 */
async function cookieOf(parts: DoorParts, request: HttpRequest): Promise<string> {
  const { path } = request
  const interaction = interactionOf(path)
  if (!browsed.some((one) => path === one) && interaction === undefined) return ''
  const session = await sessionOf(parts, request)
  const known =
    interaction !== undefined && readCookie(request.header('cookie'), cookieName(interaction))
  return [
    ...(session === undefined ? [] : [`_session=${session}`]),
    ...(known ? [`_interaction_resume=${interaction}`] : []),
  ].join('; ')
}

/** The session that somebody is signed in by themselves with: no guest, nobody in their place. */
async function sessionOf(
  { runtime }: DoorParts,
  request: HttpRequest,
): Promise<string | undefined> {
  const token = readCookie(request.header('cookie'), sessionCookieName)
  if (token === undefined || token === '') return undefined
  try {
    const caller = await runtime.identify(token)
    if (caller.is !== 'user' || caller.guest || caller.impersonator !== undefined) return undefined
    return caller.sessionId
  } catch (error) {
    // Who has to set up a second factor first is led there by the page that asks for consent.
    if (error instanceof Failure && asNobody.has(error.code)) return undefined
    throw error
  }
}

const asNobody: ReadonlySet<string> = new Set(['invalid_credentials', 'second_factor_required'])

/** A cookie of its own for each interaction, so that two of them can be under way in a browser. */
function cookieName(interaction: string): string {
  return `__Host-oauth-${interaction}`
}

const asked = '1'

/** Of the library's cookies one counts: which interaction this browser has begun. */
function withOurCookies(answer: HttpResponse, { path }: HttpRequest): HttpResponse {
  const { 'set-cookie': lines = [], 'content-length': _, ...rest } = answer.headers
  const all = typeof lines === 'string' ? [lines] : lines
  const begun = all.flatMap((line) => {
    const id = /^_interaction_resume=([A-Za-z0-9_-]{20,64});/.exec(line)?.[1]
    const maxAgeSeconds = limits.oauthInteractionMinutes * 60
    return id === undefined ? [] : [writeCookie(cookieName(id), asked, { maxAgeSeconds })]
  })
  const ended = interactionOf(path)
  const gone = ended === undefined ? [] : [writeCookie(cookieName(ended), '', { maxAgeSeconds: 0 })]
  const cookies = [...begun, ...gone]
  const headers: HttpHeaders = {
    ...rest,
    ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }),
  }
  return { ...answer, headers }
}
