/** Owns the form of list-append histories: transactions of reads and appends, who wrote what. */

import type { Outcome } from './history.ts'

/** One operation inside a transaction. */
export type ListOperation =
  | { readonly append: string; readonly value: number }
  /** `list` is what was read; undefined where the outcome of the transaction is not known. */
  | { readonly read: string; readonly list: readonly number[] | undefined }

/** One transaction of the history. */
export interface ListTransaction {
  readonly id: string
  readonly outcome: Outcome
  readonly begunAt: number
  readonly endedAt: number
  readonly operations: readonly ListOperation[]
}

/** Who appended a value to a key. */
export interface Writer {
  readonly node: number
  readonly transaction: ListTransaction
  /** True where the same transaction appended another value to the key later. */
  readonly superseded: boolean
}

/** By key, then by value. */
export type Writers = ReadonlyMap<string, ReadonlyMap<number, Writer>>
