/** Owns what a door is to the table: one question, asked in the door's way, one form of answer. */

import type { TestCaller } from '../../../packages/plinth/src/testing.ts'
import type { Library } from '../../graphql/library.ts'

/** A question that every door can be asked. */
export interface Question {
  /** `book.list`, `library.lend`. */
  readonly operation: string
  readonly as: TestCaller
  readonly id?: string
  /** `filter`, `sort`, `limit`, `fields`, as the grammar of reads has them. */
  readonly query?: {
    readonly filter?: Readonly<Record<string, unknown>>
    readonly sort?: readonly string[]
    readonly limit?: number
    readonly fields: readonly string[]
  }
  readonly input?: Readonly<Record<string, unknown>>
  readonly version?: number
  readonly idempotencyKey?: string
  /** The fields of the answer that are compared. Default: those of the query. */
  readonly answered?: readonly string[]
}

/** What came back: records have their plain ids, in every door. */
export type Outcome =
  | { readonly data: unknown }
  | { readonly code: string; readonly problems: readonly string[] }

/** A door. */
export interface Door {
  readonly name: string
  ask(world: Library, question: Question): Promise<Outcome>
}

/** True for what can be followed. */
export function isRead({ operation }: Question): boolean {
  return operation.endsWith('.list') || operation.endsWith('.get')
}

/** A record as it is compared: some of its fields, in order. */
export function part(record: unknown, fields: readonly string[]): unknown {
  const values = (record ?? {}) as Readonly<Record<string, unknown>>
  return Object.fromEntries(fields.map((field) => [field, values[field] ?? null]))
}

/** The fields of an answer that are compared. */
export function comparedOf({ answered, query }: Question): readonly string[] {
  return answered ?? query?.fields ?? []
}

interface Told {
  readonly code: string
  readonly errors?: readonly { readonly code: string }[]
}

/** A failure as it is compared: its code, and those of its problems. Places have own names. */
export function failed({ code, errors = [] }: Told): Outcome {
  return { code, problems: errors.map((problem) => problem.code).sort() }
}
