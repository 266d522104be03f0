/** Owns what a kind is: the contract that every kind of value fulfils. */

import type { Problem } from '../base/failure.ts'

/** Comparison operators of the filter grammar, the same in every door. */
export type Operator =
  | 'eq'
  | 'ne'
  | 'in'
  | 'notIn'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'icontains'
  | 'has'
  | 'isNull'

/** How values of a kind behave in rules and expressions. */
export type Family = 'text' | 'number' | 'boolean' | 'moment' | 'id' | 'json' | 'list' | 'binary'

/** A JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

/** A condition that the column itself must hold; `migrate/` renders it as a CHECK constraint. */
export type ColumnCheck =
  | { readonly check: 'length'; readonly min?: number; readonly max?: number }
  | { readonly check: 'range'; readonly min?: string; readonly max?: string }
  | { readonly check: 'oneOf'; readonly values: readonly string[] }
  | { readonly check: 'pattern'; readonly pattern: string }
  | { readonly check: 'octets'; readonly max: number }
  | { readonly check: 'items'; readonly min?: number; readonly max?: number }

/**
 * What a field can hold. `V` is the one form of its value, in JSON, in TypeScript and in rules
 * alike (a bigint, a decimal or an instant is a string, exact). No other file switches on a kind.
 */
export interface Kind<V = unknown> {
  /** The kind's word: `text`, `money`, … */
  readonly name: string
  readonly family: Family
  /** PostgreSQL type, spelled as `format_type` prints it, e.g. `numeric(12,2)`. */
  readonly columnType: string
  /** Conditions on the column, beside its type. */
  readonly columnChecks: readonly ColumnCheck[]
  /**
   * Takes a JSON value from outside and returns it normalised, or reports problems and returns
   * undefined. Never throws, never coerces silently between JSON types. `report` takes the place
   * below the value (`''` for the value itself, `/2` for an item), a code and a sentence.
   */
  check(input: unknown, report: Report): V | undefined
  /** The same for text from a query string or a CSV cell: parses, then checks. */
  parse(text: string, report: Report): V | undefined
  /** The parameter for PostgreSQL, in its text form. */
  parameter(value: V): string
  /**
   * What PostgreSQL will say, cast to text, of a column that was given this parameter. Absent where
   * only PostgreSQL knows, e.g. because it writes JSON in a form of its own.
   */
  stored?(parameter: string): string
  /** Reads the JSON text of a value out of PostgreSQL's text form: the hot path of every read. */
  toJson(columnText: string): string
  /** Reads the value out of PostgreSQL's text form. */
  toValue(columnText: string): V
  /** JSON Schema 2020-12 of the value. */
  readonly jsonSchema: Readonly<Record<string, Json>>
  /** The scalar's name in GraphQL, e.g. `Instant`; for a list `[Instant!]`. */
  readonly graphqlScalar: string
  /** A value that `check` takes, for documents; absent where none can be made up. */
  readonly example?: Json
  /** Operators that a filter may use on it. */
  readonly operators: readonly Operator[]
  /** True where values have a total order that sorting and cursors can use. */
  readonly sortable: boolean
  /** True where its column is text, so that an order outside C.UTF-8 needs COLLATE "C". */
  readonly collated: boolean
  /** True where sums, averages and increments mean something. */
  readonly arithmetic: boolean
  /** The kind of a list's items. */
  readonly item?: Kind
  /** The kind inside an app, where it depends on what the app declares. */
  bound?(app: { readonly roles: ReadonlySet<string> | undefined }): Kind<V>
  /** The same kind without its bounds: what a filter compares the column with. */
  operand(): Kind<V>
  /** The options it was declared with, plain data, for documents and tests. */
  readonly options: Readonly<Record<string, unknown>>
  /** Phantom: carries the value's type. Never set. */
  readonly type?: V
}

/** What a kind must say for itself; the rest has the usual answer. */
export type KindDefinition<V> = Omit<Kind<V>, Usual | 'operand' | 'type'> &
  Partial<Pick<Kind<V>, Usual | 'operand'>>

type Usual = 'columnChecks' | 'options' | 'sortable' | 'collated' | 'arithmetic'

/** Completes and freezes a kind: no checks, no options, not sortable, unless it says otherwise. */
export function defineKind<V>(definition: KindDefinition<V>): Kind<V> {
  const kind: Kind<V> = Object.freeze({
    columnChecks: Object.freeze([]),
    options: Object.freeze({}),
    sortable: false,
    collated: false,
    arithmetic: false,
    operand: () => kind,
    ...definition,
  })
  return kind
}

/** Operators of kinds that know only same and different. */
export const comparing: readonly Operator[] = Object.freeze(['eq', 'ne', 'in', 'notIn', 'isNull'])

/** Operators of kinds with an order. */
export const ordering: readonly Operator[] = Object.freeze([...comparing, 'lt', 'lte', 'gt', 'gte'])

/** Operators of kinds that are searched by their letters. */
export const lettering: readonly Operator[] = Object.freeze([
  ...ordering,
  'contains',
  'startsWith',
  'endsWith',
  'icontains',
])

/** Collects a problem at a place below the value. */
export type Report = (below: string, code: string, detail: string) => void

/** A reporter that gathers problems under a pointer. */
export function reporter(problems: Problem[], pointer: string): Report {
  return (below, code, detail) => {
    problems.push({ pointer: pointer + below, code, detail })
  }
}
