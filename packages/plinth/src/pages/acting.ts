/** Owns the look-up of who acts as whom: asked on each visit of a session that staff has begun. */

import { minuteMs } from '../base/time.ts'
import type { Acting, Visit } from './visit.ts'

interface Told {
  readonly user: Named | null
  readonly impersonator?: Named
}

interface Named {
  readonly name?: string | null
  readonly email?: string | null
}

/** Who acts as whom; undefined where nobody does, which costs nothing more than who it is. */
export async function actingIn(visit: Visit): Promise<Acting | undefined> {
  const known = await visit.known()
  if (known?.impersonated !== true || known.sessionId === undefined) return undefined
  const query = { fields: ['reason', 'expiresAt'] }
  const [me, session] = await Promise.all([
    visit.ask('identity.me') as Promise<Told>,
    visit.ask('session.get', { id: known.sessionId, query }) as Promise<{
      readonly reason: string | null
      readonly expiresAt: string
    }>,
  ])
  const leftMs = Date.parse(session.expiresAt) - visit.site.clock.now()
  return {
    as: nameOf(me.user ?? {}),
    by: nameOf(me.impersonator ?? {}),
    reason: session.reason ?? 'none was given',
    until: session.expiresAt,
    minutesLeft: Math.max(1, Math.ceil(leftMs / minuteMs)),
  }
}

function nameOf({ name, email }: Named): string {
  return name ?? email ?? 'somebody without a name'
}
