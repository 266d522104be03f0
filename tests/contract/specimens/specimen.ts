/** Owns what a specimen is: a kind with values to try, and what plain JavaScript knows of them. */

import type fc from 'fast-check'
import type { Field } from '../../../packages/plinth/src/define/field.ts'
import type { Json, Operator } from '../../../packages/plinth/src/kinds/kind.ts'

/** A value as it is sent, and as it must come back. */
export interface Sample {
  /** JSON text: a number may have more digits than JavaScript keeps. */
  readonly sent: string
  readonly kept: Json
}

/** Options that every field takes. */
export interface SpecimenOptions {
  readonly optional?: boolean
  readonly unique?: boolean
  /** Of whichever type the field holds. */
  readonly default?: never
}

/** A kind with one set of options, written without a look at its implementation. */
export interface Specimen {
  readonly name: string
  /** Declares a field of it. */
  readonly field: (options: SpecimenOptions) => Field
  readonly sample: fc.Arbitrary<Sample>
  /** Operators that the documentation promises, beside `isNull`. */
  readonly operators: readonly Operator[]
  /** The plain order of two values; absent where the kind has none. */
  readonly compare?: (left: Json, right: Json) => number
  /** False where a record cannot be named by it in an address. */
  readonly key: boolean
}

/** A field of a specimen as a declaration drew it. */
export interface DrawnField {
  readonly name: string
  readonly specimen: Specimen
  readonly optional: boolean
  readonly unique: boolean
  /** The name of the computed field that copies it, where there is one. */
  readonly copy: string | undefined
  /** What the field becomes where nothing is sent; undefined: it must be sent or is null. */
  readonly usual: Sample | undefined
}

/** A sample that is sent as it comes back. */
export function plainly(kept: Json): Sample {
  return { sent: JSON.stringify(kept), kept }
}

export const comparing: readonly Operator[] = ['eq', 'ne', 'in', 'notIn']
export const ordering: readonly Operator[] = [...comparing, 'lt', 'lte', 'gt', 'gte']
export const lettering: readonly Operator[] = [
  ...ordering,
  'contains',
  'startsWith',
  'endsWith',
  'icontains',
]

/** The order of two values of one type. */
export function ascending<T extends string | number | bigint>(left: T, right: T): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
