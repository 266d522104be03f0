/** Owns the rotation of API keys: a new one takes over, the old one goes on for a while. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { hourMs, instantText } from '../../base/time.ts'
import type { Action } from '../../engine/runtime.ts'
import { integerKind, uuidKind } from '../../kinds/kinds.ts'
import { given, type IdentityParts, maybe, operation } from '../flows/operation.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { demandMaker, demandStillMaker } from './asked.ts'
import { type MadeKey, storeKey } from './make.ts'

const hours = integerKind({ min: 0, max: limits.apiKeyOverlapHoursMax })

/** Makes the key that takes another one's place. */
export function rotateApiKey(parts: IdentityParts): Action {
  return {
    operation: operation('rotateApiKey', {
      path: 'rotate-api-key',
      description:
        'Makes a new key in the place of one: same scopes, same organisation, as many days. ' +
        'The old one is good for another `overlapHours`, and dead after them. Asks for a fresh ' +
        'proof.',
      input: [
        given('key', uuidKind(), 'The id of the key.'),
        maybe('overlapHours', hours, `Default ${limits.apiKeyOverlapHours}; 0 ends it at once.`),
      ],
    }),
    async run(scope) {
      const userId = demandMaker(scope)
      const { key, overlapHours } = scope.input
      const overlap = typeof overlapHours === 'number' ? overlapHours : limits.apiKeyOverlapHours
      const deadAt = scope.nowMs + overlap * hourMs
      const value = await scope.commit<MadeKey, Sight>(async (inside) => {
        await demandStillMaker(scope, inside, userId)
        return rotateKey(parts, inside, { userId, id: String(key), deadAt })
      })
      return { status: 200, value }
    },
  }
}

/** Which key is to be replaced. */
export interface Rotating {
  readonly userId: string
  readonly id: string
  /** In milliseconds since 1970. */
  readonly deadAt: number
}

/** Makes the key that takes another one's place, in a transaction. */
export async function rotateKey(
  parts: IdentityParts,
  inside: IdentityScope,
  { userId, id, deadAt }: Rotating,
): Promise<MadeKey> {
  const { apiKey } = inside.data.unrestricted
  const { data: found } = await apiKey.find({ filter: { id, userId }, limit: 1 })
  const [old] = found
  const endsAtMs = old ? Date.parse(old.expiresAt) : 0
  const nowMs = Date.parse(inside.now)
  if (!old || endsAtMs <= nowMs) throw new Failure('not_found')
  const { data: heirs } = await apiKey.find({ filter: { rotatedFromId: id }, limit: 1 })
  if (heirs.length > 0) {
    throw new Failure('conflict', { detail: 'It was rotated before: rotate the newer one.' })
  }
  const lifeMs = endsAtMs - Date.parse(old.createdAt)
  const { name, scopes, networks, organisationId, membershipId } = old
  const expiresAt = instantText(nowMs + lifeMs)
  await apiKey.update(id, { expiresAt: instantText(Math.min(endsAtMs, deadAt)) })
  const key = { userId, name, scopes, networks, organisationId, membershipId, expiresAt }
  return storeKey(parts, inside, { ...key, rotatedFromId: id })
}
