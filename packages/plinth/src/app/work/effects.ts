/** Owns the storing of what logic causes: each kind of effect by the part that owns it. */

import type { CatalogLogic } from '../../catalog/logic/logic.ts'
import { appendEvents } from '../../effects/events/append.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { sendSignals } from '../../effects/workflows/news.ts'
import { startWorkflows } from '../../effects/workflows/start.ts'
import type { Effects, News } from '../../engine/logic/effects.ts'
import { mailStore } from '../delivery/mail.ts'

/** What storing effects stands on. */
export interface EffectParts {
  readonly logic: CatalogLogic
  readonly newId: () => string
}

/** The effects of an app. `wake` is told when there is work. */
export function effectsOf({ logic, newId }: EffectParts, wake: (news?: News) => void): Effects {
  return {
    appendEvents: (session, events, now) => appendEvents(session, events, { logic, newId, now }),
    insertJobs,
    startWorkflows: (session, starts, now) => startWorkflows(session, starts, { newId, now }),
    sendSignals,
    storeMails: mailStore(logic, newId),
    wake,
  }
}
