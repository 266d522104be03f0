/** Owns the words in a password: as they are, with digits for letters, and from behind. */

/** How early a folded word is tried, as a power of two; undefined: it is not in the list. */
export type Listed = (word: string) => number | undefined

/** The words that a password may be made of. */
export interface Vocabulary {
  /** What others know of whoever sets it, folded. */
  readonly known: ReadonlySet<string>
  readonly listed: Listed
}

/** A password as somebody may have meant it. */
export interface Reading {
  readonly text: readonly string[]
  /** What it costs to think of it. */
  readonly bits: number
  readonly reversed: boolean
  /** How many characters mean another one, before each place; undefined: none does. */
  readonly changes?: readonly number[]
}

/** A word at a place. */
export interface Word {
  readonly end: number
  readonly bits: number
  /** True: others know it of whoever sets the password. */
  readonly known: boolean
}

// One character may stand for two letters: then there are two readings.
const letters: Readonly<Record<string, string>> = {
  ...{ '4': 'a', '@': 'a', '8': 'b', '(': 'c', '3': 'e', '6': 'g', '9': 'g' },
  ...{ '1': 'i', '!': 'i', '|': 'i', '0': 'o', $: 's', '5': 's', '7': 't', '+': 't', '2': 'z' },
}
const otherLetters: Readonly<Record<string, string>> = {
  ...letters,
  ...{ '1': 'l', '!': 'l', '|': 'l', '7': 'l', '€': 'e', '£': 'l' },
}

/** The readings of a text: as it is, with letters for what looks like them, each also reversed. */
export function readingsOf(text: readonly string[]): readonly Reading[] {
  const meant = [letters, otherLetters].map((table) => withLetters(text, table))
  const forward = [{ text, bits: 0 }, ...meant.filter(({ changes }) => (changes.at(-1) ?? 0) > 0)]
  return forward.flatMap((reading) => [
    { ...reading, reversed: false },
    { ...reading, bits: reading.bits + 1, reversed: true },
  ])
}

function withLetters(text: readonly string[], table: Readonly<Record<string, string>>) {
  const changes = [0]
  const meant = text.map((character) => {
    const letter = table[character]
    changes.push((changes.at(-1) ?? 0) + (letter === undefined ? 0 : 1))
    return letter ?? character
  })
  return { text: meant, bits: 1, changes }
}

// Nobody's word is longer, and shorter ones than three letters are no words.
const lengthMin = 3
const lengthMax = 24
const knownBits = 2

/** The known and listed words that begin at a place of a text, in any of its readings. */
export function wordBits(
  readings: readonly Reading[],
  start: number,
  { known, listed }: Vocabulary,
): readonly Word[] {
  const words: Word[] = []
  for (const { text, bits, reversed, changes } of readings) {
    const last = Math.min(text.length, start + longestOf(known))
    for (let end = start + lengthMin; end <= last; end++) {
      // Where nothing is disguised the plain reading has told it.
      if (changes && changes[end] === changes[start]) continue
      const piece = text.slice(start, end)
      const word = (reversed ? piece.reverse() : piece).join('')
      if (known.has(word)) {
        words.push({ end, bits: knownBits + bits, known: true })
      } else if (end - start <= lengthMax) {
        const place = listed(word)
        if (place !== undefined) words.push({ end, bits: place + 1 + bits, known: false })
      }
    }
  }
  return words
}

function longestOf(known: ReadonlySet<string>): number {
  let longest = lengthMax
  for (const word of known) longest = Math.max(longest, word.length)
  return longest
}
