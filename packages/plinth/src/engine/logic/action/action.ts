/** Owns the running of declared actions: rule, input, one transaction, one answer. */

import { actorOf, type Caller, inside, organisationOf } from '../../../access/caller.ts'
import { AssertionError, present } from '../../../base/assert.ts'
import { Failure, invalidInput, type Problem } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { instantText } from '../../../base/time.ts'
import type { ActionOperation } from '../../../catalog/catalog.ts'
import type { Session } from '../../../database/database.ts'
import { databaseErrorOf } from '../../../database/errors.ts'
import { appendCall } from '../../../effects/audit.ts'
import { checkObject, type ObjectValue, reporter } from '../../../kinds/kinds.ts'
import type { Call, Reply } from '../../call.ts'
import { type Keyed, withKey } from '../../idempotent.ts'
import { demandScope, isReadOnly } from '../../operations/permit.ts'
import type { Runtime } from '../../runtime.ts'
import { type LogicRun, logicTransaction } from '../transaction.ts'
import { actionScope } from './action-scope.ts'
import { demandAllowable, demandAllowed } from './allow.ts'
import { acceptLater } from './later.ts'
import { outputOf } from './output.ts'

/** A call of an action, and who makes it. */
export interface Asked {
  readonly runtime: Runtime
  readonly call: Call
  readonly caller: Caller
  /** Who takes turns with others for a connection; undefined: the app itself. */
  readonly turn?: string | undefined
  /** Ends the call, e.g. because it was cancelled. Its reason is thrown. */
  readonly aborted?: AbortSignal | undefined
  /** Follows how far it is. */
  readonly progress?: ((done: number, note?: string) => void) | undefined
}

/**
 * Checks the input of an action: named values, all problems at once.
 *
 * Fails with `invalid_input`.
 */
export function checkInput({ input }: ActionOperation, given: unknown): ObjectValue {
  const problems: Problem[] = []
  const values = checkObject(input, given ?? {}, reporter(problems, ''))
  if (values === undefined) throw invalidInput(problems)
  return values
}

/**
 * Answers a call of a declared action. Who may never call it is told so before the input is looked
 * at. With an Idempotency-Key the answer is stored in the transaction of its effects.
 *
 * Fails with `sign_in_required`, `forbidden`, `invalid_input`, `key_required`, `in_progress`,
 * `key_reused`, the action's own failures, and with what `logicTransaction` fails with.
 */
export async function runDeclared(asked: Asked, operation: ActionOperation): Promise<Reply> {
  const values = await admitAction(asked, operation)
  const { call } = asked
  if (call.later) {
    return acceptLater(asked, { operation, values, keptHours: keptHoursOf(operation) })
  }
  if (operation.safe || call.idempotencyKey === undefined)
    return runAllowed(asked, operation, { values })
  return withKey(asked, keptHoursOf(operation), (keyed) => {
    return runAllowed(asked, operation, { values, keyed })
  })
}

/** How long the reply of a call with a key is kept. */
export function keptHoursOf(operation: ActionOperation): number {
  const { action } = present(operation.declared, operation.name)
  return action.money ? limits.idempotencyMoneyDays * 24 : limits.idempotencyHours
}

/** The checked input of a call. Who may not call was refused before, and learns nothing of it. */
export function inputOf(operation: ActionOperation, { input, unread }: Call): ObjectValue {
  if (unread) throw unread
  return checkInput(operation, input)
}

/** All that is decided before anything runs; the checked input. */
export async function admitAction(
  { runtime, call, caller }: Asked,
  operation: ActionOperation,
): Promise<ObjectValue> {
  demandScope(caller, operation)
  demandAllowable({ runtime, caller }, operation)
  const values = inputOf(operation, call)
  await demandAllowed({ runtime, session: runtime.database, caller }, operation, values)
  const { action } = present(operation.declared, operation.name)
  if (action.money && call.idempotencyKey === undefined && caller.is !== 'unrestricted') {
    throw new Failure('key_required', {
      detail:
        'This call moves money: send a header Idempotency-Key with a new value, such as a UUID, ' +
        'and repeat it with the same value where no answer comes. So it happens once.',
    })
  }
  return values
}

/** The checked input, and what runs first and last in the transaction. */
export interface Attempting {
  readonly values: ObjectValue
  readonly keyed?: Keyed
  /** Runs first in every attempt. */
  readonly before?: (session: Session) => Promise<void>
  /** Runs last in every attempt, and is waited for. */
  readonly after?: (session: Session, reply: Reply) => Promise<void>
}

/** Runs an action that is allowed, in one transaction. */
export async function runAllowed(
  asked: Asked,
  operation: ActionOperation,
  attempting: Attempting,
): Promise<Reply> {
  try {
    return await inTransaction(asked, operation, attempting)
  } catch (error) {
    const writes = operation.safe && databaseErrorOf(error)?.sqlState === '25006'
    if (!writes) throw error
    throw new AssertionError(`${operation.name} is declared safe, but writes.`, { cause: error })
  }
}

/**
 * What travels with COMMIT: the stored answer, and the entry of the call where the action asks for
 * one. Any other action is told by the entries of what it changes, at no cost of its own.
 */
function lastOf(
  { runtime, call, caller }: Asked,
  operation: ActionOperation,
  keyed: Keyed | undefined,
): LogicRun<Reply>['last'] {
  if (!present(operation.declared, operation.name).action.audit) return keyed?.store
  return async (session, reply) => {
    const entry = appendCall(session, {
      ...{ operation: operation.name, actor: actorOf(caller), trace: call.traceId },
      organisation: organisationOf(caller)?.id ?? null,
      now: instantText(runtime.clock.now()),
    })
    await Promise.all([keyed?.store(session, reply), entry])
  }
}

function inTransaction(
  { runtime, call, caller, turn, aborted, progress }: Asked,
  operation: ActionOperation,
  { values, keyed, before, after }: Attempting,
): Promise<Reply> {
  const { action } = present(operation.declared, operation.name)
  const leftMs = call.deadlineMs === undefined ? undefined : call.deadlineMs - runtime.clock.now()
  return logicTransaction<Reply>(
    runtime,
    {
      ...{ turn, traceId: call.traceId, name: operation.name, isolation: action.isolation },
      caller: inside(caller),
      ...{ aborted, progress, before, after },
      timeoutMs: Math.min(action.timeoutMs ?? Number.MAX_VALUE, leftMs ?? Number.MAX_VALUE),
      readOnly: operation.safe || isReadOnly(caller, runtime.catalog),
      input: operation.safe ? undefined : values,
      begins: keyed?.begins,
      shares: before === undefined && after === undefined && aborted === undefined,
      look: keyed?.look,
      last: lastOf({ runtime, call, caller }, operation, keyed),
    },
    async ({ scope, attempt: under }) => {
      const result = await action.run(actionScope(scope, under, { operation, values }) as never)
      const { body } = await outputOf(under, operation, result)
      return { status: body === undefined ? 204 : 200, body }
    },
  )
}
