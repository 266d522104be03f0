/** Owns things as they are written: bodies in JSON text, and what must be kept of them. */

import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../packages/plinth/src/kinds/kind.ts'
import type { Chance } from './chance.ts'
import type { Declaration } from './declaration.ts'
import type { DrawnField, Sample } from './specimens/specimen.ts'

/** The values of one thing, by field, with those of computed fields. */
export type Kept = Readonly<Record<string, Json>>

/** Values to write. */
export interface Draft {
  /** Members of the body as JSON text, by field; a field left out is not there. */
  readonly sent: ReadonlyMap<string, string>
  readonly kept: Kept
}

/** Draws a thing that can be created. */
export function drawThing(chance: Chance, { fields, key }: Declaration): Draft {
  return draft(
    fields.map((field) => {
      const needed = key.includes(field) || !(field.optional || field.usual)
      if (!needed && chance.happens(20)) return { field, sample: undefined }
      if (field.optional && chance.happens(15)) return { field, sample: nothing }
      return { field, sample: chance.sample(field.specimen.sample) }
    }),
  )
}

/** Draws a change of some fields, key and unique ones aside. */
export function drawChange(chance: Chance, { fields, key }: Declaration): Draft {
  const changeable = fields.filter((field) => !key.includes(field) && !field.unique)
  return draft(
    chance.some(changeable, 40).map((field) => {
      const empty = field.optional && chance.happens(30)
      return { field, sample: empty ? nothing : chance.sample(field.specimen.sample) }
    }),
  )
}

const nothing: Sample = { sent: 'null', kept: null }

interface Written {
  readonly field: DrawnField
  readonly sample: Sample | undefined
}

function draft(values: readonly Written[]): Draft {
  const sent = new Map<string, string>()
  const kept: Record<string, Json> = {}
  for (const { field, sample } of values) {
    if (sample) sent.set(field.name, sample.sent)
    const value = sample?.kept ?? (sample ? null : (field.usual?.kept ?? null))
    kept[field.name] = value
    if (field.copy !== undefined) kept[field.copy] = value
  }
  return { sent, kept }
}

/** A body in JSON text. */
export function bodyOf(
  sent: ReadonlyMap<string, string>,
  more: Readonly<Record<string, string>> = {},
): string {
  const members = [...sent, ...Object.entries(more)]
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
}

/** True where a unique field, or the key as a whole, has the same value in both. */
export function collides(one: Kept, other: Kept, { fields, key }: Declaration): boolean {
  const same = (field: DrawnField) => isSame(field, one[field.name], other[field.name])
  return fields.some((field) => field.unique && same(field)) || (key.length > 0 && key.every(same))
}

/** Equal as the database sees it: of durations, `P1M` and `P30D` are the same. */
export function isSame({ specimen }: DrawnField, one: Json = null, other: Json = null): boolean {
  if (one === null || other === null) return false
  return specimen.compare ? specimen.compare(one, other) === 0 : isDeepStrictEqual(one, other)
}

/** The part of a record that was declared by specimens. */
export function partOf(record: object, kept: Kept): Kept {
  const values = record as Kept
  return Object.fromEntries(Object.keys(kept).map((name) => [name, values[name] as Json]))
}
