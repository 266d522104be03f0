/** Owns the list of a provider's actions. */

import type { Action } from '../../engine/runtime.ts'
import { apps, removeApp, signOutRequest } from './apps.ts'
import { consentRequest, giveConsent } from './consent.ts'
import { answerDevice, deviceRequest } from './device.ts'
import type { ProviderParts } from './parts.ts'

/** All actions of being a provider. */
export function providerActions(parts: ProviderParts): readonly Action[] {
  return [
    ...[consentRequest(parts), giveConsent(parts), deviceRequest(parts), answerDevice(parts)],
    ...[apps(parts), removeApp(), signOutRequest(parts)],
  ]
}
