/** Owns calls that happen once: effects and stored reply commit together, repeats get the reply. */

import { createHash } from 'node:crypto'
import type { Caller } from '../access/caller.ts'
import { isSabotaged, reach } from '../base/failpoint.ts'
import { Failure } from '../base/failure.ts'
import { instantText } from '../base/time.ts'
import { databaseErrorOf } from '../database/errors.ts'
import { type CallKey, claimKey, stillRunning, storeReply } from '../effects/idempotency.ts'
import type { Call, Reply } from './call.ts'
import { demandTime } from './deadline.ts'
import type { Runtime, Scope } from './runtime.ts'

interface Asked {
  readonly runtime: Runtime
  readonly call: Call
  readonly caller: Caller
}

/**
 * Runs an unsafe call of models under its Idempotency-Key. A failure stores nothing: the
 * transaction rolls back and a repeat tries again. Built-in actions are not run by this, on
 * purpose: a stored reply would keep a session's token in the clear; each of them can be repeated
 * as it is.
 *
 * Fails with `in_progress`, `key_reused`, and with whatever the call fails with.
 */
export async function once(asked: Asked, run: (scope: Scope) => Promise<Reply>): Promise<Reply> {
  const key = keyOf(asked)
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(asked, { key, run })
    } catch (error) {
      if (attempt >= attemptsMax || !goesAgain(asked, error)) throw explained(error)
    }
  }
}

const attemptsMax = 3

/**
 * A serializable snapshot can be older than the claim: another call's reply was stored in between,
 * and our effects are rolled back; a new snapshot sees it. An upsert whose insert met another one
 * looks again, as it does without a key.
 */
function goesAgain({ runtime, call }: Asked, error: unknown): boolean {
  if (error instanceof StoredMeanwhile) return true
  const upserts = runtime.catalog.operations.get(call.operation)?.type === 'upsert'
  return upserts && error instanceof Failure && error.code === 'conflict'
}

/** Where the connection broke at COMMIT the caller need not look: the key tells. */
function explained(error: unknown): unknown {
  if (error instanceof StoredMeanwhile) return stillRunning()
  if (!(error instanceof Failure) || !databaseErrorOf(error)?.outcomeUnknown) return error
  return new Failure('unavailable', {
    detail:
      'The connection broke while the change was being stored: it may be stored or not. ' +
      'Repeat the call with the same Idempotency-Key: it happens once.',
    retryAfterSeconds: 1,
    cause: error.cause,
  })
}

interface Once {
  readonly key: CallKey
  readonly run: (scope: Scope) => Promise<Reply>
}

function attemptOnce({ runtime, call, caller }: Asked, { key, run }: Once): Promise<Reply> {
  const isolation = call.operation === 'batch' ? 'serializable' : 'read committed'
  return runtime.database.transaction(
    async (session) => {
      demandTime(runtime, call)
      const stored = await claimKey(session, key)
      await reach('key.claimed')
      if (stored !== undefined) return { ...(JSON.parse(stored) as Reply), replayed: true }
      const reply = await run({ runtime, session, caller, call })
      await reach('rows.written')
      const now = instantText(runtime.clock.now())
      try {
        await storeReply(session, key, { reply: JSON.stringify(reply), now })
      } catch (error) {
        if (error instanceof Failure && error.code === 'conflict') throw new StoredMeanwhile()
        throw error
      }
      return reply
    },
    { isolation },
  )
}

class StoredMeanwhile extends Error {
  override readonly name = 'StoredMeanwhile'
}

function keyOf({ call, caller }: Asked): CallKey {
  const whole = [call.operation, call.id, call.version, call.onlyCreate, call.input]
  const content = isSabotaged('key-without-body') ? [call.operation] : whole
  return {
    caller: caller.is === 'user' ? `user:${caller.id}` : `${caller.is}:${call.remoteAddress}`,
    key: call.idempotencyKey ?? '',
    fingerprint: createHash('sha256').update(JSON.stringify(content)).digest('base64url'),
  }
}
