/** Owns how an app shows itself to a provider: by a secret, or by what a key of Apple's signs. */

import type { ClientAuth } from 'openid-client'
import { type Clock, minuteMs } from '../../../base/time.ts'
import type { UsableProvider } from './keys.ts'

const proofMinutes = 5
const appleAudience = 'https://appleid.apple.com'

/** How an app shows itself. */
export interface ClientProof {
  readonly auth: ClientAuth
  /** Called before each request that shows it. */
  renew(): Promise<void>
}

/** Makes it of the provider's keys. */
export async function clientProof(
  { provider, keys }: UsableProvider,
  clock: Clock,
): Promise<ClientProof> {
  const { ClientSecretBasic, ClientSecretPost } = await import('openid-client')
  if (keys.is === 'secret') {
    const { clientSecret } = keys
    const inHeader = provider.clientProof === 'secret-in-header'
    const auth = inHeader ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret)
    return { auth, renew: async () => undefined }
  }
  let secret = ''
  return {
    auth: (...asked) => ClientSecretPost(secret)(...asked),
    async renew() {
      // Apple takes one for at most half a year: one that lives for minutes cannot be stolen.
      const { importPKCS8, SignJWT } = await import('jose')
      const key = await importPKCS8(keys.privateKey, 'ES256')
      const nowSeconds = Math.floor(clock.now() / 1_000)
      secret = await new SignJWT()
        .setProtectedHeader({ alg: 'ES256', kid: keys.keyId })
        .setIssuer(keys.teamId)
        .setSubject(keys.clientId)
        .setAudience(appleAudience)
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + (proofMinutes * minuteMs) / 1_000)
        .sign(key)
    },
  }
}
