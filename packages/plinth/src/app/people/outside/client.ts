/** Owns speaking with identity providers, by a certified library loaded when first needed. */

import type { Configuration } from 'openid-client'
import { Failure } from '../../../base/failure.ts'
import { minuteMs, systemClock } from '../../../base/time.ts'
import type { IdentityProvider } from '../../../define/app/sign-in-with.ts'
import type { Log } from '../../../engine/runtime.ts'
import { freshMs } from '../../../identity/outside/fresh.ts'
import type { OutsideClient, OutsideWho, Ties } from '../../../identity/outside/parts.ts'
import { Unanswered } from '../../../outbound/ask.ts'
import type { OutboundPolicy } from '../../../outbound/target.ts'
import { Configurations, type Ready } from './configurations.ts'
import { type Moment, providerFailure, unproven } from './failures.ts'
import type { KeysByProvider } from './keys.ts'

/** What speaking with providers stands on. */
export interface ClientParts {
  readonly keys: KeysByProvider
  readonly policy: OutboundPolicy
  /** The address of a page of this app: where somebody comes back to. */
  readonly address: (path: string) => string
  readonly log: Log
}

/** Where somebody comes back to: each provider has its own, so that none is taken for another. */
export function callbackPath(provider: string): string {
  return `/account/with/${provider}/callback`
}

/** Speaks with providers. */
export function outsideClient({ keys, policy, address, log }: ClientParts): OutsideClient {
  const configurations = new Configurations(keys, policy)
  const guard = async <T>(
    { name, title }: IdentityProvider,
    moment: Moment,
    work: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const failure = providerFailure(error, title, moment)
      if (failure instanceof Failure && failure.cause !== undefined) {
        const { cause, code } = failure
        log({ level: 'warning', message: `signing in with ${name}: ${code}`, cause })
      }
      throw failure
    }
  }
  const back = ({ name }: IdentityProvider): string => address(callbackPath(name))
  return {
    begin: (provider, ties, again) =>
      guard(provider, 'asked', async () => {
        const { config } = await configurations.of(provider)
        return sentTo(config, { provider, ties, again, back: back(provider) })
      }),
    finish: (provider, ties, brought) =>
      guard(provider, 'came-back', async () => {
        const ready = await configurations.of(provider)
        return whoCameBack(ready, { provider, ties, brought, back: back(provider) })
      }),
  }
}

interface Sending {
  readonly provider: IdentityProvider
  readonly ties: Ties
  readonly again: boolean
  readonly back: string
}

async function sentTo(config: Configuration, sending: Sending): Promise<string> {
  const { provider, ties, again, back } = sending
  const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client')
  const { scopes, parameters, protocol, proofKey, nonce } = provider
  const url = buildAuthorizationUrl(config, {
    ...parameters,
    redirect_uri: back,
    scope: scopes.join(' '),
    state: ties.state,
    ...(nonce ? { nonce: ties.nonce } : {}),
    ...(proofKey
      ? {
          code_challenge: await calculatePKCECodeChallenge(ties.verifier),
          code_challenge_method: 'S256',
        }
      : {}),
    // What is asked to be younger than so long has to say how old it is: who takes it, looks.
    ...(again && protocol.is === 'openid'
      ? { prompt: 'login', max_age: String(freshMs / 1_000) }
      : {}),
  })
  return url.href
}

type Claims = Readonly<Record<string, unknown>>

interface Coming {
  readonly provider: IdentityProvider
  readonly ties: Ties
  readonly brought: URLSearchParams
  readonly back: string
}

async function whoCameBack(ready: Ready, coming: Coming): Promise<OutsideWho> {
  const { provider, ties, brought, back } = coming
  const { config, proof, clientId } = ready
  const { authorizationCodeGrant } = await import('openid-client')
  await proof.renew()
  const here = new URL(back)
  here.search = brought.toString()
  const openid = provider.protocol.is === 'openid'
  const tokens = await authorizationCodeGrant(config, here, {
    ...{ expectedState: ties.state, idTokenExpected: openid },
    ...(provider.proofKey ? { pkceCodeVerifier: ties.verifier } : {}),
    ...(provider.nonce ? { expectedNonce: ties.nonce } : {}),
  })
  if (!openid) return byProfile(config, { provider, token: tokens.access_token })
  const claims: Claims = tokens.claims() ?? {}
  // The library asks for it of several audiences alone: a token for somebody else is none of ours.
  if (claims.azp !== undefined && claims.azp !== clientId) throw unproven(provider.title)
  const more = await userInfo(config, { provider, token: tokens.access_token, claims })
  const known = who(provider, String(claims.iss), provider.profile({ ...more, ...claims }))
  return { ...known, provedAgoMs: provedAgoMs(claims) }
}

// Clocks of two machines differ by so much, and hardly by more.
const skewMs = minuteMs

/** By the clock of the world, as everything that an issuer signs. */
function provedAgoMs({ auth_time: seconds }: Claims): number | undefined {
  if (typeof seconds !== 'number') return undefined
  const agoMs = systemClock.now() - seconds * 1_000
  return agoMs < -skewMs ? undefined : Math.max(0, agoMs)
}

interface Asking {
  readonly provider: IdentityProvider
  readonly token: string
}

/** What the issuer tells of the person beside the ID token, where that one lacks the address. */
async function userInfo(
  config: Configuration,
  { token, claims }: Asking & { readonly claims: Claims },
): Promise<object> {
  const { fetchUserInfo } = await import('openid-client')
  const { email, sub } = claims
  if (email !== undefined || typeof sub !== 'string') return {}
  if (config.serverMetadata().userinfo_endpoint === undefined) return {}
  return fetchUserInfo(config, token, sub)
}

async function byProfile(config: Configuration, { provider, token }: Asking): Promise<OutsideWho> {
  const { protocol } = provider
  const { fetchProtectedResource } = await import('openid-client')
  const urls = protocol.is === 'oauth' ? protocol.profileUrls : []
  const answers: unknown[] = []
  for (const url of urls) {
    const headers = new Headers({ accept: 'application/json' })
    const answer = await fetchProtectedResource(
      ...([config, token, new URL(url), 'GET', null, headers] as const),
    )
    // What the person has not let us ask for is left out; who they are is not.
    if (answer.status >= 500 || (answers.length === 0 && !answer.ok)) {
      throw new Unanswered(`The profile was answered with ${answer.status}.`)
    }
    answers.push(answer.ok ? await jsonOf(answer) : undefined)
  }
  return who(provider, protocol.issuer, provider.profile(...answers))
}

async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch (cause) {
    throw new Unanswered('The profile was answered with something else than JSON.', { cause })
  }
}

function who(
  { title }: IdentityProvider,
  issuer: string,
  profile: ReturnType<IdentityProvider['profile']>,
): OutsideWho {
  if (!profile) throw unproven(title)
  return { ...profile, issuer }
}
