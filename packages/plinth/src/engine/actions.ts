/** Owns the running of built-in actions: allowances first, then checked input, then the logic. */

import { actorOf, type Caller, inside } from '../access/caller.ts'
import { present } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import { instantText, waitText } from '../base/time.ts'
import type { ActionOperation } from '../catalog/catalog.ts'
import type { Models } from '../define/infer.ts'
import type { LogicScope } from '../define/logic/scope.ts'
import { type Allowance, restoreAllowance, takeWithinLimit } from '../effects/allowance.ts'
import { appendCall } from '../effects/audit.ts'
import type { Call, Reply } from './call.ts'
import { inputOf } from './logic/action/action.ts'
import { logicTransaction } from './logic/transaction.ts'
import { demandScope } from './operations/permit.ts'
import { recordAccess } from './records.ts'
import type { Action, ActionValues, CommitOptions, Runtime } from './runtime.ts'

interface Asked {
  readonly runtime: Runtime
  readonly call: Call
  readonly caller: Caller
}

/** Runs an action. Its input is an object of named values; all problems are reported at once. */
export async function runAction(asked: Asked, operation: ActionOperation): Promise<Reply> {
  const { runtime, call, caller } = asked
  demandScope(caller, operation)
  const action = present(runtime.actions.get(operation.name), operation.name)
  await action.admit?.(caller, call)
  const input = inputOf(operation, call)
  const nowMs = runtime.clock.now()
  const now = instantText(nowMs)
  await takeAllowances(asked, { action, input, now })
  const result = await action.run({
    ...{ input, caller, call, now, nowMs, newId: runtime.newId },
    unrestricted: recordAccess(runtime, runtime.database),
    commit: (work, options) => commit(asked, { name: operation.name, options, work: work as Work }),
    look: (work) => look(asked, { name: operation.name, options: undefined, work: work as Work }),
    take: (allowance) => takeAllowance(runtime, allowance, now),
    restore: (key) => restoreAllowance(runtime.database, key),
  })
  const reply: Reply = {
    status: result.status,
    body: result.value === undefined ? undefined : JSON.stringify(result.value),
  }
  return result.session === undefined ? reply : { ...reply, session: result.session }
}

type Work = (scope: LogicScope<Models>) => Promise<never>

interface Committing {
  readonly name: string
  readonly options: CommitOptions | undefined
  readonly work: Work
}

/** Runs the logic of a built-in action in one transaction, with its entry in the audit. */
function commit(
  { runtime, call, caller }: Asked,
  { name, options, work }: Committing,
): Promise<never> {
  const { actor: acting, isolation } = options ?? {}
  const { traceId } = call
  return logicTransaction(
    runtime,
    {
      ...{ caller: inside(caller), traceId, name },
      ...(isolation === undefined ? {} : { isolation }),
      async after(session) {
        const now = instantText(runtime.clock.now())
        const actor = actorOf(acting?.() ?? caller)
        await appendCall(session, { operation: name, actor, trace: traceId, now })
      },
    },
    ({ scope }) => work(scope),
  )
}

function look({ runtime, call, caller }: Asked, { name, work }: Committing): Promise<never> {
  const { traceId } = call
  const run = { caller: inside(caller), traceId, name, readOnly: true } as const
  return logicTransaction(runtime, run, ({ scope }) => work(scope))
}

interface Taking {
  readonly action: Action
  readonly input: ActionValues
  readonly now: string
}

/** Counts before anything is checked: parallel guesses each cost one. */
async function takeAllowances(asked: Asked, { action, input, now }: Taking): Promise<void> {
  for (const allowance of action.allowances?.(input, asked.call) ?? []) {
    await takeAllowance(asked.runtime, allowance, now)
  }
}

async function takeAllowance(
  { database }: Runtime,
  allowance: Allowance,
  now: string,
): Promise<void> {
  const { granted, retryAfterSeconds } = await takeWithinLimit(database, allowance, now)
  if (granted) return
  throw new Failure('rate_limited', {
    detail: `That was tried too often: try again in ${waitText(retryAfterSeconds)}.`,
    retryAfterSeconds,
  })
}
