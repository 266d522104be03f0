/** Owns what makes a new password acceptable (NIST 800-63B-4, 3.1.1.2): long, and hard to guess. */

import type { Problem } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'

/** What new passwords are measured by. */
export interface PasswordRules {
  /** The fewest characters. */
  readonly charactersMin: number
  /** The name of the service: no secret. */
  readonly title: string
  readonly common: CommonPasswords
}

/** The passwords that are tried first. */
export interface CommonPasswords {
  /** True for one of them, as `foldPassword` makes it. */
  has(folded: string): Promise<boolean>
}

/** What others know of whoever sets a password. */
export interface KnownOf {
  readonly email?: string | null | undefined
  readonly name?: string | null | undefined
}

/** What a password is like to whoever guesses: without its capitals, in one form of Unicode. */
export function foldPassword(password: string): string {
  return password.normalize('NFKC').toLowerCase()
}

/**
 * What is wrong with a new password, with a code of its own; undefined: nothing. There are no rules
 * of which characters it holds; it is compared as a whole, never by a word that stands in it.
 */
export async function passwordProblem(
  { charactersMin, title, common }: PasswordRules,
  password: string,
  known: KnownOf = {},
): Promise<Omit<Problem, 'pointer'> | undefined> {
  const length = [...password.normalize('NFC')].length
  if (length < charactersMin) {
    return bad(`Give at least ${charactersMin} characters: a few words will do.`)
  }
  if (length > limits.passwordCharactersMax) {
    return bad(`Give at most ${limits.passwordCharactersMax} characters.`)
  }
  const folded = foldPassword(password)
  const unit = repeatedUnit(folded)
  if ((await common.has(folded)) || (unit !== folded && (await common.has(unit)))) {
    return {
      code: 'common_password',
      detail: 'It is among those that are tried first: take a few words of your own.',
    }
  }
  if ([...unit].length < limits.passwordOwnCharactersMin || countsOn(folded)) {
    return {
      code: 'guessable_password',
      detail: 'It repeats itself or counts on: take a few words of your own.',
    }
  }
  if (lengthBeside(folded, wordsOf(title, known)) < limits.passwordOwnCharactersMin) {
    return {
      code: 'guessable_password',
      detail:
        'It is little more than your name, your address or the name of this service: take words ' +
        'that nobody connects with you.',
    }
  }
  return undefined
}

function bad(detail: string): Omit<Problem, 'pointer'> {
  return { code: 'bad_password', detail }
}

/** `abcabcabc` → `abc`; what does not repeat is its own unit. A last one may be cut off. */
function repeatedUnit(text: string): string {
  // The classical border table: how much of the beginning is the end of each part.
  const borders = [0]
  for (let index = 1, border = 0; index < text.length; index++) {
    while (border > 0 && text[index] !== text[border]) border = borders[border - 1] ?? 0
    if (text[index] === text[border]) border += 1
    borders.push(border)
  }
  const period = text.length - (borders.at(-1) ?? 0)
  return period * 2 <= text.length ? text.slice(0, period) : text
}

/** True for `123456789012345`, `abcdefghijklmno` and what counts down like them. */
function countsOn(text: string): boolean {
  return [1, -1].some((step) => {
    let breaks = 0
    for (let index = 1; index < text.length; index++) {
      if (text.charCodeAt(index) - text.charCodeAt(index - 1) !== step) breaks += 1
    }
    return breaks * 5 <= text.length
  })
}

/** The words that others know, the longest first. Shorter ones than three stand anywhere. */
function wordsOf(title: string, { email, name }: KnownOf): readonly string[] {
  const whole = [title, email, name].flatMap((text) => (text ? [foldPassword(text)] : []))
  const parts = whole.flatMap((text) => text.split(/[^\p{L}\p{N}]+/u))
  const joined = whole.map((text) => text.replaceAll(/[^\p{L}\p{N}]+/gu, ''))
  const words = [...whole, ...joined, ...parts].filter((word) => [...word].length >= 3)
  return [...new Set(words)].sort((one, other) => other.length - one.length)
}

/** How many characters there are beside known words; any number where there are none. */
function lengthBeside(folded: string, words: readonly string[]): number {
  const rest = words.reduce((left, word) => left.replaceAll(word, ' '), folded)
  return rest === folded ? Number.POSITIVE_INFINITY : [...rest.replaceAll(/\s/gu, '')].length
}
