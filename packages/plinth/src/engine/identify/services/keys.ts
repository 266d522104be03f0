/** Owns the look-up of what services sign with, and the using up of tokens that are good once. */

import { instantText } from '../../../base/time.ts'
import type { IdentifyParts } from '../sessions.ts'

/** A key of a service that counts. */
export interface ServiceKey {
  readonly id: string
  readonly serviceId: string
  /** The service's name. */
  readonly service: string
  /** x of its JWK. */
  readonly publicKey: string
  /** In milliseconds since 1970. */
  readonly expiresAtMs: number
}

const findText = `select k.id, s.id, s.name, k.public_key,
    extract(epoch from k.expires_at) * 1000,
    k.last_used_at is null or k.last_used_at < $3::timestamp with time zone
  from identity.service_key k join identity.service_identity s on s.id = k.service_id
  where k.id = $1::uuid and k.expires_at > $2::timestamp with time zone`

const touchText = `update identity.service_key set last_used_at = $2::timestamp with time zone
  where id = $1::uuid
    and (last_used_at is null or last_used_at < $3::timestamp with time zone)`

// A key is used again at most this often before the use is written down.
const touchAfterMs = 60_000

/** Finds a key that counts now. Its use is written down beside the call, once a minute. */
export async function findServiceKey(
  { database, clock, log }: IdentifyParts,
  id: string,
): Promise<ServiceKey | undefined> {
  const nowMs = clock.now()
  const values = [id, instantText(nowMs), instantText(nowMs - touchAfterMs)]
  const { rows } = await database.query({
    ...{ name: 'plinth_service_key_find', text: findText, repeatable: true, values },
  })
  const [found, serviceId, service, publicKey, expiresAtMs, stale] = rows[0] ?? []
  if (!found || !serviceId || !service || !publicKey) return undefined
  if (stale === 't') {
    const touch = { name: 'plinth_service_key_touch', text: touchText, values }
    database.query(touch).catch((cause: unknown) => {
      log({ level: 'warning', message: 'the use of a key was not written down', cause })
    })
  }
  return { id: found, serviceId, service, publicKey, expiresAtMs: Number(expiresAtMs) }
}

const useText = `insert into identity.service_token_use
    (id, created_at, updated_at, version, token_id, expires_at)
  values ($1::uuid, $2::timestamp with time zone, $2::timestamp with time zone, 1, $3, $4)
  on conflict (token_id) do nothing`

/** A token that is good for one call. */
export interface OnceToken {
  /** A new id for the record. */
  readonly id: string
  /** What the token is called, whoever signed it. */
  readonly tokenId: string
  /** Until when it could come again, in milliseconds since 1970. */
  readonly untilMs: number
}

/**
 * Uses a token up, in one statement under a unique key: of any number of calls that come with it,
 * on all nodes, one is told true.
 */
export async function useServiceToken(
  { database, clock }: Pick<IdentifyParts, 'database' | 'clock'>,
  { id, tokenId, untilMs }: OnceToken,
): Promise<boolean> {
  const values = [id, instantText(clock.now()), tokenId, instantText(untilMs)]
  const { count } = await database.query({ name: 'plinth_service_use', text: useText, values })
  return count === 1
}
