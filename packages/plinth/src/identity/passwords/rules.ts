/** Owns what makes a new password acceptable (NIST 800-63B-4, 3.1.1.2): long, and hard to guess. */

import type { Problem } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { type PartSort, withstood } from './guesses.ts'
import type { Listed } from './words.ts'

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
  /** The list: how early a folded one of them is tried. */
  open(): Promise<Listed>
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
 * of which characters it holds. A common word in it is no fault where enough stands beside it.
 */
export async function passwordProblem(
  { charactersMin, title, common }: PasswordRules,
  password: string,
  others: KnownOf = {},
): Promise<Omit<Problem, 'pointer'> | undefined> {
  const length = [...password.normalize('NFC')].length
  if (length < charactersMin) {
    return bad(`Give at least ${charactersMin} characters: a few words will do.`)
  }
  if (length > limits.passwordCharactersMax) {
    return bad(`Give at most ${limits.passwordCharactersMax} characters.`)
  }
  const listed = await common.open()
  const folded = foldPassword(password)
  const unit = repeatedUnit(folded)
  if (isCommon(listed, folded) || isCommon(listed, unit)) {
    return {
      code: 'common_password',
      detail: 'It is among those that are tried first: take a few words of your own.',
    }
  }
  const repeats = [...unit].length < limits.passwordOwnCharactersMin
  const known = wordsOf(title, others)
  const { bits, sorts } = withstood(folded, { known, listed, enoughBits: enoughFor(charactersMin) })
  if (!repeats && bits >= enoughFor(charactersMin)) return undefined
  return { code: 'guessable_password', detail: guessable(repeats ? new Set(['copy']) : sorts) }
}

/** Shorter ones are listed for the sake of longer ones that they stand in. */
function isCommon(listed: Listed, folded: string): boolean {
  return [...folded].length >= limits.passwordCharactersMinLeast && listed(folded) !== undefined
}

/** An app that asks for fewer characters, since a second factor follows, asks for fewer guesses. */
function enoughFor(charactersMin: number): number {
  const { passwordGuessBitsMin, passwordCharactersMin } = limits
  return passwordGuessBitsMin * Math.min(1, charactersMin / passwordCharactersMin)
}

function guessable(sorts: ReadonlySet<PartSort>): string {
  if (sorts.has('known')) {
    return (
      'It is little more than your name, your address or the name of this service: take words ' +
      'that nobody connects with you.'
    )
  }
  if (sorts.has('listed')) {
    return (
      'It is little more than a common word and what people add to one, such as digits: take a ' +
      'few words of your own.'
    )
  }
  return 'It repeats itself or counts on: take a few words of your own.'
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

/** The words that others know, folded. Shorter ones than three stand anywhere. */
function wordsOf(title: string, { email, name }: KnownOf): ReadonlySet<string> {
  const whole = [title, email, name].flatMap((text) => (text ? [foldPassword(text)] : []))
  const parts = whole.flatMap((text) => text.split(/[^\p{L}\p{N}]+/u))
  const joined = whole.map((text) => text.replaceAll(/[^\p{L}\p{N}]+/gu, ''))
  return new Set([...whole, ...joined, ...parts].filter((word) => [...word].length >= 3))
}
