/** Owns one visit to a page: who came, what they ask of the engine, and what they get back. */

import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { Clock } from '../base/time.ts'
import type { IdentityProvider } from '../define/app/sign-in-with.ts'
import type { Html } from '../define/html.ts'
import type { PageLooks, PageName, PageViews, TitledContent } from '../define/pages.ts'
import type { Call, Reply } from '../engine/call.ts'
import { sessionTokenPrefix } from '../engine/identify/sessions.ts'
import type { Came, Identify, Log } from '../engine/runtime.ts'
import { readCookie, writeCookie } from '../http/cookies.ts'
import type { HttpHeaders, HttpRequest, HttpResponse } from '../http/message.ts'
import { sessionCookieName, sessionHeaders } from '../http/session/cookie.ts'
import { credentialOf } from '../http/session/credential.ts'

/** How each page is drawn. */
export type Looks = {
  readonly [P in PageName]: (view: PageViews[P]) => Html | TitledContent
}

/** What pages know of a provider. */
export type PageSource = Pick<IdentityProvider, 'name' | 'title' | 'protocol'>

/** What all visits share. */
export interface Site {
  readonly title: string
  readonly spec: PageLooks
  readonly looks: Looks
  /** False: accounts are made by the staff of the app. */
  readonly signUp: boolean
  /** False: the server has no address that passkeys could be made for. */
  readonly passkeys: boolean
  /** False: no mail leaves, so that nothing that needs one is offered. */
  readonly sendsMail: boolean
  /** False: nobody signs in by a mail. */
  readonly byMail: boolean
  /** The other providers that people can sign in with. */
  readonly providers: readonly PageSource[]
  /** True: a guest can ask for an account here. */
  readonly guests: boolean
  /** How many days pass before an account is deleted. */
  readonly deletionDelayDays: number
  /** Where people are led once they are signed in, if nowhere in particular. */
  readonly home: string
  /** True: whoever signs up is let in once the mail to their address was answered. */
  readonly confirmFirst: boolean
  /** How many characters a new password has at least. */
  readonly newPasswordCharactersMin: number
  /** Every scope that a key can have. */
  readonly scopes: readonly string[]
  /** True: programs of others may ask people for access. */
  readonly programs: boolean
  /** True: the app demands a second factor of some, or of all. */
  readonly demandsFactor: boolean
  /** Who founds organisations; `none`: the app has none. */
  readonly organisations: 'anyone' | 'staff' | 'none'
  /** The engine. */
  readonly invoke: (call: Call) => Promise<Reply>
  readonly identify: Identify
  readonly clock: Clock
  readonly log: Log
}

/** Somebody with a session. */
export interface Known {
  readonly userId: string
  readonly sessionId: string | undefined
  readonly roles: ReadonlySet<string>
  readonly guest: boolean
  /** True: the app demands a second factor that they have not set up yet. */
  readonly held: boolean
  /** True: a member of staff acts as them. */
  readonly impersonated: boolean
  /** How long ago they have shown who they are. */
  readonly provedAgoMs: number
}

/** Somebody who is signed in. */
export type Who = Pick<Known, 'userId' | 'sessionId'>

/** A member of staff who acts as somebody, as every page says of itself. */
export interface Acting {
  /** Who is acted as. */
  readonly as: string
  /** Who acts. */
  readonly by: string
  readonly reason: string
  /** RFC 3339. */
  readonly until: string
  readonly minutesLeft: number
}

/** What a page asks of the engine. */
export type Asked = Pick<Call, 'id' | 'input' | 'query' | 'deadlineMs'>

/** One visit. */
export interface Visit {
  readonly site: Site
  readonly request: HttpRequest
  /** Where the visitor is led on to; undefined: nowhere in particular. */
  readonly next: string | undefined
  /** Calls an operation as the visitor; the answer's JSON. Fails as the operation does. */
  ask(operation: string, asked?: Asked): Promise<unknown>
  /** Who is signed in, asked once. A guest is not. */
  who(): Promise<Who | undefined>
  /** Who has a session, guests too; asked once. */
  known(): Promise<Known | undefined>
  /** Set where a member of staff acts as who is signed in. */
  readonly acting?: Acting
  /** A cookie that the visitor came with. */
  cookie(name: string): string | undefined
  /** Keeps something in the visitor's browser; without a value it is forgotten. */
  keep(name: string, value: string | undefined, maxAgeSeconds?: number): void
  /** The headers that the answer has to bring. */
  headers(): HttpHeaders
}

/** The cookie of a device that its owner trusts. */
export const trustedCookieName = '__Host-trusted'

/** Begins a visit. */
export function openVisit(site: Site, request: HttpRequest, next: string | undefined): Visit {
  const credential = credentialOf(request, sessionCookieName)
  if (credential?.from === 'bearer') demandSession(credential.token)
  const cookies = new Map<string, string>()
  let session: Reply['session']
  let known: Promise<Known | undefined> | undefined
  // Counted from here: a form that comes slowly uses up the visit's own time.
  const deadlineMs = site.clock.now() + limits.requestTimeoutMs
  const cookie = (name: string) => readCookie(request.header('cookie'), name) || undefined
  const knownOnce = (): Promise<Known | undefined> => {
    const { remoteAddress } = request
    known ??=
      credential === undefined
        ? Promise.resolve(undefined)
        : whose(site, credential.token, { from: 'cookie', remoteAddress, settingUp: true })
    return known
  }
  return {
    ...{ site, request, next, cookie },
    async ask(operation, asked = {}) {
      const reply = await site.invoke({
        ...{ operation, as: { credential }, deadlineMs, ...asked },
        remoteAddress: request.remoteAddress,
        agent: request.header('user-agent'),
        traceId: request.trace.traceId,
      })
      if (reply.session !== undefined) session = reply.session
      return reply.body === undefined ? undefined : (JSON.parse(reply.body) as unknown)
    },
    known: knownOnce,
    async who() {
      const found = await knownOnce()
      return found?.guest === false ? found : undefined
    },
    keep(name, value, maxAgeSeconds = 0) {
      cookies.set(name, writeCookie(name, value ?? '', { maxAgeSeconds }))
    },
    headers() {
      const told = sessionHeaders(session, { name: sessionCookieName, clock: site.clock }, true)
      const { 'set-cookie': own = [], 'clear-site-data': forgets, ...rest } = told
      const all = [...(typeof own === 'string' ? [own] : own), ...cookies.values()]
      // A device stays trusted when a session on it ends: that is what it is trusted for. And what
      // is kept by this very answer is not forgotten by it.
      const trusted = cookie(trustedCookieName) !== undefined
      const clearing = trusted ? '"cache", "storage"' : forgets
      const clears = forgets !== undefined && clearing !== undefined && cookies.size === 0
      return {
        ...rest,
        ...(clears ? { 'clear-site-data': clearing } : {}),
        ...(all.length === 0 ? {} : { 'set-cookie': all }),
      }
    },
  }
}

/**
 * Pages ask several times for one visit, and ask people: a key, or a service's token that is good
 * for one call, is told so before anything uses it up.
 */
function demandSession(token: string): void {
  if (token.startsWith(sessionTokenPrefix)) return
  throw new Failure('session_required', {
    detail: 'Pages are for people who are signed in: call /api with this token.',
  })
}

async function whose({ identify }: Site, token: string, came: Came): Promise<Known | undefined> {
  try {
    const caller = await identify(token, came)
    if (caller.is !== 'user') return undefined
    const { id: userId, sessionId, roles, guest = false, held = false, impersonator } = caller
    const provedAgoMs = caller.proof?.agoMs ?? Number.POSITIVE_INFINITY
    const impersonated = impersonator !== undefined
    return { userId, sessionId, roles, guest, held, impersonated, provedAgoMs }
  } catch (error) {
    if (error instanceof Failure && error.code === 'invalid_credentials') return undefined
    throw error
  }
}

/** Leads on: what was sent is never sent again by a reload. */
export function leadTo(visit: Visit, place: string): HttpResponse {
  return { status: 303, headers: { ...visit.headers(), location: place }, body: null }
}

/** What is drawn, and how it is answered. */
export interface Drawn<P extends PageName> {
  readonly view: PageViews[P]
  /** Default 200. */
  readonly status?: number
  readonly headers?: HttpHeaders
}
