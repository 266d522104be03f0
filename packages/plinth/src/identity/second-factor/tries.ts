/** Owns telling somebody that their password is known: wrong second factors until none counts. */

import { Failure } from '../../base/failure.ts'
import { dayMs } from '../../base/time.ts'
import type { ActionScope } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import type { Sight } from '../sight.ts'

/** A try that did not count any more. */
interface Refused {
  readonly userId: string
  readonly error: unknown
}

/**
 * Mails the owner of an account, once a day, that somebody gave its password and then codes until
 * no more were taken: whoever that is knows the password. Does nothing for any other failure.
 */
export async function tellOfTries(
  scope: ActionScope,
  { sendsMail, mailing, title, address }: IdentityParts,
  { userId, error }: Refused,
): Promise<void> {
  if (!sendsMail || !isLimit(error)) return
  try {
    await scope.take({ key: `second-factor:told:${userId}`, limit: 1, windowMs: dayMs })
  } catch (told) {
    if (isLimit(told)) return
    throw told
  }
  await scope.commit<void, Sight>(async (inside) => {
    const { email: to } = await inside.data.unrestricted.user.get(userId)
    if (to === null) return
    const link = address('/account/forgot-password')
    await inside.send(mailing.mails.factorTried, { to, input: { title, link, when: scope.now } })
  })
}

function isLimit(error: unknown): boolean {
  return error instanceof Failure && error.code === 'rate_limited'
}
