/** Owns the form of what nodes say to each other about rooms. */

import { wordBytesMax } from './bus.ts'

/** Somebody who is in a room. */
export interface Presence {
  /** This connection's own id in the room. */
  readonly member: string
  /** The id of the user; null: nobody in particular. Set by us, never by a message. */
  readonly who: string | null
  /** JSON text of what they say of themselves. */
  readonly state: string
}

/** A word. `at`: its number among those of its node, so that equal words are two. */
export type Word = { readonly node: string; readonly at: number } & (
  | { readonly is: 'here'; readonly room: string; readonly present: readonly Presence[] }
  | { readonly is: 'gone'; readonly room: string; readonly member: string }
  | { readonly is: 'said'; readonly room: string; readonly from: Speaker; readonly data: unknown }
  /** Who comes anew wants to know who is there. */
  | { readonly is: 'ask'; readonly room: string }
  | { readonly is: 'alive' }
  | { readonly is: 'bye' }
)

/** Who says something. */
export type Speaker = Pick<Presence, 'member' | 'who'>

/** What a node says, without what it adds itself. */
export type Said = Word extends infer W
  ? W extends Word
    ? Omit<W, 'node' | 'at' | 'data'>
    : never
  : never

/** The text of a word. `data`: JSON text of what is said, which is not escaped once more. */
export function wordText(word: Said & Pick<Word, 'node' | 'at'>, data?: string): string {
  const text = JSON.stringify(word)
  return data === undefined ? text : `${text.slice(0, -1)},"data":${data}}`
}

/** A word read; undefined for anything else, as of another version. */
export function readWord(text: string): Word | undefined {
  try {
    const word = JSON.parse(text) as Word
    return typeof word.node === 'string' && typeof word.is === 'string' ? word : undefined
  } catch {
    return undefined
  }
}

/** Lists of those who are there, each short enough for a word. */
export function inWords(present: readonly Presence[]): readonly (readonly Presence[])[] {
  const lists: Presence[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const one of present) {
    const length = Buffer.byteLength(JSON.stringify(one)) + 1
    if (bytes + length > wordBytesMax - headBytes) {
      lists.push([])
      bytes = 0
    }
    lists.at(-1)?.push(one)
    bytes += length
  }
  return lists
}

/** What stands around a list: the node, the room. */
const headBytes = 2_600
