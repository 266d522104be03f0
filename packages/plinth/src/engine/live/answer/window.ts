/** Owns the window of a followed read: its last messages, and cursors that lead back into it. */

import { hash } from 'node:crypto'
import { limits } from '../../../base/limits.ts'
import type { LiveMessage } from '../message.ts'
import type { LiveRows } from './rows.ts'

/**
 * The last messages of a read. A cursor names the run of messages that it belongs to, a place in
 * it, and what the answer was there: so that it is good on another node too, as long as nothing has
 * changed since.
 */
export class Window {
  readonly #run: string
  readonly #messages: LiveMessage[] = []
  #bytes = 0
  /** The place after the last message. */
  #place = 0
  #digest = ''

  constructor(run: string) {
    this.#run = run
  }

  /** Where those stand who were told everything. */
  get cursor(): string {
    return `${this.#run}.${this.#place}.${this.#digest}`
  }

  /** Says what the answer is. Comes before the message that tells of it. */
  stand({ rows, more, count }: LiveRows): void {
    const state = `${rows.map(({ text }) => text).join('\n')}\n${more}\n${count}`
    this.#digest = hash('sha256', state, 'base64url').slice(0, digestCharacters)
  }

  /** Adds a message of changes. */
  add(members: string): LiveMessage {
    this.#place += 1
    const message: LiveMessage = { type: 'changes', cursor: this.cursor, members }
    this.#messages.push(message)
    this.#bytes += members.length
    while (
      this.#messages.length > limits.liveWindowMessages ||
      (this.#bytes > limits.liveWindowBytes && this.#messages.length > 0)
    ) {
      this.#bytes -= this.#messages.shift()?.members.length ?? 0
    }
    return message
  }

  /**
   * What came after a cursor, nothing twice; undefined where the window does not reach so far. A
   * cursor of another run is good where its answer was the one of now.
   */
  since(cursor: string): readonly LiveMessage[] | undefined {
    const [run, place, digest] = cursor.split('.')
    if (run === this.#run) {
      const missed = this.#place - Number(place)
      if (Number.isInteger(missed) && missed >= 0 && missed <= this.#messages.length) {
        return missed === 0 ? [] : this.#messages.slice(-missed)
      }
    }
    return digest === this.#digest && digest !== '' ? [] : undefined
  }
}

// 96 bits: nobody meets another answer with the same one by chance.
const digestCharacters = 16
