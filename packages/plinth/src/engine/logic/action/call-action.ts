/** Owns the call of an action by another one: in its transaction, under the callee's own rule. */

import type { Caller } from '../../../access/caller.ts'
import { assert, present } from '../../../base/assert.ts'
import { limits } from '../../../base/limits.ts'
import type { ActionOperation } from '../../../catalog/catalog.ts'
import type { Models } from '../../../define/infer.ts'
import type { Action } from '../../../define/logic/logic.ts'
import type { LogicScope } from '../../../define/logic/scope.ts'
import type { Attempt } from '../attempt.ts'
import { demandKnown } from '../effects.ts'
import { demandValues } from '../values.ts'
import { actionScope } from './action-scope.ts'
import { demandAllowed } from './allow.ts'
import { outputOf } from './output.ts'

/** Makes the scope of an attempt; handed in, because a scope can call and a call has a scope. */
export type ScopeMaker = (attempt: Attempt) => LogicScope<Models>

/** What is called. */
export interface ActionCall {
  readonly action: Action
  readonly input: unknown
  /** Who calls. Default: the caller of the attempt. */
  readonly as?: Caller
  readonly scopeOf: ScopeMaker
}

/**
 * Calls an action, as the same caller unless another one is named. Fails with `sign_in_required`
 * or `forbidden`, and with the action's own failures.
 */
export function callAction(attempt: Attempt, call: ActionCall): Promise<unknown> {
  const { runtime, session } = attempt.setting
  const { action, as: caller = attempt.setting.caller } = call
  const name = demandKnown(runtime.catalog, action)
  const operation = present(runtime.catalog.operations.get(name), name) as ActionOperation
  const values = demandValues(action.input, call.input, `The input of the action ${name}`)
  assert(
    attempt.depth < limits.actionCallsDeepMax,
    `${name} is called through ${limits.actionCallsDeepMax} other actions ` +
      '(actionCallsDeepMax): do they call one another in a circle?',
  )
  const work = async (inner: Attempt): Promise<unknown> => {
    await demandAllowed({ runtime, session, caller }, operation, values)
    const scope = actionScope(call.scopeOf(inner), inner, { operation, values })
    const result = await action.run(scope as never)
    return (await outputOf(inner, operation, result)).value
  }
  return attempt.callInTurn(name, work, caller)
}
