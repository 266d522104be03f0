/** Owns the canonical form of a read: what is asked, without the values asked for. */

import type { Operator } from '../kinds/kinds.ts'

/** A read. Equal shapes have equal plans; values travel beside them by index. */
export interface ReadShape {
  readonly model: string
  readonly only: 'list' | 'get'
  /** get: the fields that name the record, their values first among the values; list: none. */
  readonly by: readonly string[]
  readonly select: SelectionShape
  readonly filter: FilterShape | undefined
  /** Total: it ends with `id`. */
  readonly sort: readonly SortShape[]
  readonly limit: number
  readonly seek: SeekShape | undefined
  readonly count: 'exact' | 'estimated' | undefined
  /** Absent: a plain list. */
  readonly connection?: ConnectionShape
}

/** What to return of a record. */
export interface SelectionShape {
  /** In order of declaration; `id` is always among them. */
  readonly fields: readonly string[]
  /** To-one relations, in order of declaration. */
  readonly ones: readonly OneShape[]
  /** To-many relations, in order of declaration. */
  readonly lists: readonly ListShape[]
}

/** An included to-one relation. */
export interface OneShape {
  readonly relation: string
  /** The member's name in the answer, where it is not the relation's. */
  readonly as?: string
  readonly select: SelectionShape
}

/** An included to-many relation. */
export interface ListShape {
  readonly relation: string
  /** The member's name in the answer, where it is not the relation's. */
  readonly as?: string
  readonly select: SelectionShape
  readonly filter: FilterShape | undefined
  readonly sort: readonly SortShape[]
  readonly limit: number
  readonly seek?: SeekShape
  /** Absent: a plain list. */
  readonly connection?: ConnectionShape
}

/** How a list is answered that says where it stands, and gives cursors of its rows. */
export interface ConnectionShape {
  readonly cursors: 'none' | 'ends' | 'each'
  /** Which of the read's bindings its cursors are sealed with. */
  readonly binding: number
  /** Included lists: all that match are counted. */
  readonly counted: boolean
}

/** A condition on a row. */
export type FilterShape =
  | { readonly is: 'and' | 'or'; readonly terms: readonly FilterShape[] }
  | { readonly is: 'not'; readonly term: FilterShape }
  | {
      readonly is: 'field'
      readonly field: string
      readonly operator: Exclude<Operator, 'isNull'>
      /** Which of the values it compares with; for `in` and `notIn` an array literal. */
      readonly index: number
    }
  | { readonly is: 'null'; readonly field: string; readonly wanted: boolean }
  | {
      readonly is: 'related'
      readonly relation: string
      /** A to-one relation takes `some`: there is a related record, and it matches. */
      readonly quantifier: 'some' | 'every' | 'none'
      readonly where: FilterShape
    }

/** A key to sort by: a field, reached over to-one relations. */
export interface SortShape {
  readonly path: readonly string[]
  readonly field: string
  readonly descending: boolean
}

/** Where a page begins: beyond the row of a cursor, or at the end of the list. */
export interface SeekShape {
  readonly direction: 'after' | 'before'
  /** None: the end. For each sort key the index of the cursor's value; null: the value is null. */
  readonly indexes: readonly (number | null)[]
}

/** The condition that always holds. */
export const everything: FilterShape = Object.freeze({ is: 'and', terms: Object.freeze([]) })
