/** Owns the app's secret: what makes one too weak, where a made one is kept, what comes of it. */

import { hkdfSync } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { base64url, hex, randomBytes } from '../../base/ids.ts'

const secretBytesMin = 32
const distinctCharactersMin = 10

// Words of documentation and of examples. A random secret holds one of them once in millions.
const words = new RegExp(
  'change.{0,3}me|secret|passw|placeholder|example|default|your.{0,3}key|replace|' +
    'insert.{0,3}here|keyboard|qwerty|develop|testing|plinth',
  'i',
)

/**
 * What is wrong with a secret; undefined where it may hold 32 random bytes. Nobody can measure
 * randomness of one value, but what is short, repeated, in order, or made of words has none.
 */
export function secretProblem(secret: string): string | undefined {
  const bytes = /^[0-9a-f]+$/i.test(secret) ? secret.length / 2 : (secret.length * 6) / 8
  if (bytes < secretBytesMin) return `It is too short to hold ${secretBytesMin} random bytes.`
  if (words.test(secret)) return 'It is made of words, like those in examples.'
  if (new Set(secret).size < distinctCharactersMin) return 'It repeats a few characters.'
  if (repeats(secret)) return 'It repeats itself.'
  if (isInOrder(secret)) return 'Its characters stand in order.'
  return undefined
}

function repeats(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period++) {
    if (text.slice(period) === text.slice(0, -period)) return true
  }
  return false
}

function isInOrder(text: string): boolean {
  let steps = 0
  for (let index = 1; index < text.length; index++) {
    if (Math.abs(text.charCodeAt(index) - text.charCodeAt(index - 1)) === 1) steps += 1
  }
  return steps > text.length / 3
}

/** The secret of a data directory: made on first use, then stable over restarts. */
export async function keptSecret(dataDirectory: string): Promise<string> {
  const folder = join(dataDirectory, 'keys')
  const file = join(folder, 'secret')
  const kept = await readFile(file, 'utf8').catch(() => undefined)
  if (kept !== undefined) return checked(file, kept.trim())
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const draft = `${file}.${hex(randomBytes(6))}`
  await writeFile(draft, `${base64url(randomBytes(secretBytesMin))}\n`, {
    mode: 0o600,
    flush: true,
  })
  // Linked, not renamed: of two starts at once both end up with the first one's secret.
  await link(draft, file).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
  await rm(draft, { force: true })
  return checked(file, (await readFile(file, 'utf8')).trim())
}

function checked(file: string, secret: string): string {
  if (secretProblem(secret) === undefined) return secret
  throw new Failure('configuration_invalid', {
    detail: `The secret in ${file} is damaged. Remove the file: the next start makes a new one.`,
  })
}

/** A key for one purpose, so that no two uses of the secret can be played against each other. */
export function deriveKey(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'plinth', purpose, 32))
}
