/** Owns who is asking: the caller of a call, and the facts about it that a plan depends on. */

import { unreachable } from '../base/assert.ts'
import type { Catalog } from '../catalog/catalog.ts'

/**
 * Who is asking. There is no null caller: code that may do everything says so by name and gives
 * a reason (`unrestricted`), so that a missing caller can never become a powerful one.
 */
export type Caller = AnonymousCaller | UserCaller | UnrestrictedCaller

/** Nobody in particular. */
export interface AnonymousCaller {
  readonly is: 'anonymous'
}

/** A user with a session. */
export interface UserCaller {
  readonly is: 'user'
  readonly id: string
  readonly roles: ReadonlySet<string>
  /** The session's id; absent where code acts as the user. */
  readonly sessionId?: string
  /** How surely, and how lately, the session has proved who they are. Absent where code acts. */
  readonly proof?: Proof
  /** True: a visitor without an account, whose rows wait for one. Default false. */
  readonly guest?: boolean
  /** The id of the member of staff who acts as this user. */
  readonly impersonator?: string | undefined
}

/** What a session has proved of its user. */
export interface Proof {
  /** 1 by one factor, 2 by two or by a passkey. */
  readonly assurance: number
  /** Milliseconds since a factor was last shown, as the call came in. */
  readonly agoMs: number
}

/** Code of the app itself, past all rules. */
export interface UnrestrictedCaller {
  readonly is: 'unrestricted'
  /** Why; shown in logs. */
  readonly reason: string
}

/** The anonymous caller. */
export const anonymous: AnonymousCaller = Object.freeze({ is: 'anonymous' })

/** What a plan depends on: who is asking, reduced to what rules can tell apart by constants. */
export interface CallerFacts {
  readonly unrestricted: boolean
  /** True where `me.id` stands for somebody: guests too. */
  readonly known: boolean
  /** True for a user who is no guest. */
  readonly signedIn: boolean
  readonly guest: boolean
  /** True where a member of staff acts as the user. */
  readonly impersonated: boolean
  readonly roles: ReadonlySet<string>
  /** 0 for anonymous callers and guests, 1 where code acts as a user. */
  readonly assurance: number
  /** The spans, of those that rules ask for, within which a factor was shown. */
  readonly provedMinutes: ReadonlySet<number>
  /** Equal facts have equal keys. */
  readonly key: string
}

/** The facts of a caller. Roles that no rule asks for are left out, so that plans are shared. */
export function factsOf(caller: Caller, catalog: Catalog): CallerFacts {
  if (caller.is === 'unrestricted') return unrestrictedFacts
  if (caller.is === 'anonymous') return anonymousFacts
  const asked = catalog.askedByRules
  const roles = [...caller.roles].filter((role) => asked.roles.has(role)).sort()
  const { guest = false } = caller
  const impersonated = caller.impersonator !== undefined
  const { assurance, agoMs } = guest ? nothingProved : (caller.proof ?? codeProves)
  const minutes = [...asked.provedMinutes].filter((one) => agoMs <= one * minuteMs)
  const reached = [...asked.assurances].filter((level) => assurance >= level)
  return Object.freeze({
    unrestricted: false,
    ...{ known: true, signedIn: !guest, guest, impersonated },
    roles: new Set(roles),
    assurance,
    provedMinutes: new Set(minutes),
    // Encoded, so that no role's name can look like two roles, or like another part of a key.
    key: `${guest ? 'g' : 'u'}${impersonated ? 'i' : ''}:${roles.map(encodeURIComponent).join(',')}:${reached.length}:${minutes.length}`,
  })
}

/**
 * The facts of a caller who would prove all that rules ask for, now: what a step up could bring.
 */
export function provenFacts(caller: UserCaller, catalog: Catalog): CallerFacts {
  return factsOf({ ...caller, proof: { assurance: 2, agoMs: 0 } }, catalog)
}

const minuteMs = 60_000

const nothingProved: Proof = { assurance: 0, agoMs: Number.POSITIVE_INFINITY }
const codeProves: Proof = { assurance: 1, agoMs: Number.POSITIVE_INFINITY }

const none: ReadonlySet<string> = new Set()
const noMinutes: ReadonlySet<number> = new Set()

/** The facts of an anonymous caller. */
export const anonymousFacts: CallerFacts = Object.freeze({
  unrestricted: false,
  ...{ known: false, signedIn: false, guest: false, impersonated: false },
  roles: none,
  assurance: 0,
  provedMinutes: noMinutes,
  key: 'a',
})

const unrestrictedFacts: CallerFacts = Object.freeze({
  unrestricted: true,
  ...{ known: false, signedIn: false, guest: false, impersonated: false },
  roles: none,
  assurance: 0,
  provedMinutes: noMinutes,
  key: '*',
})

/** The id that `me.id` stands for; null compares false with everything. */
export function callerId(caller: Caller): string | null {
  return caller.is === 'user' ? caller.id : null
}

/**
 * Who a caller is, for records: `user:<id>`, `user:<id> by user:<id>` where the second acts as the
 * first, `anonymous`, `code:<reason>`.
 */
export function actorOf(caller: Caller): string {
  switch (caller.is) {
    case 'user':
      if (caller.impersonator === undefined) return `user:${caller.id}`
      return `user:${caller.id} by user:${caller.impersonator}`
    case 'anonymous':
      return 'anonymous'
    case 'unrestricted':
      return `code:${caller.reason}`
    default:
      return unreachable(caller, 'actorOf')
  }
}
