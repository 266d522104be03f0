/** Owns guests: sessions of visitors without an account, and what becomes of them. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { dayMs, hourMs, instantText } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { booleanKind } from '../../kinds/kinds.ts'
import { byNetwork } from '../flows/allowances.ts'
import { deviceWords } from '../flows/begin.ts'
import { type IdentityParts, maybe, operation } from '../flows/operation.ts'
import type { Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'

/** Begins a session for a visitor without an account, so that what they make has an owner. */
export function continueAsGuest(parts: IdentityParts): Action {
  return {
    operation: operation('continueAsGuest', {
      path: 'continue-as-guest',
      description:
        'Begins a session for a visitor without an account, so that what they make has an owner. ' +
        'Answers with a bearer token, or sets a cookie where `cookie` is true. Rules tell guests ' +
        'by `me.isGuest`; `upgrade` makes an account of one.',
      input: [maybe('cookie', booleanKind())],
    }),
    allowances: (_, { remoteAddress }) =>
      byNetwork(remoteAddress, {
        what: 'guest',
        limit: limits.guestsPerHourPerNetwork,
        windowMs: hourMs,
      }),
    async run(scope) {
      const { caller, input, now, nowMs, call } = scope
      if (caller.is !== 'anonymous') {
        throw new Failure('conflict', { detail: 'There is a session already: go on with it.' })
      }
      const { token, hash } = parts.tokens.make(prefixes.session)
      const expiresAt = instantText(nowMs + limits.guestLifeDays * dayMs)
      let guestId: string | undefined
      const user = await scope.commit<object, Sight>(
        async ({ data }) => {
          const { id } = await data.unrestricted.user.create({ guest: true })
          guestId = id
          await data.unrestricted.session.create({
            ...{ userId: id, tokenHash: hash, method: 'guest', expiresAt, lastUsedAt: now },
            device: deviceWords(call),
            address: call.remoteAddress === '' ? null : call.remoteAddress.slice(0, 60),
          })
          return { id, email: null, name: null, roles: [], guest: true }
        },
        { actor: () => guestCaller(guestId) },
      )
      if (input.cookie === true) {
        return { status: 201, value: { expiresAt, user }, session: { token, expiresAt } }
      }
      return { status: 201, value: { token, expiresAt, user } }
    },
  }
}

function guestCaller(id: string | undefined) {
  return id === undefined ? undefined : ({ is: 'user', id, roles: none, guest: true } as const)
}

const none: ReadonlySet<string> = new Set()

/** The id of a caller who is a guest. Fails with `conflict` for others. */
export function demandGuest({ caller }: Pick<ActionScope, 'caller'>): string {
  if (caller.is === 'user' && caller.guest === true) return caller.id
  throw new Failure('conflict', { detail: 'Only a guest can be made an account: sign up instead.' })
}
