/** Owns the secrets of endpoints: sealed with the app's secret, several while they change. */

import { hex, randomBytes } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Sealer } from '../base/secret/sealer.ts'
import { instantText } from '../base/time.ts'
import { newSecret, type SigningScheme } from './signature.ts'

/** A secret as it is stored. */
export interface StoredSecret {
  readonly id: string
  readonly scheme: SigningScheme
  /** AES-256-GCM under the app's secret, bound to the endpoint and to `id`: base64url. */
  readonly sealed: string
  /** `whpk_…` of a key pair. */
  readonly publicKey: string | null
  /** RFC 3339; null: it is the one in use. */
  readonly expiresAt: string | null
}

/** What a new secret makes of an endpoint's list, and what is shown of it, once. */
export interface Rotated {
  readonly secrets: readonly StoredSecret[]
  readonly publicKeys: readonly string[]
  /** `whsec_…` is shown once; of a key pair only the public half ever is. */
  readonly shown: { readonly secret: string } | { readonly publicKey: string }
}

interface Rotation {
  readonly endpoint: string
  readonly scheme: SigningScheme
  readonly nowMs: number
  /** How long what was in use goes on to sign. */
  readonly overlapMs?: number
}

/** Adds a new secret in front; the ones before it sign along until their time is over. */
export async function rotated(
  known: readonly StoredSecret[],
  using: Sealer,
  { endpoint, scheme, nowMs, overlapMs = limits.webhookSecretOverlapHours * 3_600_000 }: Rotation,
): Promise<Rotated> {
  const made = await newSecret(scheme)
  const id = hex(randomBytes(8))
  const sealed = await using.seal(made.secret, placeOf(endpoint, id))
  const publicKey = made.publicKey ?? null
  const expiresAt = instantText(nowMs + overlapMs)
  const older = usableSecrets(known, nowMs)
    .map((one) => (one.expiresAt === null ? { ...one, expiresAt } : one))
    .filter(() => overlapMs > 0)
    .slice(0, olderMax)
  const secrets: StoredSecret[] = [{ id, scheme, sealed, publicKey, expiresAt: null }, ...older]
  return {
    secrets,
    publicKeys: secrets.flatMap((one) => (one.publicKey === null ? [] : [one.publicKey])),
    shown: made.publicKey === undefined ? { secret: made.secret } : { publicKey: made.publicKey },
  }
}

const olderMax = 4

/** The secrets that sign at a moment. */
export function usableSecrets(
  known: readonly StoredSecret[],
  nowMs: number,
): readonly StoredSecret[] {
  return known.filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > nowMs)
}

/** Opens the secrets that sign at a moment; undefined where another app secret sealed one. */
export async function openSecrets(
  known: readonly StoredSecret[],
  using: Sealer,
  { endpoint, nowMs }: { readonly endpoint: string; readonly nowMs: number },
): Promise<readonly string[] | undefined> {
  const opened = await Promise.all(
    usableSecrets(known, nowMs).map(({ id, sealed }) => using.open(sealed, placeOf(endpoint, id))),
  )
  const texts = opened.filter((text) => text !== undefined)
  return texts.length === opened.length && texts.length > 0 ? texts : undefined
}

function placeOf(endpoint: string, id: string): string {
  return `webhook-secret/${endpoint}/${id}`
}
