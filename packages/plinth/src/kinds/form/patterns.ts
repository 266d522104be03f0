/** Owns patterns of text: how they are run safely, and when PostgreSQL can hold them too. */

import { demand } from './problems.ts'

/** Characters a patterned text may have at most: bounds what a slow pattern can cost. */
export const patternedCharactersMax = 4_096

/** The test of a pattern. State (`g`, `y`) is dropped, so that each starts at the beginning. */
export function patternTest(pattern: RegExp): (text: string) => boolean {
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
  return (text) => stateless.test(text)
}

const plain = '[A-Za-z0-9_ @:,;=!#%&~<>"\'/-]'
const escaped = '\\\\[.\\-/+*?()[\\]{}|^$\\\\]'
const member = '[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_ @:,;=!#%&~<>"\'/.+*?()]'
const charset = `\\[(?:${member})+-?\\]`
const opening = '\\((?:\\?:|(?!\\?))'
const repeat = '[*+?]|\\{\\d{1,3}(?:,\\d{0,3})?\\}'
const portable = new RegExp(
  `^\\^?(?:${plain}|${escaped}|${charset}|${opening}|[)|]|${repeat})*\\$?$`,
)

/**
 * The pattern as PostgreSQL reads it (`~`), or undefined where the two dialects could differ:
 * then only this process enforces it. Portable are ASCII literals, plain classes, groups and
 * counts up to 255, without flags.
 */
export function portablePattern(pattern: RegExp): string | undefined {
  if (pattern.flags.replace(/[gyuv]/g, '') !== '') return undefined
  const source = pattern.source.replace(/\\./g, (pair) => (pair === '\\d' ? '[0-9]' : pair))
  if (!portable.test(source)) return undefined
  const counts = source.match(/\d+(?=[,\d]*\})/g) ?? []
  return counts.every((count) => Number(count) <= 255) ? source : undefined
}

/** Refuses a pattern on texts that are too long to be matched safely. */
export function demandPatternedLength(max: number): void {
  demand(
    max <= patternedCharactersMax,
    `A text with a pattern may have at most ${patternedCharactersMax} characters; lower its max.`,
  )
}
