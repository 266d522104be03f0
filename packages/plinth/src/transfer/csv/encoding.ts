/** Owns the encodings of text files: which one a file is in, and decoding it piece by piece. */

import { isAscii, isUtf8 } from 'node:buffer'

/** The encodings that can be read. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

/** Every encoding that can be named. */
export const encodings: readonly Encoding[] = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']

/** An encoding as people name it. `utf-16` goes by the byte order mark; without: little end. */
export type GivenEncoding = Encoding | 'utf-16'

/** Every name that a person may give. */
export const givenEncodings: readonly GivenEncoding[] = [...encodings, 'utf-16']

/** What a look at all bytes of a file says. */
export interface EncodingSurvey {
  readonly encoding: Encoding
  /** True where the file starts with a byte order mark. */
  readonly mark: boolean
  /** True where some bytes cannot be read in this encoding: their records are rejected. */
  readonly lossy: boolean
  /** Why this encoding: one clause for people. */
  readonly because: string
}

/**
 * Reads all bytes and decides. Valid UTF-8 is UTF-8. Where some bytes are not, a file that holds
 * more UTF-8 characters than faults is UTF-8 with damaged records; any other is Windows-1252.
 */
export async function surveyEncoding(chunks: AsyncIterable<Uint8Array>): Promise<EncodingSurvey> {
  const counter = new Utf8Counter()
  let first: Uint8Array | undefined
  for await (const chunk of chunks) {
    if (first === undefined || first.length < 4) first = joined(first, chunk)
    counter.add(chunk)
    const wide = first.length >= 4 ? wideEncoding(first) : undefined
    if (wide) return wide
  }
  counter.end()
  const wide = wideEncoding(first ?? new Uint8Array())
  return wide ?? narrowEncoding(counter, startsWith(first ?? new Uint8Array(), 0xef, 0xbb, 0xbf))
}

/** The encoding that a file's byte order mark names; undefined where it has none. */
export async function markedEncoding(
  chunks: AsyncIterable<Uint8Array>,
): Promise<Encoding | undefined> {
  let first: Uint8Array = new Uint8Array()
  for await (const chunk of chunks) {
    first = joined(first, chunk)
    if (first.length >= 3) break
  }
  if (startsWith(first, 0xef, 0xbb, 0xbf)) return 'utf-8'
  if (startsWith(first, 0xff, 0xfe)) return 'utf-16le'
  return startsWith(first, 0xfe, 0xff) ? 'utf-16be' : undefined
}

function narrowEncoding(counter: Utf8Counter, mark: boolean): EncodingSurvey {
  const { faults, characters } = counter
  if (faults === 0) {
    const because = mark ? 'a byte order mark' : characters > 0 ? 'every byte fits' : 'plain ASCII'
    return { encoding: 'utf-8', mark, lossy: false, because }
  }
  if (mark || characters > faults) {
    const because = `${faults} places cannot be read as UTF-8, ${characters} other characters can`
    return { encoding: 'utf-8', mark, lossy: true, because }
  }
  return { encoding: 'windows-1252', mark, lossy: false, because: `${faults} places are not UTF-8` }
}

function wideEncoding(bytes: Uint8Array): EncodingSurvey | undefined {
  const wide = { mark: true, lossy: true, because: 'a byte order mark' }
  if (startsWith(bytes, 0xff, 0xfe)) return { encoding: 'utf-16le', ...wide }
  if (startsWith(bytes, 0xfe, 0xff)) return { encoding: 'utf-16be', ...wide }
  if (bytes.length < 4) return undefined
  const zeros = [0, 1, 2, 3].map((index) => bytes[index] === 0)
  const unmarked = { mark: false, lossy: true, because: 'every other byte is zero' }
  if (!zeros[0] && zeros[1] && !zeros[2] && zeros[3]) return { encoding: 'utf-16le', ...unmarked }
  if (zeros[0] && !zeros[1] && zeros[2] && !zeros[3]) return { encoding: 'utf-16be', ...unmarked }
  return undefined
}

function startsWith(bytes: Uint8Array, ...mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte)
}

function joined(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  return first === undefined ? second : Buffer.concat([first, second])
}

/** Counts characters beyond ASCII and places that are not UTF-8, over pieces of any size. */
class Utf8Counter {
  faults = 0
  characters = 0
  #rest: Uint8Array | undefined

  add(chunk: Uint8Array): void {
    const bytes = this.#rest ? joined(this.#rest, chunk) : chunk
    const whole = wholeLength(bytes)
    this.#rest = whole < bytes.length ? bytes.slice(whole) : undefined
    this.#count(bytes.subarray(0, whole))
  }

  end(): void {
    if (this.#rest) this.#count(this.#rest)
  }

  #count(bytes: Uint8Array): void {
    if (isAscii(bytes)) return
    const valid = isUtf8(bytes)
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index)
      if (code < 0x80 || code === 0xfeff) continue
      if (code === 0xfffd && !valid) this.faults += 1
      else this.characters += 1
    }
  }
}

/** Length without a character that the end of the piece cuts in two. */
function wholeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return bytes.length
    if (byte < 0xc0) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return needed > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** Decodes bytes to text piece by piece, without the byte order mark. */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true })
    if (text !== '') yield text
  }
  const rest = decoder.decode()
  if (rest !== '') yield rest
}
