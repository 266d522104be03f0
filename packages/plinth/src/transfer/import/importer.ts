/** Owns the vocabulary by which an app declares an import: columns in, records out. */

import { Failure } from '../../base/failure.ts'
import type {
  KitTypes,
  Members,
  Models,
  ModelsOfApp,
  TenantRelation,
  UpdateInput,
} from '../../define/infer.ts'
import type { BelongsTo } from '../../define/relation.ts'
import type { Cell } from './cells.ts'

/** The columns of an importer, by the names under which its row has their values. */
export type Columns = Readonly<Record<string, Cell<unknown>>>

/** A row of the file: the value of each column. */
export type RowOf<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends Cell<infer T> ? T : never
}

/** Whose a tenant's record is says the import, not the file. */
type References<M extends Members> = {
  [K in keyof M]: M[K] extends TenantRelation ? never : M[K] extends BelongsTo ? K : never
}[keyof M]

type TargetOf<R> = R extends BelongsTo<infer T> ? T : never

/** An amount may be given as whole minor units. */
type Given<V> = V extends { readonly amount: number } ? V | number : V

/**
 * What an import says of a record: values of fields, and related records by their natural key.
 * Null and undefined say nothing.
 */
export type Said<S extends Models, M extends Members> = {
  readonly [K in Extract<keyof UpdateInput<M>, keyof M>]?:
    | Given<UpdateInput<M>[K]>
    | null
    | undefined
} & {
  readonly [K in References<M>]?: Said<S, S[TargetOf<M[K]>]> | null | undefined
}

/** What stands in for values that no row of the file and no stored record says. */
export interface PutOptions<S extends Models, M extends Members> {
  /** Used where a new record would lack them, never to change a stored one. */
  readonly otherwise?: Said<S, M>
}

/** What an importer has at hand for one row. */
export interface RowScope<S extends Models, C extends Columns> {
  readonly row: RowOf<C>
  /** The record's place in the file, from 1, without the header: the same however it is quoted. */
  readonly number: number
  /** The physical line on which it starts. */
  readonly line: number
  /**
   * Says something of a record, which is found, or created, by the model's natural key. Rows of a
   * file that speak of one record are merged: of several values the first one in the file holds,
   * or the last one for the fields named in `lastWins`, whichever way the import was cut short
   * and begun again.
   */
  put<K extends keyof S & string>(
    model: K,
    said: Said<S, S[K]>,
    options?: PutOptions<S, S[K]>,
  ): void
  /** Ends the row: it goes to the reject file with this reason. */
  reject(reason: string): never
}

/** What an importer is declared with. */
export interface ImporterSpec<
  U extends readonly KitTypes<unknown, unknown>[],
  S extends Models,
  C extends Columns,
> {
  /** The kits whose models it fills. */
  readonly kits: U
  readonly columns: C
  /** Fields whose last value in the file holds, by model. Default: the first. */
  readonly lastWins?: {
    readonly [K in keyof S]?: readonly Extract<keyof Said<S, S[K]>, string>[]
  }
  /** Turns one row into records. Depends on nothing but the row. */
  readonly row: (scope: RowScope<S, C>) => void
}

/** An importer with its types erased. */
export interface Importer {
  readonly is: 'importer'
  readonly name: string
  readonly columns: Columns
  readonly lastWins: Readonly<Record<string, readonly string[]>>
  readonly row: (scope: ErasedScope) => void
}

/** The scope as the engine of the import makes it. */
export interface ErasedScope {
  readonly row: Readonly<Record<string, unknown>>
  readonly number: number
  readonly line: number
  put(model: string, said: object, options?: { readonly otherwise?: object }): void
  reject(reason: string): never
}

/**
 * Declares an import: which columns a file has, and which records a row of it means. An app
 * offers it to `plinth import` by exporting it.
 *
 * @example
 * export const retail = importer('online-retail', {
 *   kits: [catalog],
 *   columns: { code: cell('StockCode'), price: cell.money('UnitPrice', { currency: 'GBP' }) },
 *   row: ({ row, put }) => put('product', { sku: row.code, price: row.price }),
 * })
 */
export function importer<const U extends readonly KitTypes<unknown, unknown>[], C extends Columns>(
  name: string,
  spec: ImporterSpec<U, ModelsOfApp<U>, C>,
): Importer {
  if (Object.keys(spec.columns).length === 0) {
    const detail = `The importer ${name} names no columns. Say columns: { code: cell('Code') }.`
    throw new Failure('declaration_invalid', { detail })
  }
  return Object.freeze({
    is: 'importer',
    name,
    columns: Object.freeze({ ...spec.columns }),
    lastWins: Object.freeze({ ...spec.lastWins }) as Importer['lastWins'],
    row: spec.row as unknown as Importer['row'],
  })
}

/** True for a value that `importer` made. */
export function isImporter(value: unknown): value is Importer {
  return typeof value === 'object' && value !== null && 'is' in value && value.is === 'importer'
}
