/** Owns what is known of providers: found out when first needed, and again after a while. */

import type { Configuration, ServerMetadata } from 'openid-client'
import { limits } from '../../../base/limits.ts'
import { hourMs, monotonicMs, systemClock } from '../../../base/time.ts'
import type { IdentityProvider } from '../../../define/app/sign-in-with.ts'
import type { OutboundPolicy } from '../../../outbound/target.ts'
import { type ClientProof, clientProof } from './client-proof.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { KeysByProvider, UsableProvider } from './keys.ts'

/** A provider that can be asked. */
export interface Ready {
  readonly config: Configuration
  readonly proof: ClientProof
  readonly clientId: string
}

interface Kept {
  readonly ready: Promise<Ready>
  readonly untilMs: number
}

/** What is known of providers, each found out once for all who wait for it. */
export class Configurations {
  readonly #keys: KeysByProvider
  readonly #policy: OutboundPolicy
  readonly #kept = new Map<string, Kept>()

  constructor(keys: KeysByProvider, policy: OutboundPolicy) {
    this.#keys = keys
    this.#policy = policy
  }

  /** Fails as the library does where the provider does not tell what it should. */
  async of(provider: IdentityProvider): Promise<Ready> {
    const { name } = provider
    const kept = this.#kept.get(name)
    if (kept && kept.untilMs > monotonicMs()) return kept.ready
    const keys = this.#keys.get(name)
    if (!keys) throw new TypeError(`the provider ${name} has no keys`)
    const ready = makeReady({ provider, keys }, this.#policy)
    this.#kept.set(name, { ready, untilMs: monotonicMs() + hourMs })
    // What failed is tried again by the next who asks.
    ready.catch(() => this.#kept.delete(name))
    return ready
  }
}

async function makeReady(usable: UsableProvider, policy: OutboundPolicy): Promise<Ready> {
  const { provider, keys } = usable
  const { clientId } = keys
  // Others judge by the time of the world: it is the machine's clock that signs for them.
  const proof = await clientProof(usable, systemClock)
  const library = await import('openid-client')
  const config = await found(provider, { clientId, proof, policy, library })
  const { authorization_endpoint: place = '' } = config.serverMetadata()
  if (!isPlace(place, policy)) {
    throw new library.ClientError('its authorization endpoint is no address of the web')
  }
  return { config, proof, clientId }
}

interface Finding {
  readonly clientId: string
  readonly proof: ClientProof
  readonly policy: OutboundPolicy
  readonly library: typeof import('openid-client')
}

async function found(
  { protocol }: IdentityProvider,
  { clientId, proof, policy, library }: Finding,
): Promise<Configuration> {
  const fetch = guardedFetch(policy)
  const timeout = limits.providerTimeoutMs / 1_000
  // The signature of an ID token is checked, though it came over a connection of our own.
  const checks = [library.enableNonRepudiationChecks]
  const plain = policy.secureOnly ? [] : [library.allowInsecureRequests]
  const execute = [...checks, ...plain]
  if (protocol.is === 'openid' && protocol.endpoints === undefined) {
    const options = { [library.customFetch]: fetch, timeout, execute }
    return library.discovery(new URL(protocol.issuer), clientId, {}, proof.auth, options)
  }
  const config = new library.Configuration(written(protocol), clientId, {}, proof.auth)
  config[library.customFetch] = fetch
  config.timeout = timeout
  for (const extend of execute) extend(config)
  return config
}

function written(protocol: IdentityProvider['protocol']): ServerMetadata {
  const { issuer, endpoints } = protocol
  return {
    issuer,
    authorization_endpoint: endpoints?.authorization ?? '',
    token_endpoint: endpoints?.token ?? '',
    ...(endpoints && 'keys' in endpoints ? { jwks_uri: endpoints.keys } : {}),
  }
}

function isPlace(text: string, { secureOnly }: OutboundPolicy): boolean {
  const url = URL.parse(text)
  return url?.protocol === 'https:' || (!secureOnly && url?.protocol === 'http:')
}
