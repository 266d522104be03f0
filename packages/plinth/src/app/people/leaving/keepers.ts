/** Owns what changing or deleting an account by its record has to keep to, through every door. */

import { present } from '../../../base/assert.ts'
import { Failure } from '../../../base/failure.ts'
import type { Session } from '../../../database/database.ts'
import type { Reply } from '../../../engine/call.ts'
import { demandAdmin, holdAdmins } from '../../../engine/identify/admins.ts'
import { demandPossible } from '../../../engine/operations/permit.ts'
import { idOf } from '../../../engine/operations/writes.ts'
import { recordAccess } from '../../../engine/records.ts'
import type { Keeper, Scope } from '../../../engine/runtime.ts'
import { shutOut } from '../shut-out.ts'
import { removeAccount } from './removal.ts'

/**
 * Beneath every door and in every batch; code that acts past all rules is not held to it. An
 * account is deleted in one way, whoever asks; nobody takes their own rights by a slip, or the last
 * admin from an app; and whoever is suspended has nothing left that counts.
 */
export const accountKeepers: ReadonlyMap<string, Keeper> = new Map([
  ['user.delete', deleteByStaff],
  ['user.update', changeByStaff],
])

async function deleteByStaff(scope: Scope): Promise<Reply> {
  const { runtime, caller, call, session } = scope
  demandPossible(scope, present(runtime.catalog.models.get('user'), 'user'), 'delete')
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

async function changeByStaff(scope: Scope, run: Run): Promise<Reply> {
  const { runtime, caller, call, session, turn } = scope
  const input = Object(call.input) as Readonly<Record<string, unknown>>
  const asked = ['roles', 'suspended'].some((name) => Object.hasOwn(input, name))
  // Others are refused by the rules of the fields, and hold nobody up.
  if (!asked || caller.is === 'anonymous' || caller.is === 'unrestricted') return run(scope)
  if (!caller.roles.has('admin')) return run(scope)
  const work = (held: Session): Promise<Reply> => changeHeld({ ...scope, session: held }, run)
  if (session !== runtime.database) return work(session)
  return runtime.database.transaction(work, { isolation: 'read committed', caller: turn })
}

type Run = (scope: Scope) => Promise<Reply>

async function changeHeld(scope: Scope, run: Run): Promise<Reply> {
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
