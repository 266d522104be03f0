/** Owns the question whether a caller is somebody with an account, in person. */

import { Failure } from '../../base/failure.ts'
import type { ActionScope } from '../../engine/runtime.ts'

/**
 * The id of a caller with an account who acts in person: no guest, and nobody whom staff acts as.
 * What changes an account, or lets somebody come back to it, asks for that. Fails with
 * `sign_in_required` and `forbidden`.
 */
export function demandPerson(caller: ActionScope['caller']): string {
  if (caller.is !== 'user' || caller.guest === true) {
    throw new Failure('sign_in_required', { detail: 'Sign in to do this.' })
  }
  if (caller.impersonator !== undefined) {
    throw new Failure('forbidden', {
      detail: 'Only the person can do this: nobody else who acts as them.',
    })
  }
  return caller.id
}
