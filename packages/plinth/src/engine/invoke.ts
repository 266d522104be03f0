/** Owns the path of a call: one list of verbs that every door goes through. */

import { anonymous, type Caller } from '../access/caller.ts'
import { Failure } from '../base/failure.ts'
import { instantText } from '../base/time.ts'
import type { Operation } from '../catalog/catalog.ts'
import { suggestion } from '../catalog/mistakes.ts'
import { runAction } from './actions.ts'
import { runBatch } from './batch.ts'
import type { Call, RateState, Reply } from './call.ts'
import { once } from './idempotent.ts'
import { noteRate } from './limiter.ts'
import { runModelOperation } from './models.ts'
import type { Runtime, Scope } from './runtime.ts'

/**
 * Answers a call: identify, admit, find, then run (where the planners authorise below every
 * syntax, and writes carry their rules in the same statement). Fails with a Failure; any other
 * error is a bug, which doors answer as `internal`.
 */
export async function invoke(runtime: Runtime, call: Call): Promise<Reply> {
  const caller = await identify(runtime, call)
  const rate = admit(runtime, { call, caller })
  try {
    const reply = await answer(runtime, { call, caller })
    return rate ? { ...reply, rate } : reply
  } catch (error) {
    if (rate) noteRate(error, rate)
    throw error
  }
}

interface Asked {
  readonly call: Call
  readonly caller: Caller
}

async function identify(runtime: Runtime, call: Call): Promise<Caller> {
  if ('caller' in call.as) return call.as.caller
  const { credential } = call.as
  if (!credential) return anonymous
  try {
    return await runtime.identify(credential.token)
  } catch (error) {
    // A wrong credential costs its network, or guessing would be free.
    if (error instanceof Failure) noteRate(error, runtime.limiter.take(networkKey(call)))
    throw error
  }
}

function admit(runtime: Runtime, { call, caller }: Asked): RateState | undefined {
  if (caller.is === 'unrestricted') return undefined
  if ('caller' in call.as) return undefined
  return runtime.limiter.take(caller.is === 'user' ? `user:${caller.id}` : networkKey(call))
}

function networkKey(call: Call): string {
  return `network:${call.remoteAddress}`
}

async function answer(runtime: Runtime, { call, caller }: Asked): Promise<Reply> {
  const operation = find(runtime, call.operation)
  if (operation !== 'batch' && operation.type === 'action') {
    return runAction({ runtime, call, caller }, operation)
  }
  const safe = operation !== 'batch' && (operation.type === 'list' || operation.type === 'get')
  const run = (scope: Scope): Promise<Reply> =>
    operation === 'batch' ? runBatch(scope) : runModelOperation(scope, operation)
  if (!safe && call.idempotencyKey !== undefined) return once({ runtime, call, caller }, run)
  if (operation === 'batch') {
    return runtime.database.transaction((session) => run({ runtime, session, caller, call }))
  }
  return run({ runtime, session: runtime.database, caller, call })
}

function find(runtime: Runtime, name: string): Operation | 'batch' {
  if (name === 'batch') return 'batch'
  const operation = runtime.catalog.operations.get(name)
  if (operation) return operation
  const near = suggestion(name, runtime.catalog.operations.keys())
  throw new Failure('not_found', { detail: `There is no operation "${name}"${near}.` })
}

/** The call's clock as PostgreSQL and replies print it. */
export function nowOf(runtime: Runtime): string {
  return instantText(runtime.clock.now())
}
