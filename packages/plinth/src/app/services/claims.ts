/** Owns the form of what services sign: the header, the claims, and how long each may be. */

import type { KeyObject } from 'node:crypto'
import { Failure } from '../../base/failure.ts'
import { base64url, randomBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { prefixes } from '../../identity/tokens.ts'

/** The one algorithm (RFC 8037), whatever a header says. */
export const algorithm = 'EdDSA'

/** Says what it is, so that no other signed thing can stand for it (RFC 8725). */
export const tokenType = 'plinth-service+jwt'

/** Who signs, as a token names it. */
export function issuerOf(service: string): string {
  return `service:${service}`
}

/** What a service asks of one token. */
export interface ServiceTokenOptions {
  /** Narrower than what the service may. Default: all that it may. */
  readonly scopes?: readonly string[]
  /** The id of the organisation to work in. Default: none. Only where the service may. */
  readonly organisation?: string
  /** 1 to 300. Default 300. */
  readonly lifeSeconds?: number
}

/** What a token is signed with. */
export interface Signing {
  readonly service: string
  /** Of the public half, in the installation that is called. */
  readonly keyId: string
  readonly privateKey: KeyObject
  /** The installation that is called. */
  readonly audience: string
  readonly nowMs: number
}

/** Signs a token. Fails with `invalid_input` where its life or its scopes cannot be. */
export async function signToken(
  { service, keyId, privateKey, audience, nowMs }: Signing,
  { scopes, organisation, lifeSeconds = limits.serviceTokenSeconds }: ServiceTokenOptions = {},
): Promise<string> {
  const { SignJWT } = await import('jose')
  const most = limits.serviceTokenSeconds
  if (!Number.isInteger(lifeSeconds) || lifeSeconds < 1 || lifeSeconds > most) {
    const detail = `A token of a service lives for 1 to ${most} seconds, not for ${lifeSeconds}.`
    throw new Failure('invalid_input', { detail })
  }
  const seconds = Math.floor(nowMs / 1_000)
  const narrowed = scopes === undefined ? {} : { scope: scopes.join(' ') }
  const claims = { ...narrowed, ...(organisation === undefined ? {} : { organisation }) }
  const signed = await new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ: tokenType, kid: keyId })
    .setIssuer(issuerOf(service))
    .setAudience(audience)
    .setJti(base64url(randomBytes(18)))
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + lifeSeconds)
    .sign(privateKey)
  const token = `${prefixes.service}${signed}`
  if (token.length <= limits.serviceTokenBytesMax) return token
  const detail = 'The token would be too long: ask for fewer scopes, or for a wider one.'
  throw new Failure('invalid_input', { detail })
}
