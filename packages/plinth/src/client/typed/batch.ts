/** Owns the types of batches: steps that refer to each other, and what each of them answers. */

import type { CreateInput, Models, RecordOf, UpdateInput } from '../../define/infer.ts'

declare const reference: unique symbol

/** Stands for the id of a record that an earlier step makes. */
export interface Reference {
  readonly [reference]: true
}

/** One step of a batch. `R` is what it answers. */
export interface Step<R> {
  /** In place of the id of its record, in later steps. */
  readonly id: Reference
  /** Phantom. Never set. */
  readonly answer?: R
}

type Referring<I> = {
  readonly [K in keyof I]: K extends `${string}Id`
    ? I[K] | Reference
    : K extends `${string}Ids`
      ? readonly (string | Reference)[]
      : I[K]
}

/** What a batch may do with one model. */
export interface ModelSteps<C, U, R> {
  create(input: Referring<C>): Step<R>
  update(
    id: string | Reference,
    patch: Referring<U>,
    options?: { readonly version?: number },
  ): Step<R>
  delete(id: string | Reference, options?: { readonly version?: number }): Step<undefined>
  /** Creates the record, or updates the one with the same natural key. */
  upsert(input: Referring<C>): Step<R>
}

/** What a batch may do, by model. */
export type Steps<S extends Models> = {
  readonly [K in keyof S]: ModelSteps<CreateInput<S[K]>, UpdateInput<S[K]>, RecordOf<S[K]>>
}

/** What the steps of a batch answer, in order. */
export type StepAnswers<T> = {
  readonly [K in keyof T]: T[K] extends Step<infer R> ? R : never
}
