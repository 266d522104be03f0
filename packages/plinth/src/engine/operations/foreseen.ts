/** Owns writes that nobody waits for: what comes of them is foreseen before PostgreSQL answers. */

import { actorOf, askerOf } from '../../access/caller.ts'
import { fill, type Origin } from '../../access/slot.ts'
import { instantText } from '../../base/time.ts'
import type { WriteOutcome, WritePlan } from '../../query/write/plan.ts'
import { Ahead } from '../ahead.ts'
import type { Scope } from '../runtime.ts'

/** A planned write, and the values of the call. */
export interface Foreseeing {
  readonly plan: WritePlan
  readonly values: readonly (string | null | readonly string[])[]
}

/**
 * Sends a create and tells what will come of it. Undefined where that is not known, or where the
 * scope waits for every answer.
 */
export async function createAhead(
  scope: Scope,
  { plan, values }: Foreseeing,
): Promise<WriteOutcome | undefined> {
  const { session, runtime, caller, turn } = scope
  const foreseen = plan.ahead?.foreseen
  if (plan.ahead === undefined || foreseen === undefined || !(session instanceof Ahead)) {
    return undefined
  }
  if (!session.hasRoom) await session.settle()
  const { text, name, slots } = plan.ahead
  const now = instantText(runtime.clock.now())
  const origin = originOf(scope)
  const inputs = { ...askerOf(caller), now, origin, values }
  const entry = foreseen.entry && { at: now, ...origin, ...foreseen.entry(inputs) }
  session.go({ text, name, values: fill(slots, inputs), caller: turn }, entry)
  return plan.read(foreseen.cells(inputs))
}

/**
 * Sends a step of which is foreseen that it is made: where it is stopped, the transaction fails.
 * False where the scope waits for every answer.
 */
export async function stepAhead(scope: Scope, { plan, values }: Foreseeing): Promise<boolean> {
  const { session, runtime, caller, turn } = scope
  if (plan.ahead === undefined || !(session instanceof Ahead)) return false
  if (!session.hasRoom) await session.settle()
  const { text, name, slots } = plan.ahead
  const now = instantText(runtime.clock.now())
  const inputs = { ...askerOf(caller), now, origin: originOf(scope), values }
  session.go({ text, name, values: fill(slots, inputs), caller: turn }, undefined)
  return true
}

/** In whose course a write is made: that of the action or job that makes it, or its own. */
export function originOf({ call, caller }: Scope): Origin {
  const { operation, caller: actor } = call.within ?? { operation: call.operation, caller }
  return { actor: actorOf(actor), operation, trace: call.traceId }
}
