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
  readonly signedIn: boolean
  readonly roles: ReadonlySet<string>
  /** Equal facts have equal keys. */
  readonly key: string
}

/** The facts of a caller. Roles that no rule asks for are left out, so that plans are shared. */
export function factsOf(caller: Caller, catalog: Catalog): CallerFacts {
  if (caller.is === 'unrestricted') return unrestrictedFacts
  if (caller.is === 'anonymous') return anonymousFacts
  const roles = [...caller.roles].filter((role) => catalog.rolesInRules.has(role)).sort()
  return Object.freeze({
    unrestricted: false,
    signedIn: true,
    roles: new Set(roles),
    // Encoded, so that no role's name can look like two roles, or like another part of a key.
    key: `u:${roles.map(encodeURIComponent).join(',')}`,
  })
}

const none: ReadonlySet<string> = new Set()

const anonymousFacts: CallerFacts = Object.freeze({
  unrestricted: false,
  signedIn: false,
  roles: none,
  key: 'a',
})

const unrestrictedFacts: CallerFacts = Object.freeze({
  unrestricted: true,
  signedIn: false,
  roles: none,
  key: '*',
})

/** The id that `me.id` stands for; null compares false with everything. */
export function callerId(caller: Caller): string | null {
  return caller.is === 'user' ? caller.id : null
}

/** Who a caller is, in one word for records: `user:<id>`, `anonymous`, `code:<reason>`. */
export function actorOf(caller: Caller): string {
  switch (caller.is) {
    case 'user':
      return `user:${caller.id}`
    case 'anonymous':
      return 'anonymous'
    case 'unrestricted':
      return `code:${caller.reason}`
    default:
      return unreachable(caller, 'actorOf')
  }
}
