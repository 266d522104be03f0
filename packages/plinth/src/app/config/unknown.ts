/** Owns variables that look like settings of ours and are none: a slip that nobody would see. */

import { suggestionOrStop } from '../../catalog/mistakes.ts'

const prefix = 'PLINTH_'

/** Settings without our prefix: other programs have the same. */
const shared = ['HOST', 'PORT', 'DATABASE_URL', 'SMTP_URL', 'MAIL_FROM', 'NODE_ENV']

const own = [
  'PLINTH_CALLS_PER_MINUTE',
  'PLINTH_DATA',
  'PLINTH_FAULTS',
  'PLINTH_JOBS_AT_ONCE',
  'PLINTH_LOG',
  // Set by the command line itself, where it looks for the right Node.
  'PLINTH_NODE',
  'PLINTH_OUTBOUND_ALLOW',
  'PLINTH_OUTBOUND_PORTS',
  'PLINTH_PROOF_SERVERS',
  'PLINTH_SECRET',
  'PLINTH_TEST_DATABASE_URL',
  'PLINTH_TRUSTED_PROXIES',
  'PLINTH_URL',
  'PLINTH_WORK',
]

/**
 * What to say of each variable with our prefix that is no setting. A warning, no refusal: an
 * orchestrator sets `PLINTH_SERVICE_HOST` and the like by itself where a service is called so.
 */
export function unknownSettings(names: readonly string[]): readonly string[] {
  const unknown = names.filter((name) => name.startsWith(prefix) && !own.includes(name)).sort()
  return unknown.map((name) => `${name} is no setting and changes nothing${meant(name)}`)
}

function meant(name: string): string {
  const bare = name.slice(prefix.length)
  return shared.includes(bare) ? `; the setting is ${bare}.` : suggestionOrStop(name, own)
}
