/** Owns the list of the flows of guests, staff and endings, as actions. */

import type { Action } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { continueAsGuest } from './guests.ts'
import { confirmUpgrade, upgrade } from './upgrade.ts'

/** The flows of guests, where the app takes any. */
export function accountActions(parts: IdentityParts): readonly Action[] {
  const guests = [continueAsGuest(parts), upgrade(parts), confirmUpgrade(parts)]
  return parts.accounts.guests ? guests : []
}
