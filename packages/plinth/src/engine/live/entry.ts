/** Owns what it takes to follow something: whoever comes in is known, counted and watched over. */

import type { Caller } from '../../access/caller.ts'
import type { Call } from '../call.ts'
import type { Watched } from './callers.ts'

/** Who has come in. */
export interface Entered {
  readonly caller: Caller
  /** Says that they have left. */
  leave(): void
}

/** Who comes in, as they are told of what concerns them. */
export interface Entrant extends Watched {
  /** The node stops: nothing more is told. */
  close(): void
}

/**
 * Lets somebody in. Fails as any call with their credential would, and with `rate_limited` and
 * `overloaded` where a caller, or the node, follows as much as it may.
 */
export type Enter = (call: Call, entrant: Entrant) => Promise<Entered>
