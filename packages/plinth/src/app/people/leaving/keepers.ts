/** Owns what changing or deleting an account by its record has to keep to, through every door. */

import { Failure } from '../../../base/failure.ts'
import type { Session } from '../../../database/database.ts'
import type { Reply } from '../../../engine/call.ts'
import { demandAdmin, holdAdmins } from '../../../engine/identify/admins.ts'
import { idOf } from '../../../engine/operations/writes.ts'
import { recordAccess } from '../../../engine/records.ts'
import type { Keeper, KeptRun, Scope } from '../../../engine/runtime.ts'
import type { IdentityParts } from '../../../identity/flows/operation.ts'
import { shutOut } from '../shut-out.ts'
import { followed } from './following.ts'
import { removeAccount } from './removal.ts'

/**
 * Beneath every door, in every batch and in code of the app: what follows a change of an account
 * follows whoever makes it. Held to rules are all but code that acts past them: an account is
 * deleted in one way; nobody takes their own rights by a slip, or the last admin from an app; and
 * whoever is suspended has nothing left that counts.
 */
export function accountKeeper(parts: IdentityParts): Keeper {
  return {
    delete: deleteByStaff,
    update: (scope, run) => changeAccount(parts, scope, run),
  }
}

async function deleteByStaff(scope: Scope, run: KeptRun): Promise<Reply> {
  const { runtime, caller, call, session } = scope
  if (caller.is === 'unrestricted') return run(scope)
  const userId = idOf(scope)
  if (caller.is === 'user' && caller.id === userId) {
    throw new Failure('conflict', {
      detail: 'Delete your own account by POST /api/identity/delete-account.',
    })
  }
  if (session !== runtime.database) {
    throw new Failure('conflict', {
      detail:
        'An account is deleted by itself: by DELETE /api/users/<id>, in no batch, in no action, ' +
        'and without an Idempotency-Key; or by plinth user delete.',
    })
  }
  const { version, traceId } = call
  await removeAccount(runtime, {
    ...{ userId, name: 'user.delete', caller, traceId },
    ...(typeof version === 'number' ? { version } : {}),
  })
  return { status: 204, body: undefined }
}

/** The change with all that belongs to it, in one transaction; any other change as it comes. */
async function changeAccount(parts: IdentityParts, scope: Scope, run: KeptRun): Promise<Reply> {
  const { runtime, caller, call, session, turn } = scope
  const input = Object(call.input) as Readonly<Record<string, unknown>>
  const gives = (name: string): boolean => Object.hasOwn(input, name)
  // The flows of identity, which have seen a proof, set `emailVerifiedAt` beside the address.
  const follows = gives('suspended') || (gives('email') && !gives('emailVerifiedAt'))
  // Others are refused by the rules of the fields, and hold nobody up.
  const byAdmin = caller.is !== 'unrestricted' && hasAdmin(scope)
  const holds = byAdmin && (gives('roles') || gives('suspended'))
  if (!follows && !holds) return run(scope)
  const around: KeptRun = follows ? (held) => followed(parts, held, run) : run
  const work = (own: Session): Promise<Reply> => {
    const within = { ...scope, session: own }
    return holds ? changeHeld(within, around) : around(within)
  }
  if (session !== runtime.database) return work(session)
  const isolation = 'read committed'
  const reply = await runtime.database.transaction(work, { isolation, caller: turn })
  runtime.effects.wake()
  return reply
}

function hasAdmin({ caller }: Scope): boolean {
  return (caller.is === 'user' || caller.is === 'service') && caller.roles.has('admin')
}

async function changeHeld(scope: Scope, run: KeptRun): Promise<Reply> {
  const { runtime, caller, session } = scope
  const userId = idOf(scope)
  const wasAdmin = await holdAdmins(session, userId)
  const reply = await run(scope)
  const records = recordAccess(runtime, session)
  const [user] = await records.find('user', { filter: { id: userId }, limit: 1 })
  const { roles = [], suspended } = (user ?? {}) as {
    readonly roles?: readonly string[]
    readonly suspended?: boolean
  }
  const own = caller.is === 'user' && caller.id === userId
  if (own && (suspended || !roles.includes('admin'))) {
    throw new Failure('conflict', {
      detail: 'You would take your own rights: let another admin do it.',
    })
  }
  if (wasAdmin) await demandAdmin(session)
  if (suspended) await shutOut(runtime.catalog, records, userId)
  return reply
}
