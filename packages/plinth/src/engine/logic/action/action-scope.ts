/** Owns what an action gets beside the scope of all logic: its input, failures, and its time. */

import { assert, present } from '../../../base/assert.ts'
import { Failure } from '../../../base/failure.ts'
import type { ActionOperation } from '../../../catalog/catalog.ts'
import { suggestion } from '../../../catalog/mistakes.ts'
import type { Models } from '../../../define/infer.ts'
import type { LogicScope } from '../../../define/logic/scope.ts'
import type { Attempt } from '../attempt.ts'

/** An action and its checked input. */
export interface Calling {
  readonly operation: ActionOperation
  readonly values: Readonly<Record<string, unknown>>
}

/** The scope of an action. */
export function actionScope(
  scope: LogicScope<Models>,
  attempt: Attempt,
  { operation, values }: Calling,
): object {
  const { setting } = attempt
  return {
    ...scope,
    input: values,
    fail: (code: string, detail?: string) => fail(operation, code, detail),
    get aborted() {
      return setting.time.aborted
    },
    progress: setting.progress,
  }
}

/** Throws a declared failure. One that is not declared is a bug of the app. */
function fail(operation: ActionOperation, code: string, detail?: string): never {
  const { failures } = present(operation.declared, operation.name).action
  const declared = Object.hasOwn(failures, code) ? failures[code] : undefined
  const near = suggestion(code, Object.keys(failures))
  assert(declared, `${operation.name} declares no failure "${code}"${near}`)
  throw new Failure('conflict', {
    detail: detail ?? declared.detail,
    declared: { code, status: declared.status ?? 409 },
  })
}
