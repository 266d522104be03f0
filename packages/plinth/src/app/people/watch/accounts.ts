/** Owns the watch over accounts: whatever door changes one, what has to follow does. */

import { Attempt } from '../../../engine/logic/attempt.ts'
import { scopeOf } from '../../../engine/logic/scope.ts'
import { recordAccess } from '../../../engine/records.ts'
import type { PlainRecord, Scope, Watch } from '../../../engine/runtime.ts'
import { accountChanged } from '../../../identity/accounts/changes.ts'
import type { IdentityParts } from '../../../identity/flows/operation.ts'
import type { IdentityScope } from '../../../identity/sight.ts'

/**
 * Watches changes of an account's address and of its suspension, by any door and by code of the
 * app. The flows of identity, which have seen a proof, set `emailVerifiedAt` beside the address.
 */
export function accountWatch(parts: IdentityParts): Watch {
  return {
    concerns: (given) =>
      given.includes('suspended') ||
      (given.includes('email') && !given.includes('emailVerifiedAt')),
    async around(scope, write) {
      const { runtime, session, caller, call } = scope
      const userId = String(call.id)
      const filter = { id: userId }
      const [before] = await recordAccess(runtime, session).find('user', { filter, limit: 1 })
      const done = await write()
      const own = caller.is === 'user' && caller.id === userId
      const keep = own ? caller.sessionId : undefined
      if (before) {
        const state = stateOf(before)
        await inScope(scope, (inside) => {
          return accountChanged(parts, inside, { userId, before: state, keep })
        })
      }
      return done
    },
  }
}

function stateOf({ email, suspended }: PlainRecord) {
  return { email: typeof email === 'string' ? email : null, suspended: suspended === true }
}

/** A scope of logic in a transaction that is under way; its effects are stored there. */
async function inScope(
  { runtime, session, caller, call }: Scope,
  work: (inside: IdentityScope) => Promise<void>,
): Promise<void> {
  const attempt = new Attempt({
    ...{ runtime, session, caller, traceId: call.traceId },
    name: call.within?.operation ?? call.operation,
    touched: new Set(),
    aborted: new AbortController().signal,
    progress: () => undefined,
  })
  try {
    await work(scopeOf(attempt) as unknown as IdentityScope)
    await attempt.settle()
  } catch (error) {
    await attempt.drain()
    throw error
  }
  const { waitedFor, together } = attempt.effects.store(runtime.effects, session, attempt.now)
  await Promise.all([waitedFor, ...together])
}
