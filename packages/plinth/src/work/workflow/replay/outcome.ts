/** Owns what the code of a workflow gets from its steps: values and failures, as recorded. */

import { Failure, type FailureCode, failureKinds } from '../../../base/failure.ts'
import type { StoredError } from './record.ts'

const failedSteps = new WeakMap<object, string>()

/** The failure of a step, the same in every run. */
export function stepFailure({ code, detail }: StoredError, step: string): Failure {
  const known = Object.hasOwn(failureKinds, code) ? (code as FailureCode) : 'step_failed'
  const failure = new Failure(known, { detail })
  failedSteps.set(failure, step)
  return failure
}

/** The name of the step whose failure this is; undefined: it is none of a step. */
export function failedStep(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null ? failedSteps.get(error) : undefined
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
