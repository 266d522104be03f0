/** Owns cutting CSV text into records: exact lines, bounded memory, recovery after faults. */

import { limits } from '../../base/limits.ts'
import { CharacterFinder, countLineBreaks } from './finder.ts'

/** A character that stands between cells. */
export type Separator = ';' | ',' | '\t' | '|'

/** One record, or the physical line at which a record could not be read. */
export interface CsvRecord {
  /** Physical line of the input on which it starts, from 1. */
  readonly line: number
  /** The cells; where `raw` is given, that text is the only cell. */
  readonly cells: readonly string[]
  /** Why it cannot be taken. Absent: nothing is wrong with its form. */
  readonly problem?: string
  /** The physical line as it stood, where no cells could be told apart. */
  readonly raw?: string
}

/** How records are cut. */
export interface SplitterOptions {
  readonly separator: Separator
  /** The first record sets the number of cells; others are marked. Default true. */
  readonly sameWidth?: boolean
  /** True where a U+FFFD in the text stands for bytes that could not be decoded. */
  readonly lossy?: boolean
  /** Longest record in characters. Default `limits.csvRecordCharactersMax`. */
  readonly recordCharactersMax?: number
}

/** What the quoted path found: a record with its end, more text needed, or a fault. */
type Cut =
  | { readonly cells: string[]; readonly end: number }
  | { readonly fault: string }
  | 'incomplete'

const incompleteQuote = 'a quote is opened and never closed'
const rawCharactersMax = 1_000

/**
 * Cuts text that arrives in pieces of any size. A fault (a stray quote, a quote never closed, a
 * record past the limit) costs one physical line: reading goes on with the next line, so that one
 * bad quote never swallows the rest of a file. Lines end in LF, CRLF or CR; empty ones are counted
 * and passed over.
 */
export class CsvSplitter {
  readonly #separator: Separator
  readonly #openQuote: string
  readonly #sameWidth: boolean
  readonly #lossy: boolean
  readonly #recordCharactersMax: number
  #text = ''
  #position = 0
  #line = 1
  #width: number | undefined
  #emptyLines = 0
  #discarding = false
  #suspicious = false
  #final = false
  #lineFeeds = new CharacterFinder('', '\n')
  #returns = new CharacterFinder('', '\r')
  #quotes = new CharacterFinder('', '"')

  constructor(options: SplitterOptions) {
    this.#separator = options.separator
    this.#openQuote = `${options.separator}"`
    this.#sameWidth = options.sameWidth ?? true
    this.#lossy = options.lossy ?? false
    this.#recordCharactersMax = options.recordCharactersMax ?? limits.csvRecordCharactersMax
  }

  /** Lines without any character that were passed over so far. */
  get emptyLines(): number {
    return this.#emptyLines
  }

  /** Takes the next piece of text, returns the records that are complete now. */
  push(text: string): CsvRecord[] {
    return this.#cut(this.#text.slice(this.#position) + text)
  }

  /** Says that no text follows, returns what was left. */
  end(): CsvRecord[] {
    this.#final = true
    return this.#cut(this.#text.slice(this.#position))
  }

  #cut(text: string): CsvRecord[] {
    this.#text = text
    this.#position = 0
    this.#lookAgain()
    this.#suspicious = text.includes('\0') || (this.#lossy && text.includes('\uFFFD'))
    const records: CsvRecord[] = []
    while (this.#position < text.length) {
      const before = this.#position
      const record = this.#discarding ? this.#discard() : this.#next()
      if (record) records.push(record)
      if (this.#position === before) break
    }
    return records
  }

  /** Forgets what was found: after a step back, places before it count again. */
  #lookAgain(): void {
    this.#lineFeeds = new CharacterFinder(this.#text, '\n')
    this.#returns = new CharacterFinder(this.#text, '\r')
    this.#quotes = new CharacterFinder(this.#text, '"')
  }

  /** Reads one record and moves on, or stays where it is until more text has come. */
  #next(): CsvRecord | undefined {
    const start = this.#position
    const end = this.#lineEnd(start)
    if (end === -1) return this.#tooLong(start) ? this.#overlong(start) : undefined
    if (end === start) {
      this.#emptyLines += 1
      this.#advance(end)
      return undefined
    }
    const line = this.#text.slice(start, end)
    if (this.#quotes.from(start) < end && this.#hasOpenQuote(line)) return this.#quoted(start, line)
    this.#advance(end)
    return this.#judge(this.#line - 1, line.split(this.#separator), line)
  }

  #hasOpenQuote(line: string): boolean {
    return line.startsWith('"') || line.includes(this.#openQuote)
  }

  #quoted(start: number, line: string): CsvRecord | undefined {
    const cut = this.#cutQuoted(start)
    if (cut === 'incomplete' && !this.#final && !this.#tooLong(start)) return undefined
    const first = this.#line
    if (cut === 'incomplete' || 'fault' in cut) {
      this.#lookAgain()
      this.#advance(start + line.length)
      const problem = cut === 'incomplete' ? incompleteQuote : cut.fault
      return { line: first, cells: [line], raw: line, problem }
    }
    const text = this.#text.slice(start, cut.end)
    this.#line += countLineBreaks(text)
    this.#advance(cut.end)
    return this.#judge(first, cut.cells, text)
  }

  #cutQuoted(start: number): Cut {
    const cells: string[] = []
    let position = start
    while (true) {
      const quoted = this.#text[position] === '"'
      const cell = quoted ? this.#quotedCell(position) : this.#plainCell(position)
      if (cell === undefined) return 'incomplete'
      cells.push(cell.text)
      position = cell.end
      const next = this.#text[position]
      if (next === this.#separator) position += 1
      else if (next === undefined && !this.#final) return 'incomplete'
      else if (this.#mayBeHalfBreak(position)) return 'incomplete'
      else if (next === undefined || next === '\n' || next === '\r') return { cells, end: position }
      else return { fault: `text follows the closing quote of cell ${cells.length}` }
    }
  }

  #quotedCell(opening: number): { text: string; end: number } | undefined {
    let text = ''
    let from = opening + 1
    while (true) {
      const quote = this.#text.indexOf('"', from)
      if (quote === -1) return undefined
      if (this.#text[quote + 1] !== '"') {
        return { text: text + this.#text.slice(from, quote), end: quote + 1 }
      }
      text += this.#text.slice(from, quote + 1)
      from = quote + 2
    }
  }

  #plainCell(start: number): { text: string; end: number } | undefined {
    const lineEnd = this.#lineEnd(start)
    const separator = this.#text.indexOf(this.#separator, start)
    if (separator === -1 && lineEnd === -1) return undefined
    const end = separator === -1 || (lineEnd !== -1 && lineEnd < separator) ? lineEnd : separator
    return { text: this.#text.slice(start, end), end }
  }

  /** Where the line that holds this position ends; -1 where that is not known yet. */
  #lineEnd(position: number): number {
    const end = Math.min(this.#lineFeeds.from(position), this.#returns.from(position))
    if (end < this.#text.length) return this.#mayBeHalfBreak(end) ? -1 : end
    return this.#final ? this.#text.length : -1
  }

  /** A CR at the end of a piece may be the first half of CRLF. */
  #mayBeHalfBreak(end: number): boolean {
    return !this.#final && end === this.#text.length - 1 && this.#text[end] === '\r'
  }

  /** Moves behind the line break at `end`. */
  #advance(end: number): void {
    const crlf = this.#text[end] === '\r' && this.#text[end + 1] === '\n'
    this.#position = Math.min(end + (crlf ? 2 : 1), this.#text.length)
    this.#line += 1
  }

  #tooLong(start: number): boolean {
    return this.#text.length - start > this.#recordCharactersMax
  }

  #overlong(start: number): CsvRecord {
    const raw = this.#text.slice(start, start + rawCharactersMax)
    const problem = `the line is longer than ${this.#recordCharactersMax} characters`
    this.#position = this.#text.length
    this.#discarding = true
    return { line: this.#line, cells: [raw], raw, problem }
  }

  /** Passes over the rest of an overlong line. */
  #discard(): undefined {
    const end = this.#lineEnd(this.#position)
    if (end === -1) {
      // The CR that may be half of a CRLF stays, so that the break is counted once.
      const held = this.#text.endsWith('\r') ? 1 : 0
      this.#position = this.#text.length - held
      return
    }
    this.#discarding = false
    this.#advance(end)
  }

  #judge(line: number, cells: string[], text: string): CsvRecord {
    this.#width ??= cells.length
    const problem = this.#suspicious ? (characterProblem(text, this.#lossy) ?? '') : ''
    if (problem !== '') return { line, cells, problem }
    if (text.length > this.#recordCharactersMax) {
      const raw = text.slice(0, rawCharactersMax)
      return { line, cells: [raw], raw, problem: longRecord(this.#recordCharactersMax) }
    }
    if (!this.#sameWidth || cells.length === this.#width) return { line, cells }
    return { line, cells, problem: `has ${cells.length} cells where ${this.#width} are expected` }
  }
}

function longRecord(charactersMax: number): string {
  return `the record is longer than ${charactersMax} characters`
}

function characterProblem(text: string, lossy: boolean): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character'
  if (lossy && text.includes('\uFFFD')) return 'holds bytes that the encoding cannot read'
  return undefined
}
