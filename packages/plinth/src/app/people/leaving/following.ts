/** Owns what follows a change of an account, whatever door and whoever makes it. */

import type { Reply } from '../../../engine/call.ts'
import { Attempt } from '../../../engine/logic/attempt.ts'
import { scopeOf } from '../../../engine/logic/scope.ts'
import { idOf } from '../../../engine/operations/writes.ts'
import { recordAccess } from '../../../engine/records.ts'
import type { KeptRun, PlainRecord, Scope } from '../../../engine/runtime.ts'
import { accountChanged } from '../../../identity/accounts/changes.ts'
import type { IdentityParts } from '../../../identity/flows/operation.ts'
import type { IdentityScope } from '../../../identity/sight.ts'

/**
 * Makes a change of an account's address or of its suspension, and what follows it, in the
 * transaction of the scope. Whatever the change does not do is not followed.
 */
export async function followed(parts: IdentityParts, scope: Scope, run: KeptRun): Promise<Reply> {
  const { runtime, session, caller } = scope
  const userId = idOf(scope)
  const filter = { id: userId }
  const [before] = await recordAccess(runtime, session).find('user', { filter, limit: 1 })
  const reply = await run(scope)
  const keep = caller.is === 'user' && caller.id === userId ? caller.sessionId : undefined
  if (before) {
    const state = stateOf(before)
    await inScope(scope, (inside) => accountChanged(parts, inside, { userId, before: state, keep }))
  }
  return reply
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
    time: { aborted: new AbortController().signal },
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
