/** Owns telling a caller who lacks a second factor that no step up would bring one. */

import type { Caller } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import type { Database } from '../../database/database.ts'
import { wantsTwoFactors } from '../operations/permit.ts'

const findText = `select u.second_factor or exists (
    select from identity.passkey p where p.user_id = u.id and p.locked_at is null)
  from identity."user" u where u.id = $1::uuid`

/**
 * The failure as the caller can mend it: where two factors are asked for and the account has but
 * one, showing it again would lead nowhere, so that `second_factor_required` stands in the place
 * of `step_up_required`. It is looked up only then; any other failure is returned as it is.
 */
export async function mendable(
  database: Database,
  caller: Caller,
  failure: unknown,
): Promise<unknown> {
  if (caller.is !== 'user' || !wantsTwoFactors(failure)) return failure
  const { rows } = await database.query({
    name: 'plinth_factor_find',
    text: findText,
    values: [caller.id],
  })
  if (rows[0]?.[0] !== 'f') return failure
  return new Failure('second_factor_required', {
    detail:
      'This takes a second factor, and the account has none: set one up at /account/factors, or ' +
      'by /api/identity/set-up-totp, then repeat this.',
    cause: failure,
  })
}
