/** Owns how many guesses a password withstands, by the cheapest parts that it can be made of. */

import { keyboardEnds, sequenceEnd } from './runs.ts'
import { type Reading, readingsOf, type Vocabulary, wordBits } from './words.ts'

/** What a part of a password is, to whoever guesses it. */
export type PartSort = 'known' | 'listed' | 'run' | 'copy' | 'own'

/** What a password withstands. */
export interface Withstood {
  /** The power of two of the guesses; from the asked number on it is not counted further. */
  readonly bits: number
  /** What the cheapest parts are; empty where enough was found on the way. */
  readonly sorts: ReadonlySet<PartSort>
}

/** What a password is judged by. */
export interface Judging extends Vocabulary {
  /** How many bits are enough. */
  readonly enoughBits: number
}

interface Part {
  readonly end: number
  readonly bits: number
  readonly sort: PartSort
}

interface Reached {
  readonly bits: number
  readonly from: number
  readonly sort: PartSort
}

// What people write in full. Beyond it, words are not sought any more: by then a password has many
// parts, and what is cheap about it repeats.
const startsMax = 64

/**
 * The cheapest way to make a folded password of known words, listed ones (disguised or not), runs,
 * copies of what came before, and characters by themselves. Forward over its characters; it stops
 * where every way on costs enough.
 */
export function withstood(folded: string, judging: Judging): Withstood {
  const text = Array.from(folded)
  const reached: (Reached | undefined)[] = [{ bits: 0, from: 0, sort: 'own' }]
  const readings = readingsOf(text)
  for (let start = 0; start < text.length; start++) {
    const here = reached[start]
    if (here === undefined || here.bits >= judging.enoughBits) continue
    for (const { end, bits, sort } of partsFrom({ text, start, readings }, judging)) {
      const sum = here.bits + bits
      const before = reached[end]
      if (before === undefined || sum < before.bits) reached[end] = { bits: sum, from: start, sort }
    }
  }
  const last = reached[text.length]
  if (last === undefined || last.bits >= judging.enoughBits) {
    return { bits: judging.enoughBits, sorts: new Set() }
  }
  return { bits: last.bits, sorts: sortsOf(reached) }
}

function sortsOf(reached: readonly (Reached | undefined)[]): ReadonlySet<PartSort> {
  const sorts = new Set<PartSort>()
  let at = reached.length - 1
  while (at > 0) {
    const step = reached[at]
    if (step === undefined) break
    sorts.add(step.sort)
    at = step.from
  }
  return sorts
}

interface From {
  readonly text: readonly string[]
  readonly start: number
  readonly readings: readonly Reading[]
}

function partsFrom({ text, start, readings }: From, judging: Judging): readonly Part[] {
  const parts: Part[] = [{ end: start + 1, bits: characterBits(text[start] ?? ''), sort: 'own' }]
  const sequence = sequenceEnd(text, start)
  if (sequence !== undefined) parts.push({ end: sequence, bits: 6, sort: 'run' })
  for (const end of keyboardEnds(text, start)) parts.push({ end, bits: 7, sort: 'run' })
  const copied = copyEnd(text, start)
  for (let end = start + 3; end <= copied; end++) parts.push({ end, bits: 5, sort: 'copy' })
  if (/^(?:19|20)\d\d$/.test(text.slice(start, start + 4).join(''))) {
    parts.push({ end: start + 4, bits: 5, sort: 'run' })
  }
  if (start >= startsMax) return parts
  for (const { end, bits, known } of wordBits(readings, start, judging)) {
    parts.push({ end, bits, sort: known ? 'known' : 'listed' })
  }
  return parts
}

/** People choose digits (dates, telephones) and end by `!`; most letters stand in words. */
function characterBits(character: string): number {
  if (/[\d\s\-_.,!]/.test(character)) return 2
  return /[a-z]/.test(character) ? 4 : 5
}

/** Where the longest part ends that stood there before; it may overlap itself, as in `aaaa`. */
function copyEnd(text: readonly string[], start: number): number {
  let furthest = start
  for (let from = 0; from < start; from++) {
    let length = 0
    while (start + length < text.length && text[from + length] === text[start + length]) length++
    furthest = Math.max(furthest, start + length)
  }
  return furthest
}
