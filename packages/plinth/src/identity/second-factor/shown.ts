/** Owns the second factor that a call brings: a passkey, or a code in its place. */

import { invalidInput } from '../../base/failure.ts'
import type { ActionResult, ActionScope } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import { usedResponse } from '../passkeys/responses.ts'
import { byPasskey, type ShownPasskey, type TakePasskey } from '../passkeys/use.ts'
import { countTry, forgetTries, useFactor } from './check.ts'
import { tellOfTries } from './tries.ts'

/** What a second factor is shown for. */
export interface FactorFor {
  readonly purpose: ShownPasskey['purpose']
  readonly userId: string
  /** The session, or the waiting sign-in, that a passkey was asked in. */
  readonly boundTo: string
}

/**
 * Does what takes a second factor, by the `passkey` of the input or else by its `code`. A passkey
 * cannot be guessed: its tries are counted by network alone. Fails with `invalid_credentials`,
 * `invalid_input` where neither was sent, and `rate_limited`.
 */
export async function withFactor(
  scope: ActionScope,
  parts: IdentityParts,
  { work, ...bound }: FactorFor & { work(take: TakePasskey): Promise<ActionResult> },
): Promise<ActionResult> {
  const { input } = scope
  if (isGiven(input.passkey)) {
    const response = usedResponse(input.passkey, '/passkey')
    return byPasskey(scope, parts, { shown: { ...bound, response }, work })
  }
  demandGiven(input.code, '/code', 'The account has a second factor: give a code or a passkey.')
  const { userId } = bound
  const shown = { userId, code: String(input.code) }
  await countTry(scope, shown).catch(async (error: unknown) => {
    if (bound.purpose === 'second-factor') await tellOfTries(scope, parts, { userId, error })
    throw error
  })
  const result = await work(async (inside) => {
    await useFactor(parts, inside, shown)
    return userId
  })
  await forgetTries(scope, userId)
  return result
}

/** True for a value that was sent. */
export function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined
}

/** Fails with `invalid_input` where a value was not sent. */
export function demandGiven(value: unknown, pointer: string, detail: string): void {
  if (!isGiven(value)) throw invalidInput([{ pointer, code: 'required', detail }])
}
