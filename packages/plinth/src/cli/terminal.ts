/** Owns what a command prints: data to stdout, everything else to stderr, colours where wanted. */

import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { wantsColour } from '../app/config/config.ts'

/** Writes data: what a program after the pipe reads. */
export function printData(line: string): void {
  write(1, `${line}\n`)
}

/** Writes what a person should know: progress, findings, hints. */
export function tell(line = ''): void {
  write(2, `${line}\n`)
}

/** Writes text to stderr as it is. */
export function tellRaw(text: string): void {
  write(2, text)
}

/** True where a person can be asked and answers. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** Bold, where stderr shows it. */
export function strong(text: string): string {
  return painted(text, 1, 22)
}

/** Red, where stderr shows it. */
export function alarming(text: string): string {
  return painted(text, 31, 39)
}

/** Faint, where stderr shows it. */
export function faint(text: string): string {
  return painted(text, 2, 22)
}

function painted(text: string, begin: number, end: number): string {
  return wantsColour(process.stderr) ? `\u001b[${begin}m${text}\u001b[${end}m` : text
}

/** Lines of columns, padded to the widest cell; the last column is left as it is. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length)
    })
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** Asks for yes or no. Anything but yes is no. */
export async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(`${question} [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    // The terminal was closed or interrupted: nobody said yes.
    return false
  } finally {
    lines.close()
  }
}

function write(descriptor: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      // A full pipe: its reader is slow. A closed one: its reader has what it wanted.
      if (code !== 'EAGAIN') return
    }
  }
}
