/** Owns what an app declares about being an OAuth provider: who may ask people for access. */

/**
 * Makes an app a provider (OAuth 2.1, OpenID Connect): its people can sign in elsewhere with their
 * account here, and let other programs and agents call the API in their name.
 *
 * @example
 * app({
 *   kits: [shop],
 *   provider: {
 *     scopes: { 'order.read': 'See your orders' },
 *     clients: [{ id: 'ledger', name: 'Ledger', redirects: ['https://ledger.example/back'] }],
 *   },
 * })
 */
export interface ProviderSpec {
  /**
   * The scopes of the API that programs may ask for, each with what it allows in words: its user
   * reads them before saying yes. Default none: programs learn who somebody is, and no more.
   */
  readonly scopes?: Readonly<Record<string, string>>
  /** Programs that may ask, beside those that `plinth client add` has made. */
  readonly clients?: readonly ClientSpec[]
  /**
   * True: programs that nobody has registered may ask too, such as agents. They are known by an
   * https address, at which they describe themselves (Client ID Metadata Document). Default false.
   */
  readonly unregistered?: boolean
  /**
   * `required`: a program sends what it asks for ahead, by its server (RFC 9126), so that nothing
   * of it can be changed on the way through a browser. Default `offered`.
   */
  readonly pushed?: 'offered' | 'required'
}

/** A program that may ask people for access. */
export interface ClientSpec {
  /** What it calls itself with, such as `ledger`. */
  readonly id: string
  /** What people know it by. */
  readonly name: string
  /**
   * Where people are sent back to: https addresses, each exactly as the program names it. Of a
   * native one also `http://127.0.0.1/…` with any port, and a scheme of its own (`com.example:/…`).
   */
  readonly redirects: readonly string[]
  /** Where people may be sent back to after signing out. Default nowhere. */
  readonly signedOutRedirects?: readonly string[]
  /** True: it runs on its user’s own machine. Default false. */
  readonly native?: boolean
  /** At least 32 random characters. Default: it cannot keep one, and proves nothing by it. */
  readonly secret?: string
  /**
   * The public keys (JWK) of a program that proves itself by the private ones (`private_key_jwt`,
   * RFC 7523) instead of a secret: what it sends is good once, and nothing that we keep is. They
   * are of RSA, EC or Ed25519.
   */
  readonly keys?: readonly Readonly<Record<string, unknown>>[]
  /** Which of the provider's scopes it may ask for. Default all of them. */
  readonly scopes?: readonly string[]
}

/** What an app offers to programs, with its defaults. */
export interface Provider {
  readonly scopes: Readonly<Record<string, string>>
  readonly clients: readonly ClientSpec[]
  readonly unregistered: boolean
  readonly pushed: 'offered' | 'required'
}

/** What an app declares, with its defaults. */
export function providerOf(spec: ProviderSpec | undefined): Provider | undefined {
  if (spec === undefined) return undefined
  const { scopes = {}, clients = [], unregistered = false, pushed = 'offered' } = spec
  return Object.freeze({ scopes: { ...scopes }, clients: [...clients], unregistered, pushed })
}
