/** Owns the form in which the removal of an account is asked for. */

import type { ActionScope } from '../../engine/runtime.ts'
import type { IdentityScope } from '../sight.ts'

/** `anonymised`: others refer to it, so that its row stays, without anything of the person. */
export type Removed = 'deleted' | 'anonymised'

/** An account to be removed. */
export interface Removal {
  readonly userId: string
  /** In whose course: what the audit names. */
  readonly name: string
  readonly caller: ActionScope['caller']
  readonly traceId: string
  /** The version that the asker has seen. Default: any. */
  readonly version?: number
  /** Runs first, in the same transaction: what must hold, and who is told. */
  readonly before?: (scope: IdentityScope) => Promise<void>
}

/** Removes an account. */
export type RemoveAccount = (removal: Removal) => Promise<Removed>
