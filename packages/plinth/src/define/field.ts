/** Owns what a field is in a declaration, and the options that every field takes. */

import { Failure } from '../base/failure.ts'
import type { Kind } from '../kinds/kind.ts'
import { jsonKind } from '../kinds/kinds.ts'

/** Whether a value must be given: decides the types of input and output. */
export type Presence = 'required' | 'optional' | 'defaulted' | 'computed'

/** A declared field. Made by `text()`, `money()`, … ; `P` and `F` carry types only. */
export interface Field<V = unknown, P extends Presence = Presence, F extends string = string> {
  readonly is: 'field'
  readonly kind: Kind<V>
  readonly optional: boolean
  readonly unique: boolean
  /** The constant used where none is given; undefined means none. */
  readonly default: V | undefined
  readonly computed: boolean
  /** The field's earlier name: its column is renamed instead of dropped and made anew. */
  readonly was: string | undefined
  readonly description: string | undefined
  /** What is wrong with its options; the catalog reports it with all other mistakes. */
  readonly mistake: string | undefined
  /** Phantom. Never set. */
  readonly presence?: P
  /** Phantom. Never set. */
  readonly family?: F
}

/** Options that every field takes, beside those of its kind. */
export interface FieldOptions<V> {
  /** True: null is allowed, and is what a missing value becomes. Default false. */
  readonly optional?: boolean
  /** True: no two records share a value. Default false. */
  readonly unique?: boolean
  /** Used on create where no value is given. */
  readonly default?: V
  /** The field's earlier name, so that a rename keeps its data. */
  readonly was?: string
  /** One sentence for the OpenAPI document and the console. */
  readonly description?: string
}

/** The presence that some options mean. */
export type PresenceOf<O> = O extends { readonly optional: true }
  ? 'optional'
  : O extends { readonly default: unknown }
    ? 'defaulted'
    : 'required'

/** Makes a field of a kind. Options that the kind refuses are kept as a mistake to report. */
export function field<V, O extends FieldOptions<V>, F extends string>(
  makeKind: () => Kind<V>,
  options: O | undefined,
): Field<V, PresenceOf<O>, F> {
  const { kind, mistake } = attempt(makeKind)
  return Object.freeze({
    is: 'field',
    kind,
    optional: options?.optional ?? false,
    unique: options?.unique ?? false,
    default: options?.default,
    computed: false,
    was: options?.was,
    description: options?.description,
    mistake,
  })
}

/**
 * A field whose value the database computes from others of the same row (a stored generated
 * column). Its formula stands in the model's `compute`.
 *
 * @example fields: { total: computed(money('GBP')) }, compute: { total: ({ row }) => … }
 */
export function computed<V, P extends Presence, F extends string>(
  source: Field<V, P, F>,
): Field<P extends 'optional' ? V | null : V, 'computed', F> {
  return Object.freeze({ ...source, computed: true }) as never
}

function attempt<V>(makeKind: () => Kind<V>): { kind: Kind<V>; mistake: string | undefined } {
  try {
    return { kind: makeKind(), mistake: undefined }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { kind: jsonKind() as Kind<never>, mistake: error.detail }
  }
}
