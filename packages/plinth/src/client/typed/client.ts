/** Owns the types of a client: what an app's declaration offers to those who call it. */

import type {
  CreateInput,
  Filter,
  Members,
  Models,
  Page,
  RecordOf,
  UpdateInput,
} from '../../define/infer.ts'
import type { App } from '../../define/kit.ts'
import type { CallOptions, ChangeOptions } from '../call/request.ts'
import type { Calling } from '../call/result.ts'
import type { ActionsOfKits, ActionsOfModel } from './actions.ts'
import type { LiveFollower, LiveList, LiveRecord } from './live.ts'
import type { Count, Fields, Included, KeyOf, ListQuery, Read, RecordQuery } from './reads.ts'

/** The models of an app. */
export type ModelsOf<T> = T extends App<infer S, unknown> ? (S extends Models ? S : Models) : never

/** The actions that an app names. */
export type ActionsOf<T> = T extends App<unknown, infer A> ? A : never

/** How a record is changed. */
export interface VersionOptions extends ChangeOptions {
  /** The version that was read: `version_mismatch` where somebody else was faster. */
  readonly version?: number
}

/** How a record is made by its key. */
export interface UpsertOptions extends VersionOptions {
  /** True: it is made, or nothing is changed (`version_mismatch`). */
  readonly onlyCreate?: boolean
}

/** One model, as the caller may see and change it. */
export interface ModelClient<S extends Models, M extends Members, N, A> {
  /**
   * A page of records.
   *
   * @example const page = await client.data.product.find({ filter: { stock: 5 } }).orThrow()
   */
  find<const F extends Fields<M> = undefined, const I extends Included<S, M> = undefined>(
    query?: ListQuery<S, M, F, I>,
    options?: CallOptions,
  ): Calling<Page<Read<S, M, F, I>>>
  /** One record by its id or natural key; `not_found` where there is none for the caller. */
  get<const F extends Fields<M> = undefined, const I extends Included<S, M> = undefined>(
    which: string | KeyOf<M>,
    query?: RecordQuery<S, M, F, I>,
    options?: CallOptions,
  ): Calling<Read<S, M, F, I>>
  /** How many records match; `estimated` stops counting at 10,000. */
  count(
    query?: { readonly filter?: Filter<S, M>; readonly count?: 'exact' | 'estimated' },
    options?: CallOptions,
  ): Calling<Count>
  /** Page by page, to the last. A failure is thrown as a `CallError`. */
  pages<const F extends Fields<M> = undefined, const I extends Included<S, M> = undefined>(
    query?: ListQuery<S, M, F, I>,
    options?: CallOptions,
  ): AsyncGenerator<Page<Read<S, M, F, I>>, void, undefined>
  /** Record by record, to the last. A failure is thrown as a `CallError`. */
  each<const F extends Fields<M> = undefined, const I extends Included<S, M> = undefined>(
    query?: ListQuery<S, M, F, I>,
    options?: CallOptions,
  ): AsyncGenerator<Read<S, M, F, I>, void, undefined>
  /**
   * Follows a list: it comes as it is, and anew with each change. Returns how to stop.
   *
   * @example
   * const stop = client.data.product.live({ limit: 20 }, { next: ({ data }) => show(data) })
   */
  live<const F extends Fields<M> = undefined, const I extends Included<S, M> = undefined>(
    query: Omit<ListQuery<S, M, F, I>, 'after' | 'before'>,
    follower: LiveFollower<LiveList<Read<S, M, F, I>>>,
  ): () => void
  /** Follows one record. Returns how to stop. */
  liveOne<const F extends Fields<M> = undefined, const I extends Included<S, M> = undefined>(
    which: string | KeyOf<M>,
    query: RecordQuery<S, M, F, I>,
    follower: LiveFollower<LiveRecord<Read<S, M, F, I>>>,
  ): () => void
  create(input: CreateInput<M>, options?: ChangeOptions): Calling<RecordOf<M>>
  /** A merge patch: what is not named stays, null clears. */
  update(id: string, patch: UpdateInput<M>, options?: VersionOptions): Calling<RecordOf<M>>
  delete(id: string, options?: VersionOptions): Calling<void>
  /**
   * Makes the record with this natural key, or changes it.
   *
   * @example client.data.product.upsert({ sku: 'N-1' }, { name: 'Night light', price: 1300 })
   */
  upsert<const K extends KeyOf<M>>(
    key: K,
    values: Omit<CreateInput<M>, keyof K>,
    options?: UpsertOptions,
  ): Calling<RecordOf<M>>
  /** The actions that stand under this model's address. */
  readonly actions: ActionsOfModel<A, N>
}

/** All models of an app. */
export type DataClient<S extends Models, A> = {
  readonly [K in keyof S]: ModelClient<S, S[K], K, A>
}

/** The actions of an app by kit, then by name. */
export type ActionsClient<A> = ActionsOfKits<A>
