/** Owns grants as the library reads and writes them, and the making of one from what was agreed. */

import type { PlainRecord, RecordAccess } from '../../../engine/runtime.ts'
import { type Bound, unbound } from '../../../identity/keys/bound.ts'
import { ownScopes } from '../../../identity/provider/words.ts'
import type { Context, Grant, Payload, Server } from '../library/library.ts'
import { asksAnew } from '../library/policy.ts'

/** The scope by which a grant outlives the session that it was made in. */
const lasting = 'offline_access'

/** What is kept of a new grant: whose it is, what for, and the session that it ends with. */
export function grantValues(payload: Payload, context: Context | undefined): object {
  const { accountId, clientId } = payload
  const openid = payload.openid as { readonly scope?: string } | undefined
  const resources = payload.resources as Readonly<Record<string, string>> | undefined
  const ofApi = Object.values(resources ?? {}).flatMap((scope) => scope.split(' '))
  const scopes = [...new Set([...(openid?.scope?.split(' ') ?? []), ...ofApi])]
  const session = context?.oidc?.session?.uid ?? null
  return {
    ...{ userId: accountId, clientId, scopes },
    resource: Object.keys(resources ?? {})[0] ?? null,
    sessionId: scopes.includes(lasting) ? null : session,
  }
}

/** For whom a grant is looked up. */
interface Granting {
  readonly records: RecordAccess
  readonly accountId: string
  readonly clientId: string
  readonly context: Context | undefined
}

/**
 * The organisation of a new grant: the one that its user has just chosen in this very
 * authorization, or else the one for which they agreed before. Undefined: they are no member of it.
 */
export async function boundFor({
  records,
  accountId: userId,
  clientId,
  context,
}: Granting): Promise<Bound | undefined> {
  const chosen = context?.oidc?.result?.consent?.organisation
  if (chosen === null) return unbound
  if (chosen === undefined) {
    const filter = { userId, clientId }
    const [consent] = await records.find('oauthConsent', { filter, limit: 1 })
    const { organisationId = null, membershipId = null } = (consent ?? {}) as Partial<Bound>
    return { organisationId, membershipId }
  }
  const filter = { userId, organisationId: chosen }
  const [place] = await records.find('membership', { filter, limit: 1 })
  return place && { organisationId: chosen, membershipId: String(place.id) }
}

/** A grant in the library's form. */
export function grantPayload(grant: PlainRecord, resource: string): Payload {
  const scopes = grant.scopes as readonly string[]
  const all = scopes.join(' ')
  const own = scopes.filter((scope) => Object.hasOwn(ownScopes, scope)).join(' ')
  // Its programs may write it with or without a slash at its end.
  const resources = { [resource]: all, [`${resource}/`]: all }
  const iat = Math.floor(Date.parse(String(grant.createdAt)) / 1_000)
  return {
    ...{ kind: 'Grant', jti: grant.grantKey, accountId: grant.userId, clientId: grant.clientId },
    ...{ iat, exp: farAway, ...(own === '' ? {} : { openid: { scope: own } }) },
    ...(grant.resource === null ? {} : { resources }),
  }
}

// Whether it has run out is asked of the table, by the app's own clock.
const farAway = 253_402_300_799

/**
 * The grant of an authorization: made of what its user has agreed to, where that covers all that is
 * asked for. Each authorization has its own, so that what ends one ends no other.
 */
export async function grantFor(
  context: Context,
  { server, records }: { readonly server: Server; readonly records: RecordAccess },
): Promise<Grant | undefined> {
  const { oidc } = context
  const accountId = oidc?.account?.accountId
  const clientId = oidc?.client?.clientId
  if (!oidc || accountId === undefined || clientId === undefined || asksAnew(context)) {
    return undefined
  }
  const filter = { userId: accountId, clientId }
  const [consent] = await records.find('oauthConsent', { filter, limit: 1 })
  const agreed = new Set((consent?.scopes ?? []) as readonly string[])
  const asked = [...oidc.requestParamScopes].filter((scope) => isKnown(scope, oidc))
  if (asked.length === 0 || !asked.every((scope) => agreed.has(scope))) return undefined
  // Who has left the organisation since is asked anew: nothing is made for another one instead.
  if (!(await boundFor({ records, accountId, clientId, context }))) return undefined
  const grant = new server.Grant({ accountId, clientId })
  const own = asked.filter((scope) => oidc.requestParamOIDCScopes.has(scope))
  if (own.length > 0) grant.addOIDCScope(own.join(' '))
  for (const [resource, { scopes }] of Object.entries(oidc.resourceServers)) {
    grant.addResourceScope(resource, asked.filter((scope) => scopes.has(scope)).join(' '))
  }
  await grant.save()
  return grant
}

function isKnown(scope: string, oidc: NonNullable<Context['oidc']>): boolean {
  if (oidc.requestParamOIDCScopes.has(scope)) return true
  return Object.values(oidc.resourceServers).some(({ scopes }) => scopes.has(scope))
}
