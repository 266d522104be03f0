/** Owns looking for single characters in a text that is read from left to right. */

/** Finds the next place of one character; remembers it, so that the text is scanned once. */
export class CharacterFinder {
  readonly #text: string
  readonly #character: string
  #found = -1

  constructor(text: string, character: string) {
    this.#text = text
    this.#character = character
  }

  /** The first place at or after `position`; the length of the text where there is none. */
  from(position: number): number {
    if (this.#found < position) {
      const found = this.#text.indexOf(this.#character, position)
      this.#found = found === -1 ? this.#text.length : found
    }
    return this.#found
  }
}

/** Line breaks in a text: LF, CRLF and CR count one each. */
export function countLineBreaks(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 10 || (code === 13 && text.charCodeAt(index + 1) !== 10)) count += 1
  }
  return count
}
