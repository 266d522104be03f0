/** Owns the check of what an app declares about second factors that it demands. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { App } from '../../define/kit.ts'

type Declared = Pick<App<unknown>, 'signIn' | 'roles' | 'organisations'>

/** Fails with `declaration_invalid` where nobody could be meant, or the days are out of bounds. */
export function checkDemand({ signIn, roles: known, organisations }: Declared): void {
  const { secondFactor } = signIn
  if (!secondFactor) return
  const { everyone, roles, members, graceDays } = secondFactor
  const most = limits.secondFactorGraceDaysMost
  const problems: string[] = []
  if (!Number.isInteger(graceDays) || graceDays < 0 || graceDays > most) {
    problems.push(`graceDays is a whole number from 0 to ${most}.`)
  }
  if (!everyone && roles.length === 0 && members.length === 0) {
    problems.push("required says of nobody: name 'everyone', roles or members.")
  }
  for (const role of roles) {
    if (known && role !== 'admin' && !known.includes(role)) {
      problems.push(`There is no role "${role}": the roles are ${[...known, 'admin'].join(', ')}.`)
    }
  }
  if (members.length > 0 && !organisations) {
    problems.push('members are of organisations, and the app declares none.')
  }
  const within = ['owner', ...Object.keys(organisations?.roles ?? {})]
  for (const role of members === 'all' || !organisations ? [] : members) {
    if (!within.includes(role)) {
      problems.push(`Members have no role "${role}": their roles are ${within.join(', ')}.`)
    }
  }
  if (problems.length === 0) return
  const detail = problems.map((problem) => `signIn.secondFactor: ${problem}`).join('\n')
  throw new Failure('declaration_invalid', { detail })
}
