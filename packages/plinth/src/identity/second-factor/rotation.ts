/** Owns the new token of a session that goes on: whoever has seen the old one has nothing. */

import type { ActionResult, ActionScope } from '../../engine/runtime.ts'
import { wrongCredentials } from '../flows/begin.ts'
import type { IdentityParts } from '../flows/operation.ts'
import type { IdentityScope } from '../sight.ts'
import { prefixes } from '../tokens.ts'

/** A new token of the session of a call. */
export interface Rotation {
  /**
   * Puts it in the place of the old one, in the transaction of what asks for it. Returns when the
   * session ends. Fails with `invalid_credentials` where it has ended meanwhile.
   */
  put(inside: IdentityScope, changes?: Changes): Promise<string>
  /** The answer that brings it, as the call came: in its body, or in a cookie. */
  answer(expiresAt: string, more?: object): ActionResult
}

/** What becomes of the session beside its token. */
export interface Changes {
  /** What was shown just now. Absent: nothing, and what was shown before stays as old as it is. */
  readonly proof?: Shown
}

/**
 * How many factors were shown, and when. Both are kept together: were a session that began by two
 * made fresh by one of them, one would pass for two that were shown just now.
 */
export interface Shown {
  readonly factors: 1 | 2
  readonly at: string
}

/** Makes a new token for the session of a call. */
export function rotation(scope: ActionScope, { tokens }: IdentityParts): Rotation {
  const { caller, call, input } = scope
  const { token, hash } = tokens.make(prefixes.session)
  const byCookie = 'credential' in call.as && call.as.credential?.from === 'cookie'
  return {
    async put({ data }, { proof } = {}) {
      if (caller.is !== 'user' || caller.sessionId === undefined) throw gone()
      const { session } = data.unrestricted
      const filter = { id: caller.sessionId, userId: caller.id }
      const { data: found } = await session.find({ filter, limit: 1 })
      const [kept] = found
      if (!kept) throw gone()
      const proven = proof ? { assurance: proof.factors, provedAt: proof.at } : {}
      await session.update(kept.id, { tokenHash: hash, ...proven })
      return kept.expiresAt
    },
    answer(expiresAt, more = {}) {
      if (byCookie || input.cookie === true) {
        return { status: 200, value: { ...more, expiresAt }, session: { token, expiresAt } }
      }
      return { status: 200, value: { ...more, token, expiresAt } }
    },
  }
}

function gone() {
  return wrongCredentials('The session has ended: sign in again.')
}
