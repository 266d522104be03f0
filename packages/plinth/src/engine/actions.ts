/** Owns the running of built-in actions: allowances first, then checked input, then the logic. */

import type { Caller } from '../access/caller.ts'
import { present } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import { instantText } from '../base/time.ts'
import type { ActionOperation } from '../catalog/catalog.ts'
import { restoreAllowance, takeWithinLimit } from '../effects/allowance.ts'
import type { Call, Reply } from './call.ts'
import { checkInput } from './logic/action/action.ts'
import { recordAccess } from './records.ts'
import type { Action, ActionValues, Runtime } from './runtime.ts'

interface Asked {
  readonly runtime: Runtime
  readonly call: Call
  readonly caller: Caller
}

/** Runs an action. Its input is an object of named values; all problems are reported at once. */
export async function runAction(asked: Asked, operation: ActionOperation): Promise<Reply> {
  const { runtime, call, caller } = asked
  const action = present(runtime.actions.get(operation.name), operation.name)
  const input = checkInput(operation, call.input)
  const nowMs = runtime.clock.now()
  const now = instantText(nowMs)
  await takeAllowances(asked, { action, input, now })
  const result = await action.run({
    ...{ input, caller, call, now, nowMs, newId: runtime.newId },
    unrestricted: recordAccess(runtime, runtime.database),
    transaction: (work) =>
      runtime.database.transaction((session) => work(recordAccess(runtime, session))),
    restore: (key) => restoreAllowance(runtime.database, key),
  })
  const reply: Reply = {
    status: result.status,
    body: result.value === undefined ? undefined : JSON.stringify(result.value),
  }
  return result.session === undefined ? reply : { ...reply, session: result.session }
}

interface Taking {
  readonly action: Action
  readonly input: ActionValues
  readonly now: string
}

/** Counts before anything is checked: parallel guesses each cost one. */
async function takeAllowances(asked: Asked, { action, input, now }: Taking): Promise<void> {
  for (const allowance of action.allowances?.(input, asked.call) ?? []) {
    const taken = await takeWithinLimit(asked.runtime.database, allowance, now)
    if (taken.granted) continue
    throw new Failure('rate_limited', {
      detail: `Too many attempts: try again in ${taken.retryAfterSeconds} s.`,
      retryAfterSeconds: taken.retryAfterSeconds,
    })
  }
}
