/** Owns calls that happen once: effects and stored reply commit together, repeats get the reply. */

import { createHash } from 'node:crypto'
import type { Caller } from '../access/caller.ts'
import { isSabotaged, reach } from '../base/failpoint.ts'
import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import { instantText } from '../base/time.ts'
import type { Query, Session } from '../database/database.ts'
import { databaseErrorOf } from '../database/errors.ts'
import {
  type CallKey,
  claimKey,
  findReply,
  isClaimed,
  isStoredMeanwhile,
  settleKey,
  stillRunning,
  storeReply,
} from '../effects/idempotency.ts'
import type { Call, Reply } from './call.ts'
import { demandTime } from './deadline.ts'
import type { Runtime, Scope } from './runtime.ts'

interface Asked {
  readonly runtime: Runtime
  readonly call: Call
  readonly caller: Caller
}

const hourMs = 3_600_000
const attemptsMax = 3

/** Ends a transaction that has nothing to do: an equal call was answered before. */
class Replayed extends Error {
  override readonly name = 'Replayed'
  readonly reply: Reply

  constructor(stored: string) {
    super('The call was answered before.')
    this.reply = { ...(JSON.parse(stored) as Reply), replayed: true }
  }
}

/** What a keyed call does inside its transaction, beside its own work. */
export interface Keyed {
  /** Sent with BEGIN: claims the key, or fails the transaction. */
  readonly begins: readonly Query[]
  /**
   * Looks, beside the transaction, whether the call was answered before: then it fails, and the
   * transaction must not commit. What the work itself fails with counts only after this.
   */
  look(): Promise<void>
  /** Stores the reply beside its effects. Its one statement is sent at once. */
  store(session: Session, reply: Reply): Promise<void>
}

/**
 * Runs an unsafe call of models under its Idempotency-Key. A failure stores nothing: the
 * transaction rolls back and a repeat tries again. Built-in actions are not run by this, on
 * purpose: a stored reply would keep a session's token in the clear; each of them can be repeated
 * as it is.
 *
 * Fails with `in_progress`, `key_reused`, and with whatever the call fails with.
 */
export function once(asked: Asked, run: (scope: Scope) => Promise<Reply>): Promise<Reply> {
  const { runtime, call, caller } = asked
  const isolation = call.operation === 'batch' ? 'serializable' : 'read committed'
  return withKey(asked, limits.idempotencyHours, (keyed) =>
    runtime.database.transaction(
      async (session) => {
        demandTime(runtime, call)
        const reply = await looking(keyed, () => run({ runtime, session, caller, call }))
        await reach('rows.written')
        await keyed.store(session, reply)
        return reply
      },
      { isolation, begins: keyed.begins },
    ),
  )
}

/** Does the work while it is looked whether it was done before, which counts more. */
export async function looking<T>(
  keyed: Pick<Keyed, 'look'> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (keyed === undefined) return work()
  const [looked, done] = await Promise.allSettled([keyed.look(), work()])
  if (looked.status === 'rejected') throw looked.reason
  if (done.status === 'rejected') throw done.reason
  return done.value
}

/**
 * Answers a call under its key: by `attempt`, by the reply of an equal call before it, or, where
 * the connection broke at COMMIT, by what is found to be stored. Replies are kept so many hours.
 */
export async function withKey(
  asked: Asked,
  keptHours: number,
  attempt: (keyed: Keyed) => Promise<Reply>,
): Promise<Reply> {
  const { runtime } = asked
  const key = keyOf(asked)
  const keyed = keyedOf(runtime, key, keptHours)
  for (let number = 1; ; number++) {
    try {
      return await attempt(keyed)
    } catch (error) {
      if (error instanceof Replayed) return error.reply
      if (isClaimed(error)) throw stillRunning()
      const inDoubt = databaseErrorOf(error)?.outcomeUnknown ?? false
      const settled = inDoubt ? await settle(runtime, key) : undefined
      if (settled !== undefined) return settled
      if (number < attemptsMax && (inDoubt || goesAgain(asked, error))) continue
      if (inDoubt) throw brokenEachTime(error)
      // The look was older than the claim: what failed may have been done just before.
      const stored = await findReply(runtime.database, key)
      if (stored !== undefined) return new Replayed(stored).reply
      throw isStoredMeanwhile(error) ? stillRunning() : error
    }
  }
}

function keyedOf({ clock, database }: Runtime, key: CallKey, keptHours: number): Keyed {
  return {
    // The planted bug looks for the key and claims nothing.
    begins: isSabotaged('two-step-take') ? [] : [claimKey(key)],
    async look() {
      const stored = await findReply(database, key)
      await reach('key.claimed')
      if (stored !== undefined) throw new Replayed(stored)
    },
    store(session, reply) {
      const nowMs = clock.now()
      const now = instantText(nowMs)
      const keptUntil = instantText(nowMs + keptHours * hourMs)
      return storeReply(session, key, { reply: JSON.stringify(reply), now, keptUntil })
    },
  }
}

/**
 * A serializable snapshot can be older than the claim: another call's reply was stored in between,
 * and our effects are rolled back; a new snapshot sees it. An upsert whose insert met another one
 * looks again, as it does without a key.
 */
function goesAgain({ runtime, call }: Asked, error: unknown): boolean {
  if (isStoredMeanwhile(error)) return true
  const upserts = runtime.catalog.operations.get(call.operation)?.type === 'upsert'
  return upserts && error instanceof Failure && error.code === 'conflict'
}

/** What became of a commit in doubt; where that cannot be found out, the caller is told so. */
async function settle({ database, effects }: Runtime, key: CallKey): Promise<Reply | undefined> {
  try {
    const stored = await database.transaction((session) => settleKey(session, key), {
      isolation: 'read committed',
      attemptsMax: 1,
    })
    if (stored === undefined) return undefined
    effects.wake()
    return JSON.parse(stored) as Reply
  } catch (cause) {
    throw new Failure('unavailable', {
      detail:
        'The connection broke while the change was being stored: it may be stored or not. ' +
        'Repeat the call with the same Idempotency-Key: it happens once.',
      retryAfterSeconds: 1,
      cause,
    })
  }
}

function brokenEachTime(cause: unknown): Failure {
  return new Failure('unavailable', {
    detail:
      'The connection broke each time the change was being stored: nothing is stored. ' +
      'Repeat the call with the same Idempotency-Key: it happens once.',
    retryAfterSeconds: 1,
    cause,
  })
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
