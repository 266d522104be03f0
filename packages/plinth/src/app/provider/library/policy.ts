/** Owns what users are asked before a program gets anything: who they are, if they agree. */

import { hostOf } from '../../../identity/provider/clients.ts'
import type { Asked } from '../../../identity/provider/parts.ts'
import { ownScopes } from '../../../identity/provider/words.ts'
import type { Context, Library, LibraryClient, Policy } from './library.ts'

/**
 * What users are asked. Whether somebody has shown who they are is a fact of their session, never
 * a result of a page; what they agree to is taken from the account that is signed in alone.
 */
export function policyOf({ basePolicy, Check }: Library, nowMs: () => number): Policy {
  const policy = basePolicy()
  const login = policy.get('login')
  const consent = policy.get('consent')
  login.checks.remove('login_prompt')
  login.checks.remove('max_age')
  const fresh = 'the user has to show again who they are'
  login.checks.add(
    new Check('fresh_login', fresh, 'login_required', ({ oidc }) => {
      if (!oidc?.prompts.has('login')) return false
      return (oidc.session?.loginTs ?? 0) < sinceOf({ oidc }, Number.POSITIVE_INFINITY)
    }),
  )
  login.checks.add(
    new Check('too_long_ago', fresh, 'login_required', ({ oidc }) => {
      const maxAge = oidc?.params?.max_age
      if (maxAge === undefined) return false
      return nowMs() / 1_000 - (oidc?.session?.loginTs ?? 0) > Number(maxAge) + 1
    }),
  )
  const unasked = 'the user has not been asked'
  consent.checks.add(
    new Check('unregistered_client', unasked, 'consent_required', ({ oidc }) => {
      return oidc?.client?.clientIdMetadataDocument === true && !oidc.result?.consent
    }),
  )
  consent.checks.add(
    new Check('consent_of_another', unasked, 'consent_required', ({ oidc }) => {
      const given = oidc?.result?.consent
      return given !== undefined && given.accountId !== oidc?.session?.accountId
    }),
  )
  for (const prompt of [login, consent]) prompt.details = (context) => askedFor(context, nowMs())
  return policy
}

/** Whether a user is asked in any case, whatever they agreed to before. */
export function asksAnew({ oidc }: Context): boolean {
  if (oidc?.result?.consent) return false
  const { client } = oidc ?? {}
  const anew = client?.applicationType === 'native' || client?.clientIdMetadataDocument === true
  return anew || oidc?.prompts.has('consent') === true
}

/** What a request asks its user for. */
export function askedFor(context: Context | undefined, nowMs: number): Asked {
  const { client, params = {}, requestParamScopes } = context?.oidc ?? {}
  return {
    client: {
      id: client?.clientId ?? '',
      name: nameOf(client),
      registered: client?.clientIdMetadataDocument !== true,
    },
    host: hostOf(params.redirect_uri ?? ''),
    scopes: [...(requestParamScopes ?? [])].filter((scope) => mayAsk(client, scope)),
    since: sinceOf({ oidc: context?.oidc }, Math.floor(nowMs / 1_000)),
  }
}

/** Whether a program may ask for a scope: for who somebody is always, for the API as declared. */
export function mayAsk(client: LibraryClient | undefined, scope: string): boolean {
  if (Object.hasOwn(ownScopes, scope) || client?.api_scopes === undefined) return true
  return client.api_scopes.split(' ').includes(scope)
}

/** What people know a client by: one that nobody has registered is known by its host alone. */
export function nameOf(client: LibraryClient | undefined): string {
  if (client?.clientIdMetadataDocument !== true) {
    return client?.clientName ?? client?.clientId ?? 'A program'
  }
  return URL.parse(client.clientId)?.host ?? client.clientId
}

/** When the user was asked first: a later question of the same authorization asks no more. */
function sinceOf({ oidc }: Pick<Context, 'oidc'>, otherwise: number): number {
  return oidc?.entities.Interaction?.prompt?.details?.since ?? otherwise
}
