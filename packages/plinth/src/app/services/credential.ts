/** Owns what a service of its own process is given: its private key, and whom to sign for. */

import { createPrivateKey, type KeyObject } from 'node:crypto'
import { Failure } from '../../base/failure.ts'
import { checksumOf, hasChecksum } from '../../base/secret/checksum.ts'
import { systemClock } from '../../base/time.ts'
import { prefixes } from '../../identity/tokens.ts'
import { type ServiceTokenOptions, signToken } from './claims.ts'

/** What stands in a credential. */
export interface ServiceCredential {
  readonly service: string
  readonly keyId: string
  /** The installation that it is good for. */
  readonly audience: string
  /** Both halves of an Ed25519 key, as a JWK has them (RFC 8037). */
  readonly publicKey: string
  readonly privateKey: string
}

/** Writes a credential as one word: a secret, as a password is. */
export function credentialText(credential: ServiceCredential): string {
  const bytes = new TextEncoder().encode(JSON.stringify(credential))
  const word = bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
  const body = `${prefixes['service-key']}${word}`
  return `${body}${checksumOf(body)}`
}

/**
 * Makes what signs the tokens of a service, from the credential that `plinth service key` has
 * shown. Each call signs a new token, good for five minutes; it takes well under a millisecond and
 * asks nobody. Fails with `configuration_invalid` where the credential is cut off or mistyped.
 *
 * @example
 * const tokenOf = serviceTokens(process.env.SHOP_SERVICE_KEY)
 * await fetch(address, { headers: { authorization: `Bearer ${await tokenOf()}` } })
 */
export function serviceTokens(
  credential: string | undefined,
): (options?: ServiceTokenOptions) => Promise<string> {
  const { service, keyId, audience, ...halves } = readCredential(credential ?? '')
  const privateKey = keyOf(halves)
  return (options) => {
    const nowMs = systemClock.now()
    return signToken({ service, keyId, audience, privateKey, nowMs }, options)
  }
}

/** The private key of its halves. */
export function keyOf({
  publicKey: x,
  privateKey: d,
}: Pick<ServiceCredential, 'publicKey' | 'privateKey'>): KeyObject {
  return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x, d }, format: 'jwk' })
}

function readCredential(text: string): ServiceCredential {
  const word = text.trim()
  const prefix = prefixes['service-key']
  if (!word.startsWith(prefix) || !hasChecksum(word)) throw unreadable()
  try {
    const body = word.slice(prefix.length, -6)
    const bytes = Uint8Array.fromBase64(body, { alphabet: 'base64url' })
    return JSON.parse(new TextDecoder().decode(bytes)) as ServiceCredential
  } catch {
    throw unreadable()
  }
}

function unreadable(): Failure {
  const detail =
    'The credential of the service is missing, mistyped or cut off: give the whole word that ' +
    '`plinth service key` has shown.'
  return new Failure('configuration_invalid', { detail })
}
