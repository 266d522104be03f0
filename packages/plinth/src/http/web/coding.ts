/** Owns the compression of fixed files: which coding a browser takes, made once for each file. */

import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** A coding that we speak, the smaller one first. */
export type Coding = 'br' | 'gzip'

const known: readonly Coding[] = ['br', 'gzip']

/** Below so many bytes the head of an answer outweighs what is saved. */
const worthwhileBytes = 1_024

const smaller: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  br: (bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 9,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
}

/** The best coding that a request takes; undefined: the file as it is. */
export function codingFor(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined
  const taken = new Map<string, number>()
  for (const part of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    taken.set(name, weight === undefined ? 1 : Number(weight.slice(2)) || 0)
  }
  const weightOf = (coding: Coding) => taken.get(coding) ?? taken.get('*') ?? 0
  return known.find((coding) => weightOf(coding) > 0)
}

/** The bytes in a coding; undefined where they would not be smaller. */
export async function encode(bytes: Uint8Array, coding: Coding): Promise<Uint8Array | undefined> {
  if (bytes.length < worthwhileBytes) return undefined
  const made = await smaller[coding](bytes)
  return made.length < bytes.length ? made : undefined
}
