/** Owns the storing of what logic causes: each kind of effect by the part that owns it. */

import { AssertionError } from '../base/assert.ts'
import type { CatalogLogic } from '../catalog/logic/logic.ts'
import { appendEvents } from '../effects/events/append.ts'
import { insertJobs } from '../effects/jobs/insert.ts'
import type { Effects } from '../engine/logic/effects.ts'

/** What storing effects stands on. */
export interface EffectParts {
  readonly logic: CatalogLogic
  readonly newId: () => string
}

/** The effects of an app. `wake` is told when there is work. */
export function effectsOf({ logic, newId }: EffectParts, wake: () => void): Effects {
  return {
    appendEvents: (session, events, now) => appendEvents(session, events, { logic, newId, now }),
    insertJobs,
    startWorkflows: async () => missing('workflows'),
    sendSignals: async () => missing('signals'),
    storeMails: async () => missing('mails'),
    wake,
  }
}

function missing(what: string): never {
  throw new AssertionError(`${what} are not there yet`)
}
