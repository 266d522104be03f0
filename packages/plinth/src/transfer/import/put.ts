/** Owns turning what an importer says of a record into checked cells of text. */

import { Failure } from '../../base/failure.ts'
import type { ModelField } from '../../catalog/catalog.ts'
import { keyText, type NaturalKey } from './key.ts'
import type { ModelShape } from './shape.ts'

/** What a row says of one record: its key as one text, and a cell for each column. */
export interface Put {
  readonly shape: ModelShape
  readonly key: string
  readonly cells: readonly (string | null)[]
}

/** Collects why a row cannot be taken. */
export type Complain = (reason: string) => void

/**
 * Checks what is said of a record and brings it into the text forms of the database. Undefined
 * where something does not fit; `complain` has heard what.
 *
 * @throws Failure `declaration_invalid` where the importer names a field that cannot be filled.
 */
export function putOf(
  shape: ModelShape,
  { said, otherwise }: { readonly said: object; readonly otherwise?: object | undefined },
  complain: Complain,
): Put | undefined {
  const cells = new Array<string | null>(shape.columns.length).fill(null)
  let sound = true
  const refuse: Complain = (reason) => {
    sound = false
    complain(reason)
  }
  const values = said as Readonly<Record<string, unknown>>
  for (const name of Object.keys(said)) {
    const value = values[name]
    if (value !== null && value !== undefined) say(shape, { name, value, cells }, refuse)
  }
  const others = (otherwise ?? nothing) as Readonly<Record<string, unknown>>
  for (const name of Object.keys(others)) {
    const value = others[name]
    if (value === null || value === undefined) continue
    const fillable = shape.fields.get(name)
    if (fillable?.otherwise === undefined) {
      throw unfillable(shape, name, 'cannot be given by otherwise')
    }
    cells[fillable.otherwise] = textOf(fillable.field, { value, place: fillable.place }, refuse)
  }
  const key = cells.slice(0, shape.key.leaves.length)
  if (sound && key.includes(null)) refuse(`${shape.model.name} lacks ${lacking(shape.key, key)}`)
  return sound ? { shape, key: keyText(key), cells } : undefined
}

const nothing = Object.freeze({})

interface Saying {
  readonly name: string
  readonly value: unknown
  readonly cells: (string | null)[]
}

function say(shape: ModelShape, { name, value, cells }: Saying, refuse: Complain): void {
  const fillable = shape.fields.get(name)
  if (fillable) {
    cells[fillable.said] = textOf(fillable.field, { value, place: fillable.place }, refuse)
    return
  }
  const reference = shape.references.get(name)
  if (!reference) throw unfillable(shape, name, 'is no field or reference that an import can fill')
  const place = `${shape.model.name}.${name}`
  const key = keyCells(reference.target, { value, place }, refuse)
  for (const [index, cell] of key.entries()) cells[reference.at + index] = cell
}

interface Placed {
  readonly value: unknown
  readonly place: string
}

/** The cells of a natural key that is given as an object; empty where something does not fit. */
function keyCells(key: NaturalKey, { value, place }: Placed, refuse: Complain): string[] {
  if (typeof value !== 'object' || value === null) {
    throw new Failure('declaration_invalid', {
      detail: `${place} is given by the natural key of ${key.model.name}, as an object.`,
    })
  }
  const given = value as Readonly<Record<string, unknown>>
  const other = Object.keys(given).find((name) => !key.parts.some((part) => part.name === name))
  if (other !== undefined) {
    const detail = `${place} holds ${other}, which is not in the key of ${key.model.name}.`
    throw new Failure('declaration_invalid', { detail })
  }
  const cells: string[] = []
  for (const part of key.parts) {
    const inner = { value: given[part.name], place: `${place}.${part.name}` }
    if (inner.value === null || inner.value === undefined) {
      refuse(`${inner.place} is missing`)
      return []
    }
    if (part.target) cells.push(...keyCells(part.target, inner, refuse))
    else cells.push(textOf(part.field, inner, refuse) ?? '')
  }
  return cells
}

function textOf(
  field: ModelField | undefined,
  { value, place }: Placed,
  refuse: Complain,
): string | null {
  if (!field) return null
  const checked = field.kind.check(value, (below, _code, detail) => {
    refuse(`${place}${below}: ${shown(value)} does not fit. ${detail}`)
  })
  return checked === undefined ? null : field.kind.parameter(checked)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function lacking(key: NaturalKey, cells: readonly (string | null)[]): string {
  return key.parts
    .filter(({ at, target }) => cells.slice(at, at + (target?.leaves.length ?? 1)).includes(null))
    .map(({ name }) => name)
    .join(' and ')
}

function unfillable(shape: ModelShape, name: string, why: string): Failure {
  const known = [...shape.fields.keys(), ...shape.references.keys()].join(', ')
  const detail = `${shape.model.name}.${name} ${why}. There are: ${known}.`
  return new Failure('declaration_invalid', { detail })
}
