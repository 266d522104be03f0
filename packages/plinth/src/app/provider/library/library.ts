/** Owns the OAuth library as we use it: loaded when first needed, with the part that is named. */

import type { NodeListener } from '../../../http/bridge/listener.ts'

/** The library. */
export interface Library {
  readonly Provider: ProviderClass
  readonly InvalidGrant: ErrorClass
  readonly InvalidTarget: ErrorClass
  readonly SlowDown: ErrorClass
  readonly TemporarilyUnavailable: ErrorClass
  readonly basePolicy: () => Policy
  readonly Check: CheckClass
}

type ErrorClass = new (description?: string) => Error
type Test = (context: Context) => boolean

/** The authorization server. */
export interface Server {
  callback(): NodeListener
  /** What runs around everything that the library does. */
  use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void
  on(event: 'error' | 'server_error', listener: (...told: readonly unknown[]) => void): void
  readonly Grant: GrantClass
  readonly Client: { readonly prototype: object }
  readonly AccessToken: TokenClass
  readonly RefreshToken: TokenClass
  readonly AuthorizationCode: TokenClass
  readonly DeviceCode: TokenClass
}

interface ProviderClass {
  new (issuer: string, configuration: object): Server
  /** Of the request that is under way. */
  readonly ctx: Context | undefined
}

interface TokenClass {
  readonly prototype: object
}

interface CheckClass {
  new (reason: string, description: string, error: string, test: Test): NamedCheck
}

interface NamedCheck {
  readonly reason: string
}

/** What users are asked, and when. */
export interface Policy {
  get(name: 'login' | 'consent'): Prompt
}

/** One thing that users are asked for. */
export interface Prompt {
  details: (context: Context) => object
  readonly checks: {
    add(check: NamedCheck): void
    remove(reason: string): void
  }
}

interface GrantClass {
  new (of: { readonly accountId: string; readonly clientId: string }): Grant
  readonly prototype: object
}

/** What a user grants. */
export interface Grant {
  readonly jti: string
  addOIDCScope(scope: string): void
  addResourceScope(resource: string, scope: string): void
  save(): Promise<string>
}

/** A client as the library knows it. */
export interface LibraryClient {
  readonly clientId: string
  readonly clientName?: string
  clientSecret?: string
  readonly clientAuthMethod: string
  grantTypeAllowed(grantType: string): boolean
  applicationType: string
  responseModes?: readonly string[]
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  /** True: it described itself at its address. */
  readonly clientIdMetadataDocument?: boolean
  /** The scopes of the API that it may ask for, with spaces between; undefined: all of them. */
  api_scopes?: string
}

/** A request under way. */
export interface Context {
  status: number
  body: unknown
  readonly path: string
  readonly method: string
  /** The address that the request came from. */
  readonly ip: string
  set(name: string, value: string): void
  redirect(place: string): void
  readonly oidc?: OidcContext | undefined
}

/** What the library has found out about a request. */
export interface OidcContext {
  readonly route: string
  readonly params?: Readonly<Record<string, string | undefined>>
  readonly prompts: ReadonlySet<string>
  readonly client?: LibraryClient
  readonly session?: LibrarySession
  readonly account?: { readonly accountId: string }
  readonly requestParamScopes: ReadonlySet<string>
  readonly requestParamOIDCScopes: ReadonlySet<string>
  readonly resourceServers: Readonly<Record<string, { readonly scopes: ReadonlySet<string> }>>
  readonly result?: {
    readonly consent?: {
      readonly accountId?: string
      /** The id of the organisation that was chosen; null: none was. */
      readonly organisation?: string | null
    }
  }
  readonly entities: {
    readonly Interaction?: { readonly prompt?: { readonly details?: { readonly since?: number } } }
    readonly RotatedRefreshToken?: { readonly remainingTTL: number }
  }
}

/** A session as the library knows it: ours, in its form. */
export interface LibrarySession {
  readonly uid: string
  readonly accountId?: string
  /** When a factor was shown last, in seconds since 1970. */
  readonly loginTs?: number
  readonly state?: {
    readonly clientId?: string
    readonly state?: string
    readonly postLogoutRedirectUri?: string
  }
}

/** What the library keeps things in, one for each sort of thing. */
export interface Adapter {
  upsert(id: string, payload: Payload, expiresInSeconds: number): Promise<void>
  find(id: string): Promise<Payload | undefined>
  findByUserCode(userCode: string): Promise<Payload | undefined>
  findByUid(uid: string): Promise<Payload | undefined>
  destroy(id: string): Promise<void>
  consume(id: string): Promise<void>
  revokeByGrantId(grantKey: string): Promise<void>
}

/** What is kept of a thing, as the library writes it. */
export type Payload = Readonly<Record<string, unknown>>

// It has no types of its own: what of it we use is said above, and proven by the walks.
const modules: readonly string[] = [
  'oidc-provider/lib/provider.js',
  'oidc-provider/lib/helpers/errors.js',
  'oidc-provider/lib/helpers/interaction_policy/index.js',
]

/**
 * Loads the library: 27 MB and 0.2 s, which only an app that is a provider pays. Its main module
 * is passed over: all it adds is a line on the console for each Node release that is not, or not
 * yet, of long-term support. What we use of it is proven here on the Node that we run on.
 */
export async function loadLibrary(): Promise<Library> {
  const loaded: readonly object[] = await Promise.all(modules.map((name) => import(name)))
  const { base, ...library } = Object.assign({}, ...loaded) as Library & { base: () => Policy }
  return { ...library, basePolicy: base }
}
