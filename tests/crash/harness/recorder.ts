/** Owns the history of a run while it is made: one line for each beginning and each end. */

import { closeSync, openSync, writeSync } from 'node:fs'
import type { HistoryLine } from '../check/history.ts'

/** Writes the history, and keeps it for the checkers. */
export class Recorder {
  readonly lines: HistoryLine[] = []
  readonly #file: number
  #acknowledged = 0

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  /** How much was acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Notes a line at this moment. */
  note(line: Omit<HistoryLine, 't'>): void {
    const timed = { t: performance.now(), ...line }
    this.lines.push(timed)
    if (line.phase === 'ok') this.#acknowledged += 1
    writeSync(this.#file, `${JSON.stringify(timed)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }
}
