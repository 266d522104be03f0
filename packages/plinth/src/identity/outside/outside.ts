/** Owns the list of actions by which people sign in with other providers. */

import type { Action } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { beginOutside, listProviders } from './begin.ts'
import { finishOutside } from './finish.ts'
import { linkOutside, lookAtLink, unlinkOutside } from './link.ts'
import { finishSignUp, sendFinishSignUp } from './sign-up.ts'

/** The actions; none where the app declares no provider. */
export function outsideActions(parts: IdentityParts): readonly Action[] {
  const { outside } = parts
  if (outside === undefined) return []
  return [
    ...[listProviders(outside), beginOutside(parts, outside), finishOutside(parts, outside)],
    ...[lookAtLink(parts, outside), linkOutside(parts, outside), unlinkOutside(parts, outside)],
    ...[sendFinishSignUp(parts, outside), finishSignUp(parts, outside)],
  ]
}
