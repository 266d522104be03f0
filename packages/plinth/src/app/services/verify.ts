/** Owns the way from a service's token to its caller: signature and claims, then the key. */

import { createPublicKey, type KeyObject } from 'node:crypto'
import type { ActiveOrganisation, Caller } from '../../access/caller.ts'
import { narrowed } from '../../access/scopes/narrow.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Service } from '../../define/app/services.ts'
import {
  findServiceKey,
  type ServiceKey,
  useServiceToken,
} from '../../engine/identify/services/keys.ts'
import { livingOrganisations } from '../../engine/identify/services/organisations.ts'
import type { IdentifyParts } from '../../engine/identify/sessions.ts'
import type { TokenSort } from '../../engine/identify/tokens.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { prefixes } from '../../identity/tokens.ts'
import { algorithm, issuerOf, tokenType } from './claims.ts'

/** What verifying works with. */
export interface VerifyParts extends IdentifyParts, Pick<Runtime, 'catalog' | 'newId'> {
  /** What tokens for this installation name. */
  readonly audience: string
}

// Header, claims, and a signature of exactly 64 bytes.
const pattern = /^pln_[\w-]{1,300}\.[\w-]{1,4000}\.[\w-]{86}$/
const keyIdForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const tokenIdForm = /^[\w-]{16,64}$/
const { serviceTokenSeconds: lifeMax, serviceTokenSkewSeconds: skew } = limits

/** Tokens of services; none is taken where the app declares no service. */
export function serviceTokenSort(parts: VerifyParts): TokenSort {
  const keyOf = knownKeys(parts)
  return {
    pattern,
    identify: (token) => {
      if (token.length > limits.serviceTokenBytesMax) return Promise.reject(refused())
      return callerOf(parts, keyOf, token.slice(prefixes.service.length))
    },
  }
}

interface Known extends ServiceKey {
  readonly verifier: KeyObject
}

type KeyOf = (id: string) => Promise<Known | undefined>

async function callerOf(parts: VerifyParts, keyOf: KeyOf, signed: string): Promise<Caller> {
  const claims = await claimsOf(parts, keyOf, signed)
  const { key, tokenId, expiresAt, scope, organisation: asked } = claims
  const service = parts.catalog.services.get(key.service)
  if (!service) throw refused()
  const organisation = await placeOf(parts, service, asked)
  if (service.singleUse) {
    const untilMs = (expiresAt + skew + 1) * 1_000
    const once = { id: parts.newId(), tokenId: `${key.id} ${tokenId}`, untilMs }
    if (!(await useServiceToken(parts, once))) throw refused()
  }
  const { scopes: held, name, roles } = service
  const scopes = scope === undefined ? held : narrowed(held, scope.split(' '), parts.catalog)
  const via = { sort: 'service', id: key.id, scopes, organisation: asked } as const
  return { is: 'service', id: key.serviceId, name, roles, via, organisation }
}

/**
 * Where the service works: in the organisation that it has signed for, or in none. Told plainly, as
 * whoever comes has signed with the service's own key.
 */
async function placeOf(
  { database }: VerifyParts,
  { name, organisationRole: role }: Service,
  id: string | undefined,
): Promise<ActiveOrganisation | undefined> {
  if (id === undefined) return undefined
  if (role === undefined) throw new Failure('invalid_credentials', { detail: noPlace(name) })
  const living = await livingOrganisations(database, [id])
  if (living.has(id)) return { id, role }
  const detail = 'The organisation that the token names is not there: sign one for another.'
  throw new Failure('invalid_credentials', { detail })
}

/** What a service hears that works in no organisation, and asks for one. */
export function noPlace(service: string): string {
  const cure = `services: { ${service}: { organisationRole: 'member' } }`
  return `The service ${service} works in no organisation: sign without one, or say ${cure}.`
}

interface Claims {
  readonly key: Known
  readonly tokenId: string
  /** Seconds since 1970. */
  readonly expiresAt: number
  readonly scope: string | undefined
  /** The id of the organisation that it was signed for. */
  readonly organisation: string | undefined
}

/** What was signed. Whatever can be told without the database is told before it is asked. */
async function claimsOf(parts: VerifyParts, keyOf: KeyOf, signed: string): Promise<Claims> {
  const { decodeJwt, decodeProtectedHeader, errors, jwtVerify } = await import('jose')
  try {
    const { alg, typ, kid = '' } = decodeProtectedHeader(signed)
    if (alg !== algorithm || typ !== tokenType || !keyIdForm.test(kid)) throw refused()
    const { aud, exp = 0, iat = Number.POSITIVE_INFINITY } = decodeJwt(signed)
    const nowMs = parts.clock.now()
    if (aud !== parts.audience || (exp + skew) * 1_000 <= nowMs) throw refused()
    if (exp - iat > lifeMax || (iat - skew) * 1_000 > nowMs) throw refused()
    const key = await keyOf(kid)
    if (!key) throw refused()
    const { payload } = await jwtVerify(signed, key.verifier, {
      ...{ algorithms: [algorithm], typ: tokenType, audience: parts.audience },
      ...{ issuer: issuerOf(key.service), currentDate: new Date(nowMs), clockTolerance: skew },
      ...{ requiredClaims: ['exp', 'iat', 'jti'], maxTokenAge: lifeMax },
    })
    const { jti = '', exp: expiresAt = 0, scope, organisation } = payload
    if (!tokenIdForm.test(jti)) throw refused()
    if (scope !== undefined && typeof scope !== 'string') throw refused()
    if (organisation !== undefined && !isId(organisation)) throw refused()
    return { key, tokenId: jti, expiresAt, scope, organisation }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw refused()
    throw error
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && keyIdForm.test(value)
}

/**
 * Keys as they were found at most `serviceKeyKnownMs` ago: a service that calls a thousand times a
 * second costs one look-up in five. One that is not known is never remembered.
 */
function knownKeys(parts: VerifyParts): KeyOf {
  const known = new Map<string, { readonly key: Promise<Known | undefined>; staleMs: number }>()
  const find = async (id: string): Promise<Known | undefined> => {
    const found = await findServiceKey(parts, id)
    if (!found) known.delete(id)
    return found && { ...found, verifier: verifierOf(found.publicKey) }
  }
  return async (id) => {
    const nowMs = parts.clock.now()
    const held = known.get(id)
    if (held && nowMs < held.staleMs) {
      const key = await held.key
      return key && nowMs < key.expiresAtMs ? key : undefined
    }
    const key = find(id)
    known.set(id, { key, staleMs: nowMs + limits.serviceKeyKnownMs })
    key.catch(() => known.delete(id))
    return key
  }
}

function verifierOf(x: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

/** One answer for every token that does not count. */
function refused(): Failure {
  return new Failure('invalid_credentials', {
    detail:
      'The token of the service does not count: it has ended or was used, or it was signed for ' +
      'another installation or by a key that counts no more. Sign a new one.',
  })
}
