/** Owns the call of an action by another one: in its transaction, under the callee's own rule. */

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
  readonly scopeOf: ScopeMaker
}

/**
 * Calls an action as the same caller. Fails with `sign_in_required` or `forbidden`, and with the
 * action's own failures.
 */
export function callAction(attempt: Attempt, call: ActionCall): Promise<unknown> {
  const { runtime, session, caller } = attempt.setting
  const { action } = call
  const name = demandKnown(runtime.catalog, action)
  const operation = present(runtime.catalog.operations.get(name), name) as ActionOperation
  const values = demandValues(action.input, call.input, `The input of the action ${name}`)
  assert(
    attempt.depth < limits.actionCallsDeepMax,
    `${name} is called through ${limits.actionCallsDeepMax} other actions ` +
      '(actionCallsDeepMax): do they call one another in a circle?',
  )
  return attempt.callInTurn(name, async (inner) => {
    await demandAllowed({ runtime, session, caller }, operation, values)
    const scope = actionScope(call.scopeOf(inner), inner, { operation, values })
    const result = await action.run(scope as never)
    return (await outputOf(inner, operation, result)).value
  })
}
