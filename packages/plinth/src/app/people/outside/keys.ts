/** Owns what an app is known by at the providers that people sign in with. */

import type { IdentityProvider } from '../../../define/app/sign-in-with.ts'

/** What an app is known by at one provider. */
export type ProviderKeys =
  | { readonly is: 'secret'; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly is: 'apple-key'
      readonly clientId: string
      readonly teamId: string
      readonly keyId: string
      /** PKCS #8, in PEM. */
      readonly privateKey: string
    }

/** The keys of the providers that have theirs, by the provider's name. */
export type KeysByProvider = ReadonlyMap<string, ProviderKeys>

/** A provider that can be used. */
export interface UsableProvider {
  readonly provider: IdentityProvider
  readonly keys: ProviderKeys
}
