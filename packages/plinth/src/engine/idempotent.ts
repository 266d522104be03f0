/** Owns calls that happen once: effects and stored reply commit together, repeats get the reply. */

import { createHash } from 'node:crypto'
import type { Caller } from '../access/caller.ts'
import { Failure } from '../base/failure.ts'
import { instantText } from '../base/time.ts'
import { type CallKey, claimKey, storeReply } from '../effects/idempotency.ts'
import type { Call, Reply } from './call.ts'
import type { Runtime, Scope } from './runtime.ts'

interface Asked {
  readonly runtime: Runtime
  readonly call: Call
  readonly caller: Caller
}

/**
 * Runs an unsafe call under its Idempotency-Key. A failure stores nothing: the transaction rolls
 * back and a repeat tries again.
 */
export async function once(asked: Asked, run: (scope: Scope) => Promise<Reply>): Promise<Reply> {
  const key = keyOf(asked)
  try {
    return await attempt(asked, { key, run })
  } catch (error) {
    if (!(error instanceof StoredMeanwhile)) throw error
    // A serializable snapshot can be older than the claim: the other call's reply was stored
    // in between, and our effects are rolled back. A new snapshot sees it.
    return attempt(asked, { key, run })
  }
}

interface Once {
  readonly key: CallKey
  readonly run: (scope: Scope) => Promise<Reply>
}

function attempt({ runtime, call, caller }: Asked, { key, run }: Once): Promise<Reply> {
  const isolation = call.operation === 'batch' ? 'serializable' : 'read committed'
  return runtime.database.transaction(
    async (session) => {
      const stored = await claimKey(session, key)
      if (stored !== undefined) return { ...(JSON.parse(stored) as Reply), replayed: true }
      const reply = await run({ runtime, session, caller, call })
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
  const content = [call.operation, call.id, call.version, call.onlyCreate, call.input]
  return {
    caller: caller.is === 'user' ? `user:${caller.id}` : `${caller.is}:${call.remoteAddress}`,
    key: call.idempotencyKey ?? '',
    fingerprint: createHash('sha256').update(JSON.stringify(content)).digest('base64url'),
  }
}
