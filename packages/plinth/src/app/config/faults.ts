/** Owns the settings of faults that tests plant: read only where they are allowed by name. */

import { isAbsolute } from 'node:path'
import {
  parseFailpoints,
  parseSabotages,
  type Sabotage,
  type SetFailpoint,
} from '../../base/failpoint.ts'
import { Failure, type Problem } from '../../base/failure.ts'

/** Which faults are wanted. */
export interface FaultSettings {
  /**
   * Where the processes of one test tell each other which failpoints have fired, and where a file
   * `plan` may set others while they run. Absolute.
   */
  readonly folder: string
  readonly points: readonly SetFailpoint[]
  readonly sabotages: readonly Sabotage[]
}

/** What the environment says of faults, and what is wrong with it. */
export interface ReadFaults {
  readonly settings: FaultSettings | undefined
  readonly problems: readonly Problem[]
}

type Environment = Readonly<Record<string, string | undefined>>

const names = ['FAILPOINTS', 'SABOTAGE', 'PLINTH_FAULTS'] as const

/**
 * Reads `FAILPOINTS` and `SABOTAGE`. Both count only where `PLINTH_FAULTS` names a folder, and a
 * process that finds them without it does not start: a planted bug never works by accident. In
 * production none of the three may be set.
 */
export function readFaults(environment: Environment, production: boolean): ReadFaults {
  const given = names.filter((name) => (environment[name] ?? '') !== '')
  if (given.length === 0) return { settings: undefined, problems: [] }
  if (production) return refused(given, 'Faults are for tests: unset it in production.')
  const folder = environment.PLINTH_FAULTS ?? ''
  if (folder === '') {
    return refused(given, 'Set PLINTH_FAULTS to a folder of the test as well, or unset it.')
  }
  const problems: Problem[] = []
  const attempt = <T>(name: string, read: () => readonly T[]): readonly T[] => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      problems.push(problem(name, error.detail))
      return []
    }
  }
  const points = attempt('FAILPOINTS', () => parseFailpoints(environment.FAILPOINTS ?? ''))
  const sabotages = attempt('SABOTAGE', () => parseSabotages(environment.SABOTAGE ?? ''))
  if (!isAbsolute(folder)) problems.push(problem('PLINTH_FAULTS', 'Give an absolute path.'))
  return { settings: { folder, points, sabotages }, problems }
}

function refused(given: readonly string[], cure: string): ReadFaults {
  return { settings: undefined, problems: given.map((name) => problem(name, cure)) }
}

function problem(pointer: string, detail: string): Problem {
  return { pointer, code: 'bad_setting', detail }
}
