/** Owns the cutting of written answers of the engine into pieces, without parsing them. */

import { AssertionError, assert } from '../../base/assert.ts'
import type { ConnectionPieces, MemberCut, Piece, Pieces, RecordCut } from '../../engine/call.ts'

const quote = 34
const comma = 44
const openList = 91
const closeList = 93
const open = 123
const close = 125
const letterN = 110

/** Cuts a record. */
export function cutRecord(text: string, form: RecordCut): Pieces {
  return present(new Cutter(text).record(form))
}

/** The text of each member of an object. */
export function cutMembers(text: string): ReadonlyMap<string, string> {
  return new Cutter(text).members()
}

/** The texts of the items of a list. */
export function cutItems(text: string): readonly string[] {
  return new Cutter(text).items()
}

function present(pieces: Pieces | null): Pieces {
  assert(pieces, 'an answer is a record')
  return pieces
}

/** A walk over a text, from its beginning. */
class Cutter {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  record({ members }: RecordCut): Pieces | null {
    if (this.#code() === letterN) {
      this.#at += 4
      return null
    }
    const pieces: Piece[] = members.map(absent)
    this.#expect(open)
    let next = 0
    while (this.#code() !== close) {
      if (this.#code() === comma) this.#at++
      let found = next
      while (found < members.length && !this.#text.startsWith(prefixOf(members, found), this.#at)) {
        found++
      }
      const member = members[found]
      if (member) {
        this.#at += member.prefix.length
        pieces[found] = this.#piece(member)
        next = found + 1
      } else {
        this.#skipMember()
      }
    }
    this.#at++
    return { pieces }
  }

  #piece({ below, many }: MemberCut): Piece {
    if (!below) return this.#value()
    return many ? this.#connection(below) : this.record(below)
  }

  #connection(form: RecordCut): ConnectionPieces {
    this.#word('{"data":[')
    const records: Pieces[] = []
    while (this.#code() !== closeList) {
      if (this.#code() === comma) this.#at++
      records.push(present(this.record(form)))
    }
    this.#word('],"page":{"hasNext":')
    const hasNext = this.#value()
    this.#word(',"hasPrevious":')
    const hasPrevious = this.#value()
    const cursors = this.#code() === comma
    if (cursors) this.#word(',"start":')
    const start = cursors ? this.#value() : undefined
    if (cursors) this.#word(',"end":')
    const end = cursors ? this.#value() : undefined
    this.#word('}')
    const counted = this.#code() === comma
    if (counted) this.#word(',"count":')
    const count = counted ? this.#value() : undefined
    this.#word('}')
    return { records, hasNext, hasPrevious, start, end, count }
  }

  members(): ReadonlyMap<string, string> {
    const members = new Map<string, string>()
    this.#expect(open)
    while (this.#code() !== close) {
      if (this.#code() === comma) this.#at++
      const name = JSON.parse(this.#value()) as string
      this.#at++
      members.set(name, this.#value())
    }
    return members
  }

  items(): readonly string[] {
    const items: string[] = []
    this.#expect(openList)
    while (this.#code() !== closeList) {
      if (this.#code() === comma) this.#at++
      items.push(this.#value())
    }
    return items
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at)
  }

  #expect(code: number): void {
    // Here and below the text is made up only where it is told: this runs for every member.
    if (this.#code() !== code) unexpected(String.fromCharCode(code))
    this.#at++
  }

  #word(word: string): void {
    if (!this.#text.startsWith(word, this.#at)) unexpected(word)
    this.#at += word.length
  }

  #skipMember(): void {
    this.#value()
    this.#at++
    this.#value()
  }

  /** The text of one value. */
  #value(): string {
    const start = this.#at
    const code = this.#code()
    if (code === quote) this.#at = this.#endOfText(start)
    else if (code === open || code === openList) this.#at = this.#endOfNested(start)
    else this.#at = this.#endOfPlain(start)
    return this.#text.slice(start, this.#at)
  }

  #endOfText(start: number): number {
    let end = this.#text.indexOf('"', start + 1)
    while (isEscaped(this.#text, end)) end = this.#text.indexOf('"', end + 1)
    assert(end > start, 'a text has an end')
    return end + 1
  }

  #endOfPlain(start: number): number {
    let at = start
    for (; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at)
      if (code === comma || code === close || code === closeList) break
    }
    return at
  }

  #endOfNested(start: number): number {
    let depth = 0
    let at = start
    for (; ; at++) {
      const code = this.#text.charCodeAt(at)
      assert(at < this.#text.length, 'what is opened is closed')
      if (code === quote) at = this.#endOfText(at) - 1
      else if (code === open || code === openList) depth++
      else if ((code === close || code === closeList) && --depth === 0) return at + 1
    }
  }
}

const absent = (): undefined => undefined

function unexpected(word: string): never {
  throw new AssertionError(`the engine writes ${word} here`)
}

function prefixOf(members: readonly MemberCut[], index: number): string {
  return members[index]?.prefix ?? ''
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 92) slashes++
  return slashes % 2 === 1
}
