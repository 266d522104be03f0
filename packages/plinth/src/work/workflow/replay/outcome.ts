/** Owns what the code of a workflow gets from its steps: values and failures, as recorded. */

import { Failure, type FailureCode, failureKinds } from '../../../base/failure.ts'
import type { StoredError } from './record.ts'

/** The failure of a step, the same in every run. */
export function stepFailure({ code, detail }: StoredError): Failure {
  const known = Object.hasOwn(failureKinds, code) ? (code as FailureCode) : 'step_failed'
  return new Failure(known, { detail })
}

/** The values of branches by their names. Fails with the first failure of one. */
export function branchValues(
  names: readonly string[],
  outcomes: readonly PromiseSettledResult<unknown>[],
): Readonly<Record<string, unknown>> {
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return Object.fromEntries(
    names.map((name, index) => {
      const outcome = outcomes[index]
      return [name, outcome?.status === 'fulfilled' ? outcome.value : undefined]
    }),
  )
}
