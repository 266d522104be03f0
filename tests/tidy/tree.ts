/** Owns reading the work tree: which files belong to the repository and what stands in them. */

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TextFile } from './source.ts'

/** The root of the repository. */
export const root = join(import.meta.dirname, '..', '..')

/** The paths of all files that are tracked or would be, with `/`, sorted. */
export function listFiles(): string[] {
  const command = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const output = execFileSync('git', command, { cwd: root, encoding: 'utf8' })
  const paths = new Set(output.split('\0').filter((path) => path !== ''))
  return [...paths].filter(isFile).sort()
}

/** Reads a file of the repository. */
export function readText(path: string): TextFile {
  return { path, text: readFileSync(join(root, path), 'utf8') }
}

/** Whether the text rules hold for this file: everything that we write in TypeScript. */
export function isOurs(path: string): boolean {
  return path.endsWith('.ts') && !path.endsWith('.d.ts')
}

function isFile(path: string): boolean {
  const whole = join(root, path)
  return existsSync(whole) && statSync(whole).isFile()
}
