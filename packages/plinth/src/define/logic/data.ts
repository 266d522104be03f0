/** Owns what code is offered of an app's models: their operations, typed by the declaration. */

import type {
  AcrossInput,
  CreateInput,
  Find,
  Include,
  Members,
  Models,
  Page,
  RecordOf,
  Selected,
  UpdateInput,
} from '../infer.ts'

type AnyFields<M extends Members> = readonly (keyof RecordOf<M>)[] | undefined
type AnyInclude<S extends Models, M extends Members> = Include<S, M> | undefined

// Only what narrows the answer is inferred: of the rest, a name that is not there stays an error.
interface SelectionOf<F, I> {
  readonly fields?: F
  readonly include?: I
}

interface FindOf<S extends Models, M extends Members, F, I>
  extends SelectionOf<F, I>,
    Omit<Find<S, M>, 'fields' | 'include'> {}

type Asked<F, I> = (F extends readonly unknown[] ? { readonly fields: F } : unknown) &
  (I extends object ? { readonly include: I } : unknown)

/** What one model offers to code: the operations of the catalog under one caller's rules. */
export interface ModelData<S extends Models, M extends Members, I = CreateInput<M>> {
  /** A page of records that the caller may read. */
  find<const F extends AnyFields<M> = undefined, const I extends AnyInclude<S, M> = undefined>(
    query?: FindOf<S, M, F, I>,
  ): Promise<Page<Selected<S, M, Asked<F, I>>>>
  /** One record; fails with `not_found` where there is none that the caller may read. */
  get<const F extends AnyFields<M> = undefined, const I extends AnyInclude<S, M> = undefined>(
    id: string,
    query?: SelectionOf<F, I>,
  ): Promise<Selected<S, M, Asked<F, I>>>
  create(input: I): Promise<RecordOf<M>>
  update(
    id: string,
    patch: UpdateInput<M>,
    options?: { readonly version?: number },
  ): Promise<RecordOf<M>>
  delete(id: string, options?: { readonly version?: number }): Promise<void>
  /** Creates the record, or updates the one with the same natural key. */
  upsert(input: I): Promise<RecordOf<M>>
}

/** All models of an app under one caller's rules. */
export type Data<S extends Models> = {
  readonly [K in keyof S]: ModelData<S, S[K]>
}

/** All models of an app across organisations: records of a tenant's model say whose they are. */
export type AcrossData<S extends Models> = {
  readonly [K in keyof S]: ModelData<S, S[K], AcrossInput<S[K]>>
}
