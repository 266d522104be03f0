/** Owns the known providers of OpenID Connect: issuers, scopes, and what they vouch for. */

import type { IdentityProvider } from '../../../define/app/sign-in-with.ts'
import { isOf, openId, readClaims, recordOf, textOf } from '../provider.ts'

/** What can be said of a provider that somebody else runs. */
export interface ProviderOptions {
  /** Scopes beside its own. */
  readonly scopes?: readonly string[]
}

/**
 * Google. It vouches for addresses of gmail.com and of the domains that it hosts (`hd`).
 * Variables: `GOOGLE_CLIENT_ID`, `GOOGLE_CLIENT_SECRET`.
 */
export function google(options: ProviderOptions = {}): IdentityProvider {
  return openId({
    ...{ name: 'google', title: 'Google', issuer: 'https://accounts.google.com' },
    ...{ scopes: ['openid', 'email', 'profile'], options },
    vouches: (email, { email_verified: verified, hd }) =>
      verified === true && (isOf(email, ['gmail.com']) || textOf(hd) !== undefined),
  })
}

/**
 * Microsoft Entra ID. `tenant` is an organisation's id or domain; `organizations`, `consumers` and
 * `common` let in everybody who has such an account. It vouches for no address: whoever runs a
 * tenant writes what they like into `email`. Variables: `MICROSOFT_CLIENT_ID`,
 * `MICROSOFT_CLIENT_SECRET`.
 */
export function microsoft(options: ProviderOptions & { readonly tenant: string }) {
  return openId({
    ...{ name: 'microsoft', title: 'Microsoft' },
    issuer: `https://login.microsoftonline.com/${encodeURIComponent(options.tenant)}/v2.0`,
    ...{ scopes: ['openid', 'email', 'profile'], options },
    vouches: () => false,
  })
}

// Given out by Apple itself; every other address belongs to somebody else's domain.
const appleDomains = ['privaterelay.appleid.com', 'icloud.com', 'me.com', 'mac.com']

/**
 * Apple. It vouches for addresses of its own domains, among them those that hide a person's own.
 * Variables: `APPLE_CLIENT_ID` (the Services ID), `APPLE_TEAM_ID`, `APPLE_KEY_ID`,
 * `APPLE_PRIVATE_KEY` (the text of the `.p8` file).
 */
export function apple(options: ProviderOptions = {}): IdentityProvider {
  const provider = openId({
    ...{ name: 'apple', title: 'Apple', issuer: 'https://appleid.apple.com' },
    ...{ scopes: ['openid', 'email', 'name'], options },
    vouches: (email, { email_verified: verified }) =>
      // Apple writes it as text as well.
      (verified === true || verified === 'true') && isOf(email, appleDomains),
  })
  return Object.freeze<IdentityProvider>({
    ...provider,
    // Written down: its published configuration has named another issuer than its tokens before.
    protocol: {
      ...{ is: 'openid', issuer: 'https://appleid.apple.com' },
      endpoints: {
        authorization: 'https://appleid.apple.com/auth/authorize',
        token: 'https://appleid.apple.com/auth/token',
        keys: 'https://appleid.apple.com/auth/keys',
      },
    } as const,
    // Apple tells name and address only so.
    parameters: { response_mode: 'form_post' },
    clientProof: 'apple-key',
  })
}

/**
 * GitLab, or an installation of one's own by its `issuer`; that one vouches for addresses of
 * `vouchesFor`. Variables: `GITLAB_CLIENT_ID`, `GITLAB_CLIENT_SECRET`.
 */
export function gitlab(
  options: ProviderOptions & {
    readonly issuer?: string
    readonly vouchesFor?: readonly string[]
  } = {},
): IdentityProvider {
  const { issuer = 'https://gitlab.com', vouchesFor = [] } = options
  return openId({
    ...{ name: 'gitlab', title: 'GitLab', issuer },
    ...{ scopes: ['openid', 'email', 'profile'], options },
    vouches: (email, { email_verified: verified }) => verified === true && isOf(email, vouchesFor),
  })
}

/**
 * LinkedIn. It answers a proof key with an error and puts no nonce into its ID token: a stolen
 * code is kept out by `state` and the browser's cookie alone. Variables: `LINKEDIN_CLIENT_ID`,
 * `LINKEDIN_CLIENT_SECRET`.
 */
export function linkedin(options: ProviderOptions = {}): IdentityProvider {
  const provider = openId({
    ...{ name: 'linkedin', title: 'LinkedIn', issuer: 'https://www.linkedin.com/oauth' },
    ...{ scopes: ['openid', 'profile', 'email'], options },
    vouches: () => false,
  })
  return Object.freeze({ ...provider, proofKey: false, nonce: false })
}

/** Slack. Variables: `SLACK_CLIENT_ID`, `SLACK_CLIENT_SECRET`. */
export function slack(options: ProviderOptions = {}): IdentityProvider {
  const provider = openId({
    ...{ name: 'slack', title: 'Slack', issuer: 'https://slack.com' },
    ...{ scopes: ['openid', 'profile', 'email'], options },
    vouches: () => false,
  })
  return Object.freeze<IdentityProvider>({
    ...provider,
    profile(claims) {
      const profile = readClaims(claims, () => false)
      const team = textOf(recordOf(claims)['https://slack.com/team_id'])
      // A user's id of Slack counts within its workspace.
      return profile && team !== undefined
        ? { ...profile, subject: `${team}:${profile.subject}` }
        : undefined
    },
  })
}
