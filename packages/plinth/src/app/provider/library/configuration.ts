/** Owns how the OAuth library is set up: what it offers, for how long, and what it never does. */

import { limits } from '../../../base/limits.ts'
import { ownScopes } from '../../../identity/provider/words.ts'
import type { Adapter, Context, Grant, Library, LibraryClient, Payload, Policy } from './library.ts'
import { mayAsk } from './policy.ts'

/** What the library is set up with. */
export interface ConfigurationParts {
  readonly library: Library
  readonly policy: Policy
  readonly adapter: (name: string) => Adapter
  /** Private keys (JWK); the first one signs. */
  readonly keys: readonly object[]
  /** The scopes of the API that programs may ask for. */
  readonly scopes: readonly string[]
  /** The API as a resource (RFC 8707). */
  readonly resource: string
  readonly unregistered: boolean
  readonly pushed: 'offered' | 'required'
  readonly fetch: (url: string | URL, options: RequestInit) => Promise<Response>
  readonly findAccount: (id: string) => Promise<Payload | undefined>
  readonly findGrant: (context: Context) => Promise<Grant | undefined>
  /** False for a program that is not to be let in, whatever it says of itself. */
  readonly allowClient: (client: LibraryClient) => boolean
  readonly renderError: (context: Context, told: Payload) => void
}

/** Where the library answers. */
export const routes = Object.freeze({
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  userinfo: '/oauth/userinfo',
  device_authorization: '/oauth/device',
  pushed_authorization_request: '/oauth/par',
  jwks: '/oauth/keys',
  end_session: '/oauth/end-session',
  // A page of ours: this names it to programs.
  code_verification: '/account/device',
})

const signing = ['RS256']
const clientSigning = ['RS256', 'PS256', 'ES256', 'EdDSA']
const daySeconds = 86_400
const own = Object.keys(ownScopes)

/** The configuration. */
export function configurationOf(parts: ConfigurationParts): object {
  const { adapter, keys, policy, fetch, findAccount, findGrant, renderError } = parts
  return {
    ...{ adapter, routes, fetch, renderError, ttl: lifetimes },
    jwks: { keys },
    clients: [],
    responseTypes: ['code'],
    pkce: { required: () => true },
    scopes: own,
    extraClientMetadata: { properties: ['api_scopes'] },
    claims: {
      openid: ['sub'],
      profile: ['name'],
      email: ['email', 'email_verified'],
      auth_time: null,
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    allowOmittingSingleRegisteredRedirectUri: false,
    enabledJWA: { idTokenSigningAlgValues: signing, clientAuthSigningAlgValues: clientSigning },
    features: featuresOf(parts),
    interactions: {
      policy,
      url: (_: unknown, { uid }: { readonly uid: string }) => `/account/consent?interaction=${uid}`,
    },
    clientBasedCORS: (_: unknown, origin: string, client: LibraryClient) =>
      client.clientAuthMethod === 'none' &&
      client.redirectUris.some((uri) => URL.parse(uri)?.origin === origin),
    // Grants end with sessions by themselves: a foreign key sees to it.
    expiresWithSession: () => false,
    issueRefreshToken: (_: unknown, client: LibraryClient) =>
      client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: () => true,
    loadExistingGrant: findGrant,
    async findAccount(_: unknown, id: string) {
      const claims = await findAccount(id)
      return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) }
    },
    // One token that its program gives back is one token; a refresh token is the whole grant.
    revokeGrantPolicy: ({ oidc }: { readonly oidc: Revoking }) =>
      !(oidc.route === 'revocation' && oidc.entities.AccessToken !== undefined),
  }
}

interface Revoking {
  readonly route: string
  readonly entities: { readonly AccessToken?: object }
}

const lifetimes = Object.freeze({
  AccessToken: () => limits.oauthAccessMinutes * 60,
  AuthorizationCode: () => limits.oauthCodeSeconds,
  DeviceCode: () => limits.oauthDeviceMinutes * 60,
  Grant: () => limits.oauthGrantDays * daySeconds,
  IdToken: () => 3_600,
  Interaction: () => limits.oauthInteractionMinutes * 60,
  Session: () => limits.sessionLifeDays * daySeconds,
  // Absolute: what a token is exchanged for ends when it would have ended.
  RefreshToken: ({ oidc }: Context) =>
    oidc?.entities.RotatedRefreshToken?.remainingTTL ?? limits.oauthGrantDays * daySeconds,
})

function featuresOf(parts: ConfigurationParts): object {
  const { unregistered, pushed, allowClient } = parts
  const ownToken = (_: unknown, client: LibraryClient, token: { readonly clientId: string }) =>
    token.clientId === client.clientId
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****' },
    introspection: { enabled: true, allowedPolicy: ownToken },
    revocation: { enabled: true, allowedPolicy: ownToken },
    pushedAuthorizationRequests: {
      enabled: true,
      requirePushedAuthorizationRequests: pushed === 'required',
    },
    rpInitiatedLogout: { enabled: true },
    registration: { enabled: false },
    clientIdMetadataDocument: {
      enabled: unregistered,
      ack: 'draft-02',
      cacheDuration: { min: 60, max: limits.oauthDocumentKeptSeconds },
      allowFetch: (_: unknown, id: string) => isOwnForm(id),
      allowClient: (_: unknown, client: LibraryClient) => allowClient(client),
    },
    resourceIndicators: resourcesOf(parts),
  }
}

const addressCharactersMax = 500

/** Programs are known by their address letter by letter: each has one way to be written. */
function isOwnForm(address: string): boolean {
  return address.length <= addressCharactersMax && URL.parse(address)?.href === address
}

/**
 * One resource: the API. A token is for it where scopes of it were asked for, said or unsaid; one
 * that was asked for nothing but who somebody is, is good for that alone.
 */
function resourcesOf({ library, resource, scopes }: ConfigurationParts): object {
  const { InvalidTarget } = library
  const ofApi = new Set(scopes)
  const isApi = (text: string): boolean => URL.parse(text)?.href === new URL(resource).href
  return {
    enabled: true,
    defaultResource({ oidc }: Context, client: LibraryClient, oneOf?: readonly string[]) {
      if (oneOf) return oneOf
      const asked = [...(oidc?.requestParamScopes ?? [])]
      return asked.some((one) => ofApi.has(one) && mayAsk(client, one)) ? resource : undefined
    },
    useGrantedResource: () => true,
    getResourceServerInfo(_: unknown, indicator: string, client: LibraryClient) {
      if (!isApi(indicator))
        throw new InvalidTarget(`there is no such resource here: it is ${resource}`)
      return {
        scope: [...own, ...scopes].filter((scope) => mayAsk(client, scope)).join(' '),
        audience: resource,
        accessTokenTTL: limits.oauthAccessMinutes * 60,
        accessTokenFormat: 'opaque',
      }
    },
  }
}
