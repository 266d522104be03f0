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
  const { code, detail, problems, title } = error
  const headline = problems.length === 0 ? detail : `${title}:`
  tell(`${alarming('error')}: ${headline} ${faint(`(${code})`)}`)
  for (const { pointer, detail: what } of problems) tell(`  ${place(pointer)}${what}`)
  for (const cure of new Set(problems.map((problem) => cures[problem.code]))) {
    if (cure !== undefined) tell(cure)
  }
  if (wantsDetails()) tell(causeText(error, true))
  else if (error.cause !== undefined && code === 'data_directory') {
    tell(faint(String(causeText(error.cause, false)).slice(0, 2_000)))
  }
}

/** What helps against all problems of a kind. */
const cures: Readonly<Record<string, string>> = {
  destructive:
    'Nothing was changed. Say yes when plinth dev asks (or plinth dev --accept-loss), declare\n' +
    'it again, or name what became of it by `was`.',
  schema_behind: 'Run plinth migrate plan, review the file, and run plinth migrate apply.',
}

/** A place, or a sentence that stands for one. */
function place(pointer: string): string {
  if (pointer === '') return ''
  return pointer.endsWith('.') ? `${pointer} ` : `${pointer}: `
}

/** The exit code of a failure. */
export function exitCodeOf(error: unknown): number {
  return error instanceof Failure && error.code === 'usage' ? exitCodes.usage : exitCodes.failure
}
