/** Owns the list of the flows of guests, staff who act as users, and deletion, as actions. */

import type { Action } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { deleteAccount, keepAccount } from './deletion.ts'
import { exportAccount } from './export.ts'
import { continueAsGuest } from './guests.ts'
import { impersonate } from './staff/impersonate.ts'
import { signOutUser } from './staff/sign-out-user.ts'
import { confirmUpgrade, upgrade } from './upgrade.ts'

/** The flows that an app has by what it says of its accounts. */
export function accountActions(parts: IdentityParts): readonly Action[] {
  const { guests, impersonatorRole: role, deletionDelayDays } = parts.accounts
  return [
    ...(guests ? [continueAsGuest(parts), upgrade(parts), confirmUpgrade(parts)] : []),
    ...(role === undefined ? [] : [impersonate(parts, role)]),
    ...[deleteAccount(parts), signOutUser(parts)],
    exportAccount(parts),
    ...(deletionDelayDays > 0 ? [keepAccount(parts)] : []),
  ]
}
