/** Owns the history of a run while it is made: one line for each beginning and each end. */

import { closeSync, openSync, writeSync } from 'node:fs'
import type { HistoryLine } from '../check/history.ts'

/** Writes the history, and keeps it for the checkers. */
export class Recorder {
  readonly lines: HistoryLine[] = []
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  /** Notes a line at this moment. */
  note(line: Omit<HistoryLine, 't'>): void {
    const timed = { t: performance.now(), ...line }
    this.lines.push(timed)
    writeSync(this.#file, `${JSON.stringify(timed)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }
}
