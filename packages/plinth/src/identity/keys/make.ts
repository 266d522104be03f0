/** Owns the making of API keys. */

import { limits } from '../../base/limits.ts'
import type { Action } from '../../engine/runtime.ts'
import { textKind } from '../../kinds/kinds.ts'
import { given, type IdentityParts, operation } from '../flows/operation.ts'
import { mailedName } from '../mail/names.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import * as asked from './asked.ts'
import { type Bound, boundInput, boundTo } from './bound.ts'

/** Makes an API key, shown this once. */
export function makeApiKey(parts: IdentityParts): Action {
  return {
    operation: operation('makeApiKey', {
      path: 'make-api-key',
      description:
        'Makes a key by which a program calls in your name, as far as its scopes say. Answers ' +
        'with the key, shown this once. Asks for a fresh proof; a mail tells of it.',
      input: [
        given('name', textKind({ min: 1, max: 100 }), 'What it is for.'),
        asked.scopesInput,
        asked.daysInput(limits.apiKeyDaysMax, limits.apiKeyDays),
        asked.networksInput,
        boundInput,
      ],
    }),
    async run(scope) {
      const userId = asked.demandMaker(scope)
      const { input, nowMs } = scope
      const scopes = asked.wordsOf(input.scopes)
      const networks = asked.wordsOf(input.networks)
      asked.demandReadable(parts, { scopes, networks })
      const expiresAt = asked.inDays(nowMs, input.expiresInDays, limits.apiKeyDays)
      const key = { userId, name: String(input.name), scopes, networks, expiresAt }
      const value = await scope.commit<MadeKey, Sight>(async (inside) => {
        await asked.demandStillMaker(scope, inside, userId)
        const bound = await boundTo(inside, { userId, organisation: input.organisation })
        return storeKey(parts, inside, { ...key, ...bound })
      })
      return { status: 200, value }
    },
  }
}

/** What a key is made of. */
export interface NewKey extends Bound {
  readonly userId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly expiresAt: string
  readonly rotatedFromId?: string
}

/** A key with its secret, as it is shown once. */
export type MadeKey = Omit<NewKey, 'userId' | 'rotatedFromId' | 'membershipId'> & {
  readonly id: string
  readonly token: string
  readonly prefix: string
}

/** Stores a key and tells its owner of it. */
export async function storeKey(
  parts: IdentityParts,
  inside: IdentityScope,
  key: NewKey,
): Promise<MadeKey> {
  const { userId, rotatedFromId, membershipId, ...shown } = key
  const { apiKey, user } = inside.data.unrestricted
  const most = limits.apiKeysPerUserMax
  const living = { userId, expiresAt: { gt: inside.now } }
  asked.demandRoom((await apiKey.find({ filter: living, limit: most })).data, most)
  const { token, hash } = parts.tokens.makeKey(prefixes.key)
  const prefix = asked.shownPrefix(token)
  const { id } = await apiKey.create({ ...key, prefix, tokenHash: hash })
  const { email } = await user.get(userId)
  const name = mailedName(key.name, 'without a name')
  const what = `An API key was made: “${name}”. If it was not you, end it.`
  await tellOfChange(parts, inside, { to: email, what })
  return { id, token, prefix, ...shown }
}
