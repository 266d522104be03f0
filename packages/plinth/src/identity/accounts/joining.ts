/** Owns what becomes of a guest who turns out to have an account. */

import type { ActionScope } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { endSessions } from '../flows/sessions.ts'
import type { IdentityScope } from '../sight.ts'

/**
 * Hands over what belongs to a guest who has just shown to have an account: to the app's own
 * `onGuestJoins`, in the transaction in which their session begins. Then the guest is gone: without
 * a session nobody comes back to it, and housekeeping forgets it. An app that hands over nothing
 * keeps the guest as it is.
 */
export async function joinGuest(
  { caller }: Pick<ActionScope, 'caller'>,
  parts: IdentityParts,
  { inside, userId }: { readonly inside: IdentityScope; readonly userId: string },
): Promise<void> {
  if (caller.is !== 'user' || caller.guest !== true || caller.id === userId) return
  const joins = parts.guestJoins()
  const guest = joins.length > 0 && (await inside.data.unrestricted.user.get(caller.id)).guest
  if (!guest) return
  for (const { run } of joins) {
    await run({ ...inside, guest: caller.id, user: userId } as never)
  }
  await endSessions(inside, caller.id)
}
