/** Owns who is asking: the caller of a call, and the facts about it that a plan depends on. */

import { unreachable } from '../base/assert.ts'
import { limits } from '../base/limits.ts'
import type { Catalog } from '../catalog/catalog.ts'
import {
  letThrough,
  noVia,
  type Via,
  type ViaFacts,
  viaFacts,
  viaKey,
  viaWord,
} from './scopes/via.ts'

/**
 * Who is asking. There is no null caller: code that may do everything says so by name and gives
 * a reason (`unrestricted`), so that a missing caller can never become a powerful one.
 */
export type Caller = AnonymousCaller | UserCaller | ServiceCaller | UnrestrictedCaller

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
  /** The organisation in which they work just now, and their role in it at this moment. */
  readonly organisation?: ActiveOrganisation | undefined
  /** What they came with in place of a session. Absent where they are there themselves. */
  readonly via?: Via | undefined
  /** True: the app demands a second factor that they lack. They reach its setting up alone. */
  readonly held?: true
  /** Who they are; there for an action that tells nothing else, and no rule asks for it. */
  readonly profile?: Profile
}

/** Who a user is, as they see themself. */
export interface Profile {
  readonly email: string | null
  readonly name: string | null
  readonly roles: readonly string[]
  /** Of the member of staff who acts as them. */
  readonly impersonator?: { readonly email: string | null; readonly name: string | null }
}

/** The active organisation of a caller. */
export interface ActiveOrganisation {
  readonly id: string
  readonly role: string
}

/**
 * Another program of the app's own people, with a key pair and a name: signed in, but nobody. It
 * has no id, so that no row is its own, and may do what its scopes name.
 */
export interface ServiceCaller {
  readonly is: 'service'
  readonly id: string
  /** What rules know it by. */
  readonly name: string
  readonly roles: ReadonlySet<string>
  readonly via: Via
  /** The organisation that its token names, and the role that the service has in each. */
  readonly organisation?: ActiveOrganisation | undefined
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
  /** The organisation that it works in: of whoever caused it. */
  readonly organisation?: ActiveOrganisation | undefined
  /** True: with the records of all organisations. Default: of that one, or of none. */
  readonly acrossOrganisations?: boolean
}

/** The anonymous caller. */
export const anonymous: AnonymousCaller = Object.freeze({ is: 'anonymous' })

/** What a plan depends on: who is asking, reduced to what rules can tell apart by constants. */
export interface CallerFacts extends ViaFacts {
  readonly unrestricted: boolean
  /** True for code that works with the records of all organisations. */
  readonly acrossOrganisations: boolean
  /** True where `me.id` stands for somebody: guests too. */
  readonly known: boolean
  /** True for a user who is no guest, and for a service. */
  readonly signedIn: boolean
  readonly guest: boolean
  /** True where a member of staff acts as the user. */
  readonly impersonated: boolean
  /** The name of a service; undefined: it is none. */
  readonly service: string | undefined
  readonly roles: ReadonlySet<string>
  /** 0 for anonymous callers and guests, 1 where code acts as a user. */
  readonly assurance: number
  /** The spans, of those that rules ask for, within which a factor was shown. */
  readonly provedMinutes: ReadonlySet<number>
  /** True where an organisation is active. Which one is a value, as the caller's id is. */
  readonly inOrganisation: boolean
  /** What the role in the active organisation brings, of the permissions that rules ask for. */
  readonly permissions: ReadonlySet<string>
  /** Equal facts have equal keys. */
  readonly key: string
}

/** The facts of a caller. Roles that no rule asks for are left out, so that plans are shared. */
export function factsOf(caller: Caller, catalog: Catalog): CallerFacts {
  if (caller.is === 'unrestricted') {
    if (caller.acrossOrganisations) return acrossFacts
    return caller.organisation ? withinFacts : unrestrictedFacts
  }
  if (caller.is === 'anonymous') return anonymousFacts
  const known = knownOf(catalog)
  const kept = whatIs(caller)
  const key = keyOf(caller, kept, { catalog, known })
  // Their level is a fact as well, and stands in the key only where a rule asks for it.
  const name = `${kept.proof.assurance} ${key}`
  const found = known.facts.get(name)
  if (found) return found
  if (known.facts.size >= limits.statementCacheMax * 10) known.facts.clear()
  const made = makeFacts(caller, { catalog, kept, key })
  known.facts.set(name, made)
  return made
}

/** What was worked out for a catalog. Calls ask for facts several times each. */
interface Known {
  /** By their key. Few differ: what tells two users apart is a value, and no fact. */
  readonly facts: Map<string, CallerFacts>
  /** The words of roles in keys. Equal roles are mostly one set. */
  readonly roles: WeakMap<ReadonlySet<string>, string>
}

const knownFacts = new WeakMap<Catalog, Known>()

function knownOf(catalog: Catalog): Known {
  const known = knownFacts.get(catalog)
  if (known) return known
  const made: Known = { facts: new Map(), roles: new WeakMap() }
  knownFacts.set(catalog, made)
  return made
}

interface Making {
  readonly catalog: Catalog
  readonly kept: Kept
  readonly key: string
}

function makeFacts(
  caller: UserCaller | ServiceCaller,
  { catalog, kept, key }: Making,
): CallerFacts {
  const { guest, impersonated, service, proof } = kept
  const { organisation } = caller
  return Object.freeze({
    ...{ unrestricted: false, acrossOrganisations: false },
    ...{ known: service === undefined, signedIn: !guest, guest, impersonated, service },
    ...viaFacts(caller.via),
    roles: new Set(askedRoles(caller.roles, catalog)),
    assurance: proof.assurance,
    provedMinutes: new Set(minutesOf(proof, catalog)),
    inOrganisation: organisation !== undefined,
    permissions: new Set(permissionsOf(organisation, catalog)),
    key,
  })
}

interface Kept {
  readonly guest: boolean
  readonly impersonated: boolean
  readonly service: string | undefined
  /** What the key begins with. */
  readonly mark: string
  readonly proof: Proof
}

function whatIs(caller: UserCaller | ServiceCaller): Kept {
  if (caller.is === 'service') {
    const { name } = caller
    const mark = `s ${encodeURIComponent(name)}`
    return { guest: false, impersonated: false, service: name, mark, proof: codeProves }
  }
  const { guest = false } = caller
  const impersonated = caller.impersonator !== undefined
  const mark = `${guest ? 'g' : 'u'}${impersonated ? 'i' : ''}`
  const proof = guest ? nothingProved : (caller.proof ?? codeProves)
  return { guest, impersonated, service: undefined, mark, proof }
}

/** Encoded, so that no role's name can look like two roles, or like another part of a key. */
function keyOf(
  { roles, organisation, via }: UserCaller | ServiceCaller,
  { mark, proof }: Kept,
  { catalog, known }: { readonly catalog: Catalog; readonly known: Known },
): string {
  let ofRoles = known.roles.get(roles)
  if (ofRoles === undefined) {
    ofRoles = words(askedRoles(roles, catalog))
    known.roles.set(roles, ofRoles)
  }
  let reached = 0
  for (const level of catalog.askedByRules.assurances) if (proof.assurance >= level) reached += 1
  const minutes = minutesOf(proof, catalog).length
  const inside = organisation ? `:o${words(permissionsOf(organisation, catalog))}` : ''
  const came = via === undefined ? '' : viaKey(viaFacts(via))
  return `${mark}:${ofRoles}:${reached}:${minutes}${inside}${came}`
}

function askedRoles(roles: ReadonlySet<string>, catalog: Catalog): readonly string[] {
  return [...roles].filter((role) => catalog.askedByRules.roles.has(role)).sort()
}

function minutesOf({ agoMs }: Proof, { askedByRules }: Catalog): readonly number[] {
  if (askedByRules.provedMinutes.size === 0) return []
  return [...askedByRules.provedMinutes].filter((one) => agoMs <= one * minuteMs)
}

/** What a caller may do in the active organisation, of what rules ask for; in order. */
function permissionsOf(
  organisation: ActiveOrganisation | undefined,
  catalog: Catalog,
): readonly string[] {
  const held = catalog.organisations?.roles.get(organisation?.role ?? '')
  if (!held) return []
  return [...held].filter((one) => catalog.askedByRules.permissions.has(one)).sort()
}

function words(all: readonly string[]): string {
  return all.map(encodeURIComponent).join(',')
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
const outside = { inOrganisation: false, permissions: none } as const

/** The facts of an anonymous caller. */
export const anonymousFacts: CallerFacts = Object.freeze({
  ...{ unrestricted: false, acrossOrganisations: false },
  ...{ known: false, signedIn: false, guest: false, impersonated: false, service: undefined },
  ...noVia,
  roles: none,
  assurance: 0,
  provedMinutes: noMinutes,
  ...outside,
  key: 'a',
})

const unrestrictedFacts: CallerFacts = Object.freeze({
  ...{ unrestricted: true, acrossOrganisations: false },
  ...{ known: false, signedIn: false, guest: false, impersonated: false, service: undefined },
  ...noVia,
  roles: none,
  assurance: 0,
  provedMinutes: noMinutes,
  ...outside,
  key: '*',
})

const withinFacts = Object.freeze({ ...unrestrictedFacts, inOrganisation: true, key: '*:o' })
const acrossFacts = Object.freeze({ ...unrestrictedFacts, acrossOrganisations: true, key: '**' })

/** The organisation in which somebody works; undefined: in none. */
export function organisationOf(caller: Caller): ActiveOrganisation | undefined {
  return caller.is === 'anonymous' ? undefined : caller.organisation
}

/** ` in <id>`: what was answered in one organisation is told in none else, nor to who has left. */
export function placeOf(caller: Caller): string {
  const organisation = organisationOf(caller)
  return organisation ? ` in ${organisation.id}` : ''
}

/** The id that `me.id` stands for; null compares false with everything. */
export function callerId(caller: Caller): string | null {
  return caller.is === 'user' ? caller.id : null
}

/** What a caller came with in place of a session; undefined: nothing. */
export function viaOf(caller: Caller): Via | undefined {
  return caller.is === 'user' || caller.is === 'service' ? caller.via : undefined
}

/** What the values `me.id` and `me.organisation` of rules stand for. */
export interface AskerValues {
  readonly meId: string | null
  readonly organisationId: string | null
}

/** What the values of a caller in rules stand for; null compares false with everything. */
export function askerOf(caller: Caller): AskerValues {
  return { meId: callerId(caller), organisationId: organisationOf(caller)?.id ?? null }
}

/**
 * The caller inside of something that their scopes have let through: an action reads and writes
 * what it needs under its owner's rules, for its author has decided what it does and answers.
 * Scopes on top would make each action fail by what it happens to look at, and be widened until it
 * works. What it starts carries the same owner.
 */
export function inside(caller: Caller): Caller {
  if (caller.is === 'service') return { ...caller, via: letThrough(caller.via) }
  if (caller.is !== 'user' || caller.via === undefined) return caller
  return { ...caller, via: letThrough(caller.via) }
}

/**
 * Who a caller is, for records: `user:<id>`, `user:<id> via key:<id>` where they came with a key,
 * `user:<id> by user:<id>` where the second acts as the first, `service:<name>`, `anonymous`,
 * `code:<reason>`.
 */
export function actorOf(caller: Caller): string {
  switch (caller.is) {
    case 'user': {
      const { id, impersonator, via } = caller
      const by = impersonator === undefined ? '' : ` by user:${impersonator}`
      return `user:${id}${via === undefined ? '' : ` via ${viaWord(via)}`}${by}`
    }
    case 'service': {
      // Its jobs act for it without any token: what they came by is the service itself.
      const { name, id, via } = caller
      return `service:${name}${via.id === id ? '' : ` via ${viaWord(via)}`}`
    }
    case 'anonymous':
      return 'anonymous'
    case 'unrestricted':
      return `code:${caller.reason}`
    default:
      return unreachable(caller, 'actorOf')
  }
}

/** The same in few words, for what is counted and kept by caller; undefined: nobody is known. */
export function principalOf(caller: Caller): string | undefined {
  if (caller.is === 'service') return `service:${caller.id}`
  if (caller.is !== 'user') return undefined
  return caller.via === undefined ? `user:${caller.id}` : viaWord(caller.via)
}
