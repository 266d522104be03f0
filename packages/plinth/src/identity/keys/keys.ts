/** Owns the list of what is done with keys and with tokens of agents, as actions. */

import type { Action } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { endAgentTokens, makeAgentToken } from './agents.ts'
import { makeApiKey } from './make.ts'
import { rotateApiKey } from './rotate.ts'

/** What is done with keys. They are listed and ended as records: `/api/apiKeys`. */
export function keyActions(parts: IdentityParts): readonly Action[] {
  return [makeApiKey(parts), rotateApiKey(parts), makeAgentToken(parts), endAgentTokens()]
}
