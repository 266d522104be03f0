/** Owns the seed: an app's own filling of an empty database, in one transaction, once. */

import type { Caller } from '../../access/caller.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import { instantText } from '../../base/time.ts'
import type { Models } from '../../define/infer.ts'
import type { App, SeedCaller, SeedScope } from '../../define/kit.ts'
import type { Action } from '../../define/logic/logic.ts'
import { isReached, reach } from '../../effects/milestone.ts'
import { callAction } from '../../engine/logic/action/call-action.ts'
import { scopeOf } from '../../engine/logic/scope.ts'
import { type LogicAttempt, logicTransaction } from '../../engine/logic/transaction.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Passwords } from '../../identity/passwords/passwords.ts'
import { createUser } from './users.ts'

const milestone = 'seed'
const caller = Object.freeze({ is: 'unrestricted', reason: 'seed' } as const)

/** What seeding stands on. */
export interface SeedParts {
  readonly app: App<unknown>
  readonly runtime: Runtime
  readonly passwords: Passwords
}

/**
 * Runs the app's seed where the database never held anything. Returns the lines that it shows;
 * undefined where there was nothing to do. A kill in the middle leaves nothing: the next start
 * runs it again from the beginning.
 */
export async function seedOnce(parts: SeedParts): Promise<readonly string[] | undefined> {
  const { app, runtime } = parts
  const { seed } = app
  if (!seed || (await isReached(runtime.database, milestone))) return undefined
  const empty = await isEmpty(runtime)
  const now = instantText(runtime.clock.now())
  const run = { caller, traceId: hex(randomBytes(16)), name: milestone }
  return logicTransaction(runtime, run, async ({ scope, attempt, session }) => {
    // Marked first: of two nodes that start at once, the second waits here for the first.
    if (!(await reach(session, milestone, now)) || !empty) return undefined
    const lines: string[] = []
    await seed(seedScope(parts, { scope, attempt, session, lines }) as never)
    return lines
  })
}

interface Seeding extends Pick<LogicAttempt, 'scope' | 'attempt' | 'session'> {
  readonly lines: string[]
}

function seedScope(
  { runtime, passwords }: SeedParts,
  { scope, attempt, session, lines }: Seeding,
): SeedScope<Models> {
  const { catalog, clock } = runtime
  const users = { catalog, clock, records: recordAccess(runtime, session), passwords }
  const call = (action: Action, input: unknown, { as }: Calling = {}): Promise<unknown> =>
    callAction(attempt, { action, input, scopeOf, ...(as ? { as: userOf(as) } : {}) })
  return {
    ...scope,
    call: call as SeedScope<Models>['call'],
    createUser: (user) => attempt.start('createUser', () => createUser(users, user)),
    log: (line) => void lines.push(line),
  }
}

interface Calling {
  readonly as?: SeedCaller
}

function userOf({ id, roles = [], organisation }: SeedCaller): Caller {
  return { is: 'user', id, roles: new Set(roles), organisation }
}

/** A database that people already work with is never seeded, whenever the seed was declared. */
async function isEmpty(runtime: Runtime): Promise<boolean> {
  const records = recordAccess(runtime, runtime.database)
  for (const { name, exposed } of runtime.catalog.models.values()) {
    if (exposed && (await records.find(name, { limit: 1 })).length > 0) return false
  }
  return true
}
