/** Owns the types of reads: what may be asked of a model, and exactly what comes back. */

import type {
  Filter,
  Include,
  Members,
  Models,
  RecordOf,
  Selected,
  Selection,
  SortKey,
} from '../../define/infer.ts'

/** The fields that were asked for; undefined: all that the caller may read. */
export type Fields<M extends Members> = readonly (keyof RecordOf<M>)[] | undefined

/** The related records that were asked for; undefined: none. */
export type Included<S extends Models, M extends Members> = Include<S, M> | undefined

/** Turns the name of what a model does not have into an error, however deep it stands. */
export type Exactly<S extends Models, M extends Members, I> = {
  readonly [K in keyof I]: K extends keyof Include<S, M>
    ? I[K] extends true
      ? true
      : ExactSelection<S, M[K & keyof M], I[K]>
    : never
}

type ExactSelection<S extends Models, R, Q> = R extends { readonly target: infer T extends string }
  ? {
      readonly [K in keyof Q]: K extends 'include'
        ? Exactly<S, S[T], Q[K]>
        : K extends keyof Selection<S, S[T]>
          ? K extends 'filter'
            ? Filter<S, S[T]>
            : Q[K]
          : never
    }
  : never

/** What to read of one record. */
export interface RecordQuery<S extends Models, M extends Members, F, I> {
  /** Only these fields, beside `id`. Default: all that the caller may read. */
  readonly fields?: F
  // `Include` by itself too, so that an editor offers the relations; it lets nothing else in.
  readonly include?: (I & Exactly<S, M, I>) | Include<S, M>
}

/** What to read of a model's records. */
export interface ListQuery<S extends Models, M extends Members, F, I>
  extends RecordQuery<S, M, F, I> {
  readonly filter?: Filter<S, M>
  readonly sort?: readonly SortKey<M>[]
  /** How many. Default 50, at most 200. */
  readonly limit?: number
  /** A cursor of an earlier page: records after it. */
  readonly after?: string
  /** A cursor of an earlier page: records before it. */
  readonly before?: string
  /** `exact` counts all matches; `estimated` stops counting at 10,000. Default: no count. */
  readonly count?: 'exact' | 'estimated'
}

/** The records that a read answers with. */
export type Read<S extends Models, M extends Members, F, I> = Selected<
  S,
  M,
  (F extends readonly unknown[] ? { readonly fields: F } : unknown) &
    (I extends object ? { readonly include: I } : unknown)
>

/** The values of a natural key, such as `{ sku: 'P-101' }`. */
export type KeyOf<M extends Members> = {
  readonly [K in keyof RecordOf<M>]?: RecordOf<M>[K] & (string | number | boolean)
}

/** How many records match. */
export interface Count {
  readonly count: number
  /** `false`: there are at least so many. */
  readonly exact: boolean
}
