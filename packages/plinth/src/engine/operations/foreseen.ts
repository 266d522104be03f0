/** Owns writes that nobody waits for: what comes of them is foreseen before PostgreSQL answers. */

import { actorOf, askerOf } from '../../access/caller.ts'
import { fill, type Origin } from '../../access/slot.ts'
import { instantText } from '../../base/time.ts'
import type { AheadPlan, WriteOutcome, WritePlan } from '../../query/write/plan.ts'
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
export function createAhead(
  scope: Scope,
  foreseeing: Foreseeing,
): WriteOutcome | Promise<WriteOutcome> | undefined {
  const { session } = scope
  const { ahead } = foreseeing.plan
  if (ahead?.foreseen === undefined || !(session instanceof Ahead)) return undefined
  const { foreseen } = ahead
  const go = (): WriteOutcome => {
    const { inputs, query, origin } = aheadOf(scope, ahead, foreseeing.values)
    const entry = foreseen.entry && { at: inputs.now, ...origin, ...foreseen.entry(inputs) }
    session.go(query, entry)
    return foreseeing.plan.read(foreseen.cells(inputs))
  }
  return session.hasRoom ? go() : session.settle().then(go)
}

/** A statement that goes ahead, and what it is filled with. */
function aheadOf(scope: Scope, ahead: AheadPlan, values: Foreseeing['values']) {
  const { runtime, caller, turn } = scope
  const { text, name, slots } = ahead
  const now = instantText(runtime.clock.now())
  const origin = originOf(scope)
  const inputs = { ...askerOf(caller), now, origin, values }
  const query = { text, name, values: fill(slots, inputs), caller: turn, apart: true }
  return { inputs, query, origin }
}

/**
 * Sends a step of which is foreseen that it is made: where it is stopped, the transaction fails.
 * False where the scope waits for every answer.
 */
export function stepAhead(
  scope: Scope,
  { plan: { ahead }, values }: Foreseeing,
): boolean | Promise<boolean> {
  const { session } = scope
  if (ahead === undefined || !(session instanceof Ahead)) return false
  const go = (): boolean => {
    session.go(aheadOf(scope, ahead, values).query, undefined)
    return true
  }
  return session.hasRoom ? go() : session.settle().then(go)
}

/** In whose course a write is made: that of the action or job that makes it, or its own. */
export function originOf({ call, caller }: Scope): Origin {
  const { operation, caller: actor } = call.within ?? { operation: call.operation, caller }
  return { actor: actorOf(actor), operation, trace: call.traceId }
}
