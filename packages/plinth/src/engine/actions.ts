/** Owns the running of built-in actions: allowances first, then checked input, then the logic. */

import type { Caller } from '../access/caller.ts'
import { present } from '../base/assert.ts'
import { Failure, invalidInput, type Problem } from '../base/failure.ts'
import { instantText } from '../base/time.ts'
import type { ActionOperation } from '../catalog/catalog.ts'
import { suggestionOrStop } from '../catalog/mistakes.ts'
import { restoreAllowance, takeWithinLimit } from '../effects/allowance.ts'
import { reporter } from '../kinds/kinds.ts'
import type { Call, Reply } from './call.ts'
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

function checkInput(operation: ActionOperation, input: unknown): ActionValues {
  const given = input === undefined ? {} : input
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidInput([{ pointer: '', code: 'wrong_type', detail: 'Give an object of values.' }])
  }
  const problems: Problem[] = []
  const values: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(given)) {
    if (operation.input.has(name)) continue
    const near = suggestionOrStop(name, operation.input.keys())
    problems.push({
      pointer: `/${name}`,
      code: 'unknown_field',
      detail: `There is no such field${near}`,
    })
  }
  for (const { name, kind, optional } of operation.input.values()) {
    const value = (given as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined && value !== null) {
      values[name] = kind.check(value, reporter(problems, `/${name}`))
    } else if (!optional) {
      problems.push({ pointer: `/${name}`, code: 'required', detail: 'Give a value.' })
    }
  }
  if (problems.length > 0) throw invalidInput(problems)
  return values
}
