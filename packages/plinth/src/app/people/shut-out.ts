/** Owns what is ended when an account is suspended: whatever could count again afterwards. */

import type { Catalog } from '../../catalog/catalog.ts'
import type { RecordAccess } from '../../engine/runtime.ts'
import { mailedModels } from '../../identity/models/proofs.ts'

// While it is suspended nothing of an account counts, whatever its rows say: every look-up asks.
// These are ended as well, so that none of them comes back with its owner. Keys do come back.
const endedModels = [
  ...Object.values(mailedModels),
  ...(['session', 'pendingSignIn', 'agentToken', 'trustedDevice'] as const),
  ...(['passkeyChallenge', 'outsideAttempt', 'outsideLink', 'oauthGrant'] as const),
]

/** Ends whatever a user is signed in by, and whatever waits to become that. */
export async function shutOut(
  { models }: Pick<Catalog, 'models'>,
  records: RecordAccess,
  userId: string,
): Promise<void> {
  for (const model of endedModels) {
    // An app that is no provider has no grants.
    if (models.get(model)?.exposed !== true) continue
    for (;;) {
      const found = await records.find(model, { filter: { userId }, limit: 200 })
      for (const { id } of found) await records.delete(model, String(id))
      if (found.length < 200) break
    }
  }
}
