/** Owns the select list of a statement: which cell holds what. */

import type { RowSource } from '../../access/compile.ts'
import { comparisonType } from '../../access/operand.ts'
import { type Fragment, sql } from '../../sql/fragment.ts'
import type { TypedCell } from '../answer/lists.ts'
import type { FieldCell } from '../answer/writer.ts'
import { column, type SafeColumn, type Viewpoint } from './column.ts'

/** A select list under construction. A column asked for twice is selected once. */
export class Cells {
  readonly #cells: TypedCell[] = []
  readonly #places = new Map<string, number>()
  /** By row and rule. */
  readonly #flags = new Map<string, Map<unknown, number>>()

  /** The cells so far, in order. */
  get fragments(): readonly Fragment[] {
    return this.#cells.map(({ fragment }) => fragment)
  }

  /** PostgreSQL's types of the cells so far, in order. */
  get types(): readonly string[] {
    return this.#cells.map(({ type }) => type)
  }

  /** Adds any value of a type and returns its place. */
  add(fragment: Fragment, type: string): number {
    return this.#cells.push({ fragment, type }) - 1
  }

  /** Adds a column of a row and returns its place. */
  column(view: Viewpoint, row: RowSource, field: string): number {
    const key = `${row.alias} ${field}`
    const known = this.#places.get(key)
    if (known !== undefined) return known
    const safe = column(view, row, field)
    const at = this.add(safe.fragment, comparisonType(safe.field.kind))
    this.#places.set(key, at)
    return at
  }

  /** Adds fields for output: each with its place, and that of the flag that says it is shown. */
  fields(view: Viewpoint, row: RowSource, names: readonly string[]): FieldCell[] {
    return names.map((name) => {
      const safe = column(view, row, name)
      const at = this.column(view, row, name)
      const flagAt = this.#flag(row, safe)
      return {
        prefix: `${JSON.stringify(name)}:`,
        at,
        flagAt: flagAt ?? -1,
        toJson: safe.field.kind.toJson,
      }
    })
  }

  /** Fields of a row under one rule share their flag. */
  #flag(row: RowSource, { field, shown }: SafeColumn): number | undefined {
    if (!shown) return undefined
    const flags = this.#flags.get(row.alias) ?? new Map<unknown, number>()
    this.#flags.set(row.alias, flags)
    const known = flags.get(field.access.read)
    if (known !== undefined) return known
    const at = this.add(sql`(${shown}) is true`, 'boolean')
    flags.set(field.access.read, at)
    return at
  }
}
