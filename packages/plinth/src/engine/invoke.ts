/** Owns the path of a call: one list of verbs that every door goes through. */

import { anonymous, type Caller, principalOf } from '../access/caller.ts'
import { present } from '../base/assert.ts'
import { isArmed, reach } from '../base/failpoint.ts'
import { Failure } from '../base/failure.ts'
import { networkOf } from '../base/network.ts'
import type { Operation } from '../catalog/catalog.ts'
import { suggestionOrStop } from '../catalog/mistakes.ts'
import type { Session } from '../database/database.ts'
import { runAction } from './actions.ts'
import { runBatch } from './batch/batch.ts'
import type { Call, RateState, Reply } from './call.ts'
import { demandTime } from './deadline.ts'
import { once } from './idempotent.ts'
import { isAsGuessed } from './identify/callers/recall.ts'
import { mendable } from './identify/factors.ts'
import { noteRate } from './limiter.ts'
import { runDeclared } from './logic/action/action.ts'
import { cancelLater, readLater } from './logic/action/later.ts'
import { runModelOperation } from './models.ts'
import { isReadOnly } from './operations/permit.ts'
import { runReads } from './operations/together.ts'
import type { Recalled, Runtime, Scope } from './runtime.ts'

/**
 * Answers a call: identify, admit, find, then run (where the planners authorise below every
 * syntax, and writes carry their rules in the same statement). Fails with a Failure; any other
 * error is a bug, which doors answer as `internal`.
 */
export async function invoke(runtime: Runtime, call: Call): Promise<Reply> {
  demandTime(runtime, call)
  // Asked first: a wait for nothing costs each call a turn of its own.
  if (isArmed('request.read')) await reach('request.read')
  const guess = guessOf(runtime, call)
  const early = guess && promptly(runtime, call, guess.caller)
  const { caller, stale } = known(call) ?? (await identify(runtime, call, guess?.hash))
  if (isArmed('request.identified')) await reach('request.identified')
  if (early && isAsGuessed(guess.caller, caller)) {
    early.confirm()
    return await early.reply
  }
  const reply = await admitted(runtime, { call, caller })
  return stale ? { session: null, ...reply } : reply
}

/**
 * Who a read is asked by, if nothing has changed since the last call of that session. Then the
 * look-up of the caller costs no round trip: both statements are under way together, and the
 * answer counts only where the caller is found to be as guessed. Reads leave no trace, so what was
 * read for somebody else's eyes is dropped, and read again for theirs.
 */
function guessOf(runtime: Runtime, call: Call): Recalled | undefined {
  if ('caller' in call.as || !call.as.credential) return undefined
  const isRead =
    call.operation === 'reads' || isSafe(runtime.catalog.operations.get(call.operation))
  const { token, from } = call.as.credential
  return isRead ? runtime.recall(token, from) : undefined
}

interface Early {
  readonly reply: Promise<Reply>
  /** Lets the answer be written. */
  confirm(): void
}

/**
 * Its failure is told by whoever waits for it; where the guess was wrong, nobody does. The answer
 * stays as the database sent it until the guess is confirmed: written, it would be a tree of many
 * small texts, which collections of garbage carry about while it waits.
 */
function promptly(runtime: Runtime, call: Call, guess: Caller): Early {
  const { promise: confirmed, resolve: confirm } = Promise.withResolvers<void>()
  const reply = admitted(runtime, { call, caller: guess, confirmed })
  reply.catch(() => undefined)
  return { reply, confirm }
}

interface Admitted {
  readonly call: Call
  readonly caller: Caller
  /** Present where the caller is a guess. */
  readonly confirmed?: Promise<void>
}

/** Counts the call to its caller, then answers it. */
async function admitted(runtime: Runtime, { call, caller, confirmed }: Admitted): Promise<Reply> {
  const turn = turnOf(caller, call)
  const rate = admit(runtime, call, turn)
  try {
    demandTime(runtime, call)
    const reply = await answer(runtime, { call, caller, turn, confirmed })
    return rate ? { ...reply, rate } : reply
  } catch (error) {
    const told = await mendable(runtime.database, caller, error)
    if (rate) noteRate(told, rate)
    throw told
  }
}

/** Who wants to follow a read: looked up and counted as for any call. */
export async function welcomed(runtime: Runtime, call: Call): Promise<Caller> {
  demandTime(runtime, call)
  const { caller } = known(call) ?? (await identify(runtime, call))
  admit(runtime, call, turnOf(caller, call))
  return caller
}

interface Asked extends Pick<Scope, 'confirmed'> {
  readonly call: Call
  readonly caller: Caller
  /** Who is counted, and takes turns with others; undefined: the app itself. */
  readonly turn: string | undefined
}

interface Identified {
  readonly caller: Caller
  /** True where a cookie named a session that has ended: the reply ends the cookie too. */
  readonly stale: boolean
}

/** A caller who need not be looked up: our own code vouches for them, or nobody is named. */
function known({ as }: Call): Identified | undefined {
  if ('caller' in as) return { caller: as.caller, stale: false }
  return as.credential ? undefined : nobodyNamed
}

const nobodyNamed: Identified = Object.freeze({ caller: anonymous, stale: false })

/**
 * A wrong bearer token fails the call: whoever sent it meant it. A cookie is sent by the browser
 * whether its session has ended or not, so such a caller is anonymous, and can sign in again.
 */
async function identify(runtime: Runtime, call: Call, hash?: string): Promise<Identified> {
  const credential = present('credential' in call.as ? call.as.credential : undefined, 'a token')
  const { operation, remoteAddress } = call
  try {
    const settingUp = runtime.openWhileHeld.has(operation)
    const profile = runtime.actions.get(operation)?.introduces
    const came = { from: credential.from, remoteAddress, settingUp, hash, profile }
    return { caller: await runtime.identify(credential.token, came), stale: false }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    // Who is held is counted as well, so that nobody asks without end for nothing.
    if (error.code === 'second_factor_required') runtime.limiter.take(networkKey(call))
    if (error.code !== 'invalid_credentials') throw error
    if (credential.from === 'cookie') return { caller: anonymous, stale: true }
    // A wrong token costs its network, or guessing would be free.
    noteRate(error, runtime.limiter.take(networkKey(call)))
    throw error
  }
}

function turnOf(caller: Caller, call: Call): string | undefined {
  if (caller.is === 'unrestricted') return undefined
  // Each key is counted by itself: one that runs wild leaves its owner room to end it.
  return principalOf(caller) ?? networkKey(call)
}

function admit({ limiter }: Runtime, call: Call, turn: string | undefined): RateState | undefined {
  if (turn === undefined || 'caller' in call.as) return undefined
  // Each of several reads counts: nobody guesses more cheaply by asking together.
  for (let more = call.reads?.length ?? 1; more > 1; more--) limiter.take(turn)
  return limiter.take(turn)
}

function networkKey(call: Call): string {
  return `network:${networkOf(call.remoteAddress)}`
}

function answer(runtime: Runtime, { call, caller, turn, confirmed }: Asked): Promise<Reply> {
  const asking = later[call.operation]
  if (asking !== undefined) return asking({ runtime, call, caller })
  if (call.operation === 'reads') {
    return runReads({ runtime, session: runtime.database, caller, call, turn })
  }
  const operation = find(runtime, call.operation)
  if (operation !== 'batch' && operation.type === 'action') {
    const asked = { runtime, call, caller, turn }
    return operation.declared ? runDeclared(asked, operation) : runAction(asked, operation)
  }
  const safe = operation !== 'batch' && isSafe(operation)
  const run = (scope: Scope): Promise<Reply> =>
    operation === 'batch' ? runBatch(scope) : runModelOperation(scope, operation)
  if (isReadOnly(caller, runtime.catalog)) {
    return runtime.database.transaction((session) => run({ runtime, session, caller, call }), {
      isolation: 'read committed',
      readOnly: true,
      caller: turn,
    })
  }
  if (!safe && call.idempotencyKey !== undefined) return once({ runtime, call, caller, turn }, run)
  if (operation === 'batch') {
    const inOne = (session: Session): Promise<Reply> => {
      demandTime(runtime, call)
      return run({ runtime, session, caller, call })
    }
    return runtime.database.transaction(inOne, { caller: turn })
  }
  return run({ runtime, session: runtime.database, caller, call, turn, confirmed })
}

function isSafe(operation: Operation | undefined): boolean {
  return operation?.type === 'list' || operation?.type === 'get'
}

/** Calls about calls that are answered later. Names of operations of the catalog have a dot. */
const later: Readonly<Record<string, typeof readLater>> = Object.freeze({
  operation: readLater,
  cancelOperation: cancelLater,
})

function find(runtime: Runtime, name: string): Operation | 'batch' {
  if (name === 'batch') return 'batch'
  const operation = runtime.catalog.operations.get(name)
  if (operation) return operation
  const near = suggestionOrStop(name, runtime.catalog.operations.keys())
  throw new Failure('not_found', { detail: `There is no operation "${name}"${near}` })
}
