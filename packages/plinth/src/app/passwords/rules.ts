/** Owns what the new passwords of an app are measured by. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { App } from '../../define/kit.ts'
import type { PasswordRules } from '../../identity/passwords/rules.ts'
import { commonPasswords } from './common-list.ts'

/** The rules of an app. Fails with `declaration_invalid` for a length that is out of bounds. */
export function passwordRules({
  title,
  signIn,
}: Pick<App<unknown>, 'title' | 'signIn'>): PasswordRules {
  const { passwordCharactersMin: charactersMin = limits.passwordCharactersMin } = signIn
  const least = limits.passwordCharactersMinLeast
  const most = limits.passwordCharactersMinMost
  if (!Number.isInteger(charactersMin) || charactersMin < least || charactersMin > most) {
    throw new Failure('declaration_invalid', {
      detail: `signIn.passwordCharactersMin is a whole number from ${least} to ${most}.`,
    })
  }
  return Object.freeze({ charactersMin, title, common: commonPasswords })
}
