/** Owns the forgetting of guests who will not come back, and of accounts whose end has come. */

import { hex, randomBytes } from '../../../base/ids.ts'
import { findDeletionsDue, findIdleGuests } from '../../../engine/identify/idle-guests.ts'
import type { Runtime } from '../../../engine/runtime.ts'
import { removeAccount } from './removal.ts'

/** Forgets guests without a session. Those that others refer to stay as deleted users. */
export async function forgetGuests(runtime: Runtime): Promise<void> {
  const { database, clock } = runtime
  await removeAll(runtime, await findIdleGuests(database, clock.now()), 'forgotten guest')
}

/** Deletes accounts whose owners have asked for it long enough ago. */
export async function deleteDue(runtime: Runtime): Promise<void> {
  const { database, clock } = runtime
  await removeAll(runtime, await findDeletionsDue(database, clock.now()), 'deletion as asked for')
}

async function removeAll(runtime: Runtime, ids: readonly string[], reason: string): Promise<void> {
  const traceId = hex(randomBytes(16))
  const caller = { is: 'unrestricted', reason } as const
  for (const userId of ids) {
    const asked = { userId, caller, traceId, name: 'identity.forgetAccount' }
    await removeAccount(runtime, asked).catch((cause: unknown) => {
      // One that cannot be removed keeps none of the others.
      const message = `The account ${userId} was not removed; the next round tries again.`
      runtime.log({ level: 'warning', message, cause })
    })
  }
}
