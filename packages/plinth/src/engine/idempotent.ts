/** Owns calls that happen once: effects and stored reply commit together, repeats get the reply. */

import { hash } from 'node:crypto'
import { type Caller, placeOf, principalOf } from '../access/caller.ts'
import { isArmed, isSabotaged, reach } from '../base/failpoint.ts'
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
  /** Who takes turns with others for a connection; undefined: the app itself. */
  readonly turn?: string | undefined
}

const hourMs = 3_600_000
const attemptsMax = 3

/** What a keyed call does inside its transaction, beside its own work. */
export interface Keyed {
  /** Sent with BEGIN: claims the key, or fails the transaction. */
  readonly begins: readonly Query[]
  /** Present where a test stands at the failpoint behind the claim: passes it beside the work. */
  readonly look?: () => Promise<void>
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
  const { runtime, call, caller, turn } = asked
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
      { isolation, begins: keyed.begins, caller: turn },
    ),
  )
}

/** Does the work, and passes what stands beside it. */
export function looking<T>(
  keyed: Pick<Keyed, 'look'> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  return keyed?.look === undefined ? work() : both(keyed.look, work)
}

async function both<T>(look: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const [looked, done] = await Promise.allSettled([look(), work()])
  if (looked.status === 'rejected') throw looked.reason
  if (done.status === 'rejected') throw done.reason
  return done.value
}

/**
 * Answers a call under its key: by `attempt`, by the reply of an equal call before it, or, where
 * the connection broke at COMMIT, by what is found to be stored. Replies are kept so many hours.
 *
 * Nobody looks for a reply before the work: nearly every key is new. A call that was answered
 * before is run once more and cannot be stored, because the unique key refuses its reply; all of it
 * is undone, and only then the reply is looked for. So whatever it failed with, a reply that is
 * there counts more.
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
      if (databaseErrorOf(error)?.outcomeUnknown) {
        const settled = await settle(runtime, key)
        if (settled !== undefined) return settled
        if (number < attemptsMax) continue
        throw brokenEachTime(error)
      }
      const stored = await findReply(runtime.database, key)
      if (stored !== undefined) return { ...(JSON.parse(stored) as Reply), replayed: true }
      if (isClaimed(error)) throw stillRunning()
      if (number < attemptsMax && goesAgain(asked, error)) continue
      throw isStoredMeanwhile(error) ? stillRunning() : error
    }
  }
}

function keyedOf({ clock }: Runtime, key: CallKey, keptHours: number): Keyed {
  return {
    ...(isArmed('key.claimed') ? { look: async () => reach('key.claimed') } : {}),
    // The planted bug looks for the key and claims nothing.
    begins: isSabotaged('two-step-take') ? [] : [claimKey(key)],
    store(session, reply) {
      const nowMs = clock.now()
      const now = instantText(nowMs)
      const keptUntil = instantText(nowMs + keptHours * hourMs)
      return storeReply(session, key, { reply: JSON.stringify(reply), now, keptUntil })
    },
  }
}

/**
 * The reply that stood in the way was forgotten since. An upsert whose insert met another one looks
 * again, as it does without a key.
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
    caller: `${whose({ call, caller })}${placeOf(caller)}`,
    key: call.idempotencyKey ?? '',
    fingerprint: hash('sha256', JSON.stringify(content), 'base64url'),
  }
}

/**
 * A key finds no reply that was given to its owner, nor does staff one that was given to whom they
 * act as: they may read less.
 */
function whose({ call, caller }: Pick<Asked, 'call' | 'caller'>): string {
  const impersonator = caller.is === 'user' ? caller.impersonator : undefined
  const by = impersonator === undefined ? '' : ` by user:${impersonator}`
  return `${principalOf(caller) ?? `${caller.is}:${call.remoteAddress}`}${by}`
}
