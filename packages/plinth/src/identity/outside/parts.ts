/** Owns what signing in by other providers stands on, and what it asks of them. */

import { Failure } from '../../base/failure.ts'
import type { Sealer } from '../../base/secret/sealer.ts'
import type { IdentityProvider, OutsideProfile } from '../../define/app/sign-in-with.ts'
import { textKind } from '../../kinds/kinds.ts'
import type { OutsideMailing } from './mailing.ts'

/** What signing in by other providers stands on. */
export interface OutsideParts {
  /** Those that the app declares and that have their keys, in order. */
  readonly providers: readonly IdentityProvider[]
  readonly client: OutsideClient
  /** Seals what one attempt has to find again; its key serves nothing else. */
  readonly sealer: Sealer
  readonly mailing: OutsideMailing
}

/** What ties an answer to the attempt that asked for it. */
export interface Ties {
  readonly state: string
  /** The verifier of the proof key (RFC 7636). */
  readonly verifier: string
  readonly nonce: string
}

/** Speaks with providers. Fails with `unavailable` where one does not answer as it should. */
export interface OutsideClient {
  /** The address to which somebody is sent. `again`: the provider is to ask who they are. */
  begin(provider: IdentityProvider, ties: Ties, again: boolean): Promise<string>
  /**
   * Who came back, by the parameters that they brought. Fails with `invalid_credentials` where
   * these prove nothing.
   */
  finish(provider: IdentityProvider, ties: Ties, brought: URLSearchParams): Promise<OutsideWho>
}

/** Somebody, by the issuer that has signed for them. */
export interface OutsideWho extends OutsideProfile {
  readonly issuer: string
  /** How long ago they showed the issuer who they are; undefined where it does not say. */
  readonly provedAgoMs?: number | undefined
}

/** The provider of this name. Fails with `not_found`. */
export function demandProvider({ providers }: OutsideParts, name: unknown): IdentityProvider {
  const provider = providers.find((one) => one.name === name)
  if (provider) return provider
  throw new Failure('not_found', {
    detail: 'This app does not sign in with such a provider: see /api/identity/providers.',
  })
}

/** The name of a provider. */
export const providerInput = textKind({ max: 30 })
