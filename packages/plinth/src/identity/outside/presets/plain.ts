/** Owns the known providers of plain OAuth 2: endpoints, scopes, and how their answers are read. */

import type { IdentityProvider } from '../../../define/app/sign-in-with.ts'
import { plainOAuth, recordOf, textOf } from '../provider.ts'
import type { ProviderOptions } from './openid.ts'

/**
 * GitHub. Its primary address is taken, and its owner is asked by mail. Variables:
 * `GITHUB_CLIENT_ID`, `GITHUB_CLIENT_SECRET`.
 */
export function github(options: ProviderOptions = {}): IdentityProvider {
  return plainOAuth({
    ...{ name: 'github', title: 'GitHub', issuer: 'https://github.com/login/oauth' },
    authorization: 'https://github.com/login/oauth/authorize',
    token: 'https://github.com/login/oauth/access_token',
    profileUrls: ['https://api.github.com/user', 'https://api.github.com/user/emails'],
    ...{ scopes: ['read:user', 'user:email'], options },
    profile(user, emails) {
      const { id, name, login } = recordOf(user)
      if (typeof id !== 'number') return undefined
      const list = Array.isArray(emails) ? emails.map(recordOf) : []
      const primary = list.find((one) => one.primary === true && one.verified === true)
      return {
        ...{ subject: String(id), vouched: false, email: textOf(primary?.email) },
        name: textOf(name) ?? textOf(login),
      }
    },
  })
}

/** Facebook. Variables: `FACEBOOK_CLIENT_ID` (the app's id), `FACEBOOK_CLIENT_SECRET`. */
export function facebook(options: ProviderOptions = {}): IdentityProvider {
  return plainOAuth({
    ...{ name: 'facebook', title: 'Facebook', issuer: 'https://www.facebook.com' },
    authorization: 'https://www.facebook.com/v24.0/dialog/oauth',
    token: 'https://graph.facebook.com/v24.0/oauth/access_token',
    profileUrls: ['https://graph.facebook.com/v24.0/me?fields=id,name,email'],
    ...{ scopes: ['public_profile', 'email'], options },
    profile(user) {
      const { id, name, email } = recordOf(user)
      return person(id, { email: textOf(email), name: textOf(name) })
    },
  })
}

/** Discord. Variables: `DISCORD_CLIENT_ID`, `DISCORD_CLIENT_SECRET`. */
export function discord(options: ProviderOptions = {}): IdentityProvider {
  return plainOAuth({
    ...{ name: 'discord', title: 'Discord', issuer: 'https://discord.com' },
    authorization: 'https://discord.com/oauth2/authorize',
    token: 'https://discord.com/api/oauth2/token',
    profileUrls: ['https://discord.com/api/users/@me'],
    ...{ scopes: ['identify', 'email'], options },
    profile(user) {
      const { id, email, global_name: shown, username } = recordOf(user)
      return person(id, { email: textOf(email), name: textOf(shown) ?? textOf(username) })
    },
  })
}

/** X. Variables: `X_CLIENT_ID`, `X_CLIENT_SECRET`. */
export function x(options: ProviderOptions = {}): IdentityProvider {
  return plainOAuth({
    ...{ name: 'x', title: 'X', issuer: 'https://x.com' },
    authorization: 'https://x.com/i/oauth2/authorize',
    token: 'https://api.x.com/2/oauth2/token',
    profileUrls: ['https://api.x.com/2/users/me?user.fields=confirmed_email'],
    ...{ scopes: ['users.read', 'tweet.read', 'users.email'], options },
    clientProof: 'secret-in-header',
    profile(answer) {
      const { id, name, confirmed_email: email } = recordOf(recordOf(answer).data)
      return person(id, { email: textOf(email), name: textOf(name) })
    },
  })
}

interface Told {
  readonly email: string | undefined
  readonly name: string | undefined
}

/** None of them gives out addresses of mail: what they say of one is a claim. */
function person(id: unknown, told: Told) {
  const subject = textOf(id)
  return subject === undefined ? undefined : { ...told, subject, vouched: false }
}
