/** Owns what the questions to users have in common: who may answer, and what is being asked. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ActionScope } from '../../engine/runtime.ts'
import type { Bound } from '../keys/bound.ts'
import type { Tokens } from '../tokens.ts'
import type { ProviderScope } from './kit.ts'
import { inWords, ownScopes, type WordedScope } from './words.ts'

/** What the actions of a provider need from outside. */
export interface ProviderParts {
  readonly tokens: Tokens
  /** The scopes of the API that programs may ask for, in words. */
  readonly scopes: Readonly<Record<string, string>>
  /** The API as a resource (RFC 8707). */
  readonly resource: string
  /** True: the app has organisations, so that a program may be let into one of them. */
  readonly organisations: boolean
}

/** A program as its user sees it. */
export interface AskingClient {
  readonly id: string
  readonly name: string
  /** False: nobody here knows it; all that is known of it is its address. */
  readonly registered: boolean
}

/** What a program asks for, as it was kept. */
export interface Asked {
  readonly client: AskingClient
  /** Where its user is sent back to. */
  readonly host: string
  readonly scopes: readonly string[]
  /** In seconds since 1970: a factor must have been shown since. */
  readonly since: number
}

/** Somebody who is there themself. */
export interface Person {
  readonly userId: string
  readonly sessionId: string
}

/**
 * Who answers: a person in a session of their own. No token can agree to another token, no guest
 * has anything to share, and staff that acts as somebody agrees to nothing for them.
 */
export function demandPerson({ caller }: Pick<ActionScope, 'caller'>): Person {
  if (caller.is === 'user' && caller.guest) {
    // Not asked to sign in: they have a session already, and would be led in a circle.
    const detail = 'You are here as a guest: make an account first, then go back to the program.'
    throw new Failure('forbidden', { detail })
  }
  if (caller.is !== 'user' || caller.sessionId === undefined) {
    throw new Failure('sign_in_required', { detail: 'Sign in to do this.' })
  }
  if (caller.impersonator !== undefined || caller.via !== undefined) {
    throw new Failure('forbidden', { detail: 'Only the owner of the account can do this.' })
  }
  return { userId: caller.id, sessionId: caller.sessionId }
}

/** What is asked for in words; what nobody offers is left out. */
export function wordsOf({ scopes }: ProviderParts, asked: Asked): readonly WordedScope[] {
  return inWords(asked.scopes, scopes)
}

/** For how long it would be let in. */
export interface Lasting {
  /** True: it stays where its user signs out. */
  readonly lasting: boolean
  /** At most. */
  readonly days: number
}

/** For how long a program asks: with its user's session, or beyond. */
export function lastingOf({ scopes }: Pick<Asked, 'scopes'>): Lasting {
  return { lasting: scopes.includes('offline_access'), days: limits.oauthGrantDays }
}

/** What of it is granted: what is known, no more. */
export function grantable(parts: ProviderParts, asked: Asked): readonly string[] {
  return wordsOf(parts, asked).map(({ scope }) => scope)
}

/** True where some of it is of the API. */
export function isOfApi({ scopes }: ProviderParts, asked: readonly string[]): boolean {
  return asked.some((scope) => !Object.hasOwn(ownScopes, scope) && Object.hasOwn(scopes, scope))
}

/** An organisation that somebody can let a program into. */
export interface Choosable {
  readonly id: string
  readonly name: string
  /** True: proposed, as they work there just now. */
  readonly active: boolean
}

/** Where a program can be let in: in none, or in one of these. None, where it asks for no data. */
export async function choosable(
  { caller, unrestricted }: ActionScope,
  parts: ProviderParts,
  { scopes }: Asked,
): Promise<readonly Choosable[]> {
  if (!parts.organisations || !isOfApi(parts, scopes)) return []
  const { userId } = demandPerson({ caller })
  const filter = { userId }
  const question = { filter, include: { organisation: true }, limit: organisationsShownMax }
  const places = await unrestricted.find('membership', question)
  const active = caller.is === 'user' ? caller.organisation?.id : undefined
  return places.map(({ organisation }) => {
    const { id, name } = organisation as Readonly<Record<'id' | 'name', string>>
    return { id, name, active: id === active }
  })
}

const organisationsShownMax = 200

/**
 * Keeps what somebody agreed to, beside what they agreed to before: for the same organisation. In
 * another one nothing was agreed to yet.
 */
export async function keepConsent(
  { data }: ProviderScope,
  {
    userId,
    client,
    scopes,
    bound,
  }: {
    readonly userId: string
    readonly client: AskingClient
    readonly scopes: readonly string[]
    readonly bound: Bound
  },
): Promise<void> {
  const { oauthConsent } = data.unrestricted
  const filter = { userId, clientId: client.id }
  const { data: found } = await oauthConsent.find({ filter, limit: 1 })
  const [known] = found
  if (!known) await demandRoom(data, userId)
  const before = known?.organisationId === bound.organisationId ? known.scopes : []
  const all = [...new Set([...before, ...scopes])].sort()
  const clientName = client.name.slice(0, nameCharactersMax)
  await oauthConsent.upsert({ ...filter, clientName, scopes: all, ...bound })
}

const nameCharactersMax = 200

/** Nobody lets in more programs than they can see in the list of them. */
async function demandRoom({ unrestricted }: ProviderScope['data'], userId: string): Promise<void> {
  const most = limits.oauthProgramsPerUserMax
  const { data } = await unrestricted.oauthConsent.find({ filter: { userId }, limit: most })
  if (data.length < most) return
  throw new Failure('conflict', {
    detail: `You have let in ${most} programs: shut one out first, under /account/apps.`,
  })
}

/** One answer to whatever is not there, not theirs, or too old. */
export function gone(): Failure {
  return new Failure('not_found', {
    detail: 'This question is too old, or was answered: go back to the program and begin again.',
  })
}
