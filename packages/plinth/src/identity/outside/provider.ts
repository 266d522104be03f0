/** Owns what identity providers are made of: one by its issuer, and the reading of claims. */

import { Failure } from '../../base/failure.ts'
import type { IdentityProvider, OutsideProfile } from '../../define/app/sign-in-with.ts'

/** What is said of an issuer that an app trusts. */
export interface OidcOptions {
  /** Its address: what stands as `issuer` in its published configuration. */
  readonly issuer: string
  /** Its name on buttons. Default: the provider's name. */
  readonly title?: string
  /** Scopes beside `openid`, `email` and `profile`. */
  readonly scopes?: readonly string[]
  /**
   * Domains of mail that the issuer itself gives out: of these it is believed that an address is
   * the person's. Default none: then the owner of an address is asked by mail, once.
   */
  readonly vouchesFor?: readonly string[]
  /** What else it is asked with, such as `{ prompt: 'select_account' }`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/**
 * Any issuer of OpenID Connect, by its published configuration. Variables are named after the
 * provider: of `acme` they are `ACME_CLIENT_ID` and `ACME_CLIENT_SECRET`.
 *
 * @example
 * app({
 *   kits: [shop],
 *   signInWith: [google(), oidc('acme', { issuer: 'https://id.acme.example' })],
 * })
 */
export function oidc(name: string, options: OidcOptions): IdentityProvider {
  const { issuer, title = name, vouchesFor = [], parameters = {} } = options
  const provider = openId({
    ...{ name, title, issuer, options },
    scopes: ['openid', 'email', 'profile'],
    vouches: (email, { email_verified: verified }) => verified === true && isOf(email, vouchesFor),
  })
  return Object.freeze({ ...provider, parameters: Object.freeze({ ...parameters }) })
}

/** Claims, or any other JSON object. */
export type Claims = Readonly<Record<string, unknown>>

/** Whether an issuer is to be believed that an address is its person's. */
export type Vouches = (email: string, claims: Claims) => boolean

interface OpenId {
  readonly name: string
  readonly title: string
  readonly issuer: string
  readonly scopes: readonly string[]
  readonly options: { readonly scopes?: readonly string[] }
  readonly vouches: Vouches
}

/** A provider of OpenID Connect. */
export function openId(made: OpenId): IdentityProvider {
  const { name, title, issuer, scopes, options, vouches } = made
  return Object.freeze<IdentityProvider>({
    ...{ is: 'identity-provider', name, title },
    protocol: Object.freeze({ is: 'openid', issuer }),
    scopes: Object.freeze([...new Set([...scopes, ...(options.scopes ?? [])])]),
    parameters: Object.freeze({}),
    ...({ clientProof: 'secret-in-body', proofKey: true, nonce: true } as const),
    profile: (claims) => readClaims(claims, vouches),
  })
}

/** A provider of plain OAuth 2. */
export function plainOAuth(made: PlainOAuth): IdentityProvider {
  const { name, title, issuer, authorization, token, profileUrls, options, profile } = made
  return Object.freeze<IdentityProvider>({
    ...{ is: 'identity-provider', name, title, profile },
    protocol: Object.freeze({
      ...({ is: 'oauth', issuer, profileUrls } as const),
      endpoints: Object.freeze({ authorization, token }),
    }),
    scopes: Object.freeze([...new Set([...made.scopes, ...(options.scopes ?? [])])]),
    parameters: Object.freeze({}),
    ...{ clientProof: made.clientProof ?? 'secret-in-body', proofKey: true, nonce: false },
  })
}

interface PlainOAuth extends Pick<IdentityProvider, 'name' | 'title' | 'scopes' | 'profile'> {
  readonly issuer: string
  readonly authorization: string
  readonly token: string
  readonly profileUrls: readonly string[]
  readonly options: { readonly scopes?: readonly string[] }
  readonly clientProof?: 'secret-in-header'
}

/** What the claims of an ID token say of a person. */
export function readClaims(answer: unknown, vouches: Vouches): OutsideProfile | undefined {
  const claims = recordOf(answer)
  const subject = textOf(claims.sub)
  if (subject === undefined) return undefined
  const email = textOf(claims.email)
  const vouched = email !== undefined && vouches(email, claims)
  return { subject, email, vouched, name: textOf(claims.name) }
}

/** Whether an address is of one of these domains; of their subdomains it is not. */
export function isOf(email: string, domains: readonly string[]): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return domains.some((one) => one.toLowerCase() === domain)
}

/** An answer as an object; one without anything where it is none. */
export function recordOf(answer: unknown): Claims {
  return typeof answer === 'object' && answer !== null ? (answer as Claims) : {}
}

/** A value where it is a text that says something. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

const nameForm = /^[a-z][a-z0-9-]{0,29}$/

/** Checks the providers of an app. @throws Failure `declaration_invalid` with the first mistake. */
export function demandProviders(providers: readonly IdentityProvider[]): void {
  const names = new Set<string>()
  for (const { name, protocol } of providers) {
    if (!nameForm.test(name)) {
      throw mistake(`"${name}" is no name of a provider: write small letters, such as acme.`)
    }
    if (names.has(name)) {
      throw mistake(`signInWith names "${name}" twice: give one of them another name.`)
    }
    names.add(name)
    const url = URL.parse(protocol.issuer)
    const local = url?.hostname === 'localhost' || url?.hostname === '127.0.0.1'
    const fits = url?.protocol === 'https:' || (local && url?.protocol === 'http:')
    if (!fits || url?.search !== '' || url.hash !== '') {
      throw mistake(`The issuer of "${name}" is no https address: "${protocol.issuer}".`)
    }
  }
}

function mistake(detail: string): Failure {
  return new Failure('declaration_invalid', { detail })
}
