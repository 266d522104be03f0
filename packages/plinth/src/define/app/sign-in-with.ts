/** Owns identity providers as an app declares them: where they are, and how they are understood. */

/** Somebody else who tells who a person is. Make one by `google()`, `oidc(…)` and the like. */
export interface IdentityProvider {
  readonly is: 'identity-provider'
  /** Its word in addresses and, in capitals, in variables: `google`. */
  readonly name: string
  /** Its name on buttons: `Google`. */
  readonly title: string
  readonly protocol: OpenIdProtocol | OAuthProtocol
  readonly scopes: readonly string[]
  /** What else it is asked with when somebody is sent there. */
  readonly parameters: Readonly<Record<string, string>>
  /** How the app shows itself when it asks for tokens. */
  readonly clientProof: 'secret-in-body' | 'secret-in-header' | 'apple-key'
  /** False: it refuses a proof key (RFC 7636), so none is sent. */
  readonly proofKey: boolean
  /** False: its ID token holds no nonce, so none is asked for. */
  readonly nonce: boolean
  /**
   * What is taken of its answers: of OpenID the claims, of OAuth what each profile address
   * answered, in order. Undefined where they name nobody.
   */
  readonly profile: (...answers: readonly unknown[]) => OutsideProfile | undefined
}

/** OpenID Connect: who somebody is stands in a signed ID token. */
export interface OpenIdProtocol {
  readonly is: 'openid'
  /** Its endpoints are found below it, where they do not stand here. */
  readonly issuer: string
  readonly endpoints?: {
    readonly authorization: string
    readonly token: string
    readonly keys: string
  }
}

/** Plain OAuth 2: who somebody is tells an address that is asked with their access token. */
export interface OAuthProtocol {
  readonly is: 'oauth'
  /** What its identities are kept under. */
  readonly issuer: string
  readonly endpoints: { readonly authorization: string; readonly token: string }
  /** Each answers with JSON. */
  readonly profileUrls: readonly string[]
}

/** Somebody, as a provider knows them. */
export interface OutsideProfile {
  /** Never given to anybody else by the issuer. */
  readonly subject: string
  readonly email?: string | undefined
  /**
   * True: the provider has checked the address and is the one who gives it out, as Google does for
   * gmail.com. Everything else is a claim: the owner of the address is asked by mail.
   */
  readonly vouched: boolean
  readonly name?: string | undefined
}
