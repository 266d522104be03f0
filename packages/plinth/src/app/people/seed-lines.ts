/** Owns keeping what a seed showed, such as ready-made accounts, for people on this machine. */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The file that keeps it. */
export function seedLinesFile(dataDirectory: string): string {
  return join(dataDirectory, 'keys', 'first-start.txt')
}

/** Keeps the lines of the seed for this and later starts. Readable by the owner only. */
export async function keepSeedLines(
  dataDirectory: string,
  lines: readonly string[],
): Promise<void> {
  const file = seedLinesFile(dataDirectory)
  await mkdir(join(dataDirectory, 'keys'), { recursive: true, mode: 0o700 })
  const text = lines.map((line) => `${line}\n`).join('')
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

/** The lines of the seed; undefined where none was shown. */
export async function readSeedLines(dataDirectory: string): Promise<string | undefined> {
  const text = await readFile(seedLinesFile(dataDirectory), 'utf8').catch(() => undefined)
  return text === undefined || text.trim() === '' ? undefined : text.trimEnd()
}
