/** Owns the form of what followers of a read are told: members of JSON, with a cursor. */

import type { Failure } from '../../base/failure.ts'

/** One message to a follower. Shared by all who follow the same: never changed. */
export interface LiveMessage {
  readonly type:
    | ('result' | 'changes' | 'resumed' | 'gap' | 'end' | 'event')
    | ('joined' | 'presence' | 'message' | 'refused')
  /** Where the follower stands after it; absent where there is nothing to come back to. */
  readonly cursor?: string
  /** The members of its JSON object without the braces: `"rows":[],"more":false`; may be empty. */
  readonly members: string
}

/** Why what happened cannot be told change by change. */
export type GapReason = 'window' | 'slow' | 'rights'

/** The message before a result that stands in place of what was missed. */
export function gapMessage(reason: GapReason): LiveMessage {
  return { type: 'gap', members: `"reason":"${reason}"` }
}

/** The last message: a problem with each mistake of the read. The failure's cause stays here. */
export function endMessage({ code, status, title, detail, problems }: Failure): LiveMessage {
  const errors = problems.map((one) => {
    return { pointer: one.pointer, code: one.code, detail: one.detail }
  })
  const told = { code, status, title, detail, ...(errors.length === 0 ? {} : { errors }) }
  const problem = JSON.stringify(told)
  return { type: 'end', members: problem.slice(1, -1) }
}

/** Who is told. */
export interface LiveListener {
  /**
   * Takes a message. False: it is behind, and is told nothing more until the subscription's
   * `ready` is called. Must not throw.
   */
  take(message: LiveMessage): boolean
}
