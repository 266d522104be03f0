/** Owns the prepared statements of one connection: which ones the server keeps, within bounds. */

import { assert } from '../../base/assert.ts'
import type { Query } from '../database.ts'
import type { MessageWriter } from './writer.ts'

/** What a connection may keep. The server holds about 100 bytes for each character of a text. */
export interface StatementLimits {
  readonly statementCacheMax: number
  /** Of all texts together. */
  readonly statementCacheCharactersMax: number
  /** A longer text is not kept: it is rarely asked for twice, and weighs as much as many others. */
  readonly preparedTextCharactersMax: number
}

/** The statements that the server has prepared for us; what was unused for longest goes first. */
export class PreparedStatements {
  readonly #limits: StatementLimits
  readonly #writer: MessageWriter
  readonly #texts = new Map<string, string>()
  readonly #doubtful = new Set<string>()
  #characters = 0

  constructor(limits: StatementLimits, writer: MessageWriter) {
    this.#limits = limits
    this.#writer = writer
  }

  /**
   * Writes what the server needs to run the query, and returns the name to run it by. Names that
   * it has to confirm are added to `preparing`.
   */
  prepare({ name = '', text }: Query, preparing: string[]): string {
    if (name === '' || text.length > this.#limits.preparedTextCharactersMax) {
      this.#writer.parse('', text)
      preparing.push('')
      return ''
    }
    const known = this.#texts.get(name)
    if (known !== undefined) {
      assert(known === text, `the statement name ${name} stands for one text only`)
      if (this.#isCrowded) this.#refresh(name, text)
      return name
    }
    this.#makeRoom(text.length)
    if (this.#doubtful.delete(name)) this.#writer.forget(name)
    this.#texts.set(name, text)
    this.#characters += text.length
    this.#writer.parse(name, text)
    preparing.push(name)
    return name
  }

  /** It is not sure that the server has the statement: it is prepared anew when it is needed. */
  doubt(name: string): void {
    if (this.#remove(name)) this.#doubtful.add(name)
  }

  /** The same for all of them. */
  doubtAll(): void {
    for (const name of [...this.#texts.keys()]) this.doubt(name)
  }

  get #isCrowded(): boolean {
    const { statementCacheMax, statementCacheCharactersMax } = this.#limits
    return (
      this.#characters * 2 > statementCacheCharactersMax || this.#texts.size * 2 > statementCacheMax
    )
  }

  #refresh(name: string, text: string): void {
    this.#texts.delete(name)
    this.#texts.set(name, text)
  }

  #makeRoom(characters: number): void {
    const { statementCacheMax, statementCacheCharactersMax } = this.#limits
    for (const oldest of this.#texts.keys()) {
      const fits = this.#characters + characters <= statementCacheCharactersMax
      if (fits && this.#texts.size < statementCacheMax) return
      this.#remove(oldest)
      this.#writer.forget(oldest)
    }
  }

  #remove(name: string): boolean {
    const text = this.#texts.get(name)
    if (text === undefined) return false
    this.#characters -= text.length
    return this.#texts.delete(name)
  }
}
