/** Owns our sessions in the library's form: it has none of its own, so none outlives ours. */

import type { RecordAccess } from '../../../engine/runtime.ts'
import type { Payload } from '../library/library.ts'

/** The session of an id. Whoever names one has been identified by its token before. */
export async function sessionPayload(
  records: RecordAccess,
  id: string,
): Promise<Payload | undefined> {
  if (!/^[0-9a-f-]{36}$/.test(id)) return undefined
  const [session] = await records.find('session', { filter: { id }, limit: 1 })
  if (!session) return undefined
  const proved = String(session.provedAt ?? session.createdAt)
  return {
    ...{ kind: 'Session', jti: id, uid: id, accountId: session.userId },
    loginTs: Math.floor(Date.parse(proved) / 1_000),
    amr: session.assurance === 2 ? ['mfa'] : ['pwd'],
    ...{ iat: Math.floor(Date.parse(String(session.createdAt)) / 1_000), exp: farAway },
  }
}

// Whether it has ended is asked of the table, by the app's own clock.
const farAway = 253_402_300_799
