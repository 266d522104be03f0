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
}

/** What an app offers to programs, with its defaults. */
export interface Provider {
  readonly scopes: Readonly<Record<string, string>>
  readonly clients: readonly ClientSpec[]
  readonly unregistered: boolean
}

/** What an app declares, with its defaults. */
export function providerOf(spec: ProviderSpec | undefined): Provider | undefined {
  if (spec === undefined) return undefined
  const { scopes = {}, clients = [], unregistered = false } = spec
  return Object.freeze({ scopes: { ...scopes }, clients: [...clients], unregistered })
}
