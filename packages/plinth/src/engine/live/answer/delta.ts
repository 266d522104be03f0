/** Owns the difference between two answers: the changes that make the second of the first. */

import type { LiveRow, LiveRows } from './rows.ts'

/**
 * The members of a message that tells what became of an answer: `"changes":[…]`, and what else is
 * not as it was. Undefined: nothing has changed. Applied in their order, the changes make the new
 * list of the old one; rows that only have others around them are not told.
 */
export function deltaOf(before: LiveRows, after: LiveRows): string | undefined {
  const changes = changesOf(before.rows, after.rows)
  const more = before.more === after.more ? '' : `,"more":${after.more}`
  const count = before.count === after.count ? '' : `,${after.count}`
  if (changes.length === 0 && more === '' && count === '') return undefined
  return `"changes":[${changes.join(',')}]${more}${count}`
}

function changesOf(before: readonly LiveRow[], after: readonly LiveRow[]): readonly string[] {
  const old = new Map(before.map((row, at) => [row.id, { text: row.text, at }]))
  const kept = new Set(after.map(({ id }) => id))
  const changes: string[] = []
  for (const { id } of before) if (!kept.has(id)) changes.push(`{"is":"leave","id":"${id}"}`)
  const places = after.map(({ id }) => old.get(id)?.at ?? -1)
  const still = standing(places)
  for (const [at, { id, text }] of after.entries()) {
    const known = old.get(id)
    const previous = after[at - 1]
    const place = `"after":${previous === undefined ? 'null' : `"${previous.id}"`}`
    if (known === undefined) changes.push(`{"is":"enter","row":${text},${place}}`)
    else if (still.has(at)) {
      if (known.text !== text) changes.push(`{"is":"change","row":${text}}`)
    } else if (known.text === text) changes.push(`{"is":"move","id":"${id}",${place}}`)
    else changes.push(`{"is":"change","row":${text},${place}}`)
  }
  return changes
}

/**
 * Which rows can stay where they are: the longest run of old places that grows, so that as few rows
 * as possible are told to move. -1 stands for rows that are new.
 */
function standing(places: readonly number[]): ReadonlySet<number> {
  // By length: where the best run of that length ends; and before each, the one in front of it.
  const ends: number[] = []
  const fronts = new Array<number>(places.length).fill(-1)
  for (const [at, place] of places.entries()) {
    if (place < 0) continue
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((places[ends[middle] ?? 0] ?? 0) < place) low = middle + 1
      else high = middle
    }
    fronts[at] = ends[low - 1] ?? -1
    ends[low] = at
  }
  const still = new Set<number>()
  for (let at = ends.at(-1) ?? -1; at >= 0; at = fronts[at] ?? -1) still.add(at)
  return still
}
