/** Owns how a command ends badly: what, where, cure; and with which exit code. */

import { wantsDetails } from '../app/config/config.ts'
import { causeText } from '../app/log.ts'
import { Failure } from '../base/failure.ts'
import { alarming, faint, tell } from './terminal.ts'

/** Exit codes. 0 is success. */
export const exitCodes = Object.freeze({ failure: 1, usage: 2 })

/** Tells a failure on stderr. Stacks are for PLINTH_LOG=debug, and for bugs. */
export function tellFailure(error: unknown): void {
  if (!(error instanceof Failure)) {
    tell(`${alarming('error')}: ${causeText(error, wantsDetails())}`)
    tell('This is a mistake in Plinth or in the app, not in what you typed.')
    return
  }
  const { code, detail, problems } = error
  tell(`${alarming('error')}: ${headline(error)} ${faint(`(${code})`)}`)
  for (const { pointer, detail: what } of problems) tell(`  ${pointer}: ${what}`)
  if (problems.length > 0 && !says(problems, detail)) tell(`  ${detail}`)
  if (wantsDetails()) tell(causeText(error, true))
  else if (error.cause !== undefined && code === 'data_directory') {
    tell(faint(String(causeText(error.cause, false)).slice(0, 2_000)))
  }
}

/** The exit code of a failure. */
export function exitCodeOf(error: unknown): number {
  return error instanceof Failure && error.code === 'usage' ? exitCodes.usage : exitCodes.failure
}

function headline({ title, detail, problems, code }: Failure): string {
  if (problems.length === 0) return detail
  return code === 'migration_refused' ? (detail.split('\n')[0] ?? title) : `${title}:`
}

function says(problems: Failure['problems'], detail: string): boolean {
  return problems.some((problem) => detail.includes(problem.detail))
}
