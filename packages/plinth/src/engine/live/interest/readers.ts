/** Owns who is told of a change of a table: found by the values of the row, not one by one. */

import type { ChangedRow, ChangedTable } from '../../../database/feed/change.ts'
import type { Demand } from './demand.ts'
import { Groups } from './groups.ts'

/** A read that depends on a table. */
export interface Reader {
  /** Told of rows that may concern it; whatever else changed certainly does not. */
  changed(name: string, table: ChangedTable): void
}

/** How a read depends on a table. */
export interface Dependence {
  /** What its rows demand of this table's; absent: it is told of every change. */
  readonly demand?: { readonly of: Demand }
}

interface Place {
  readonly column: string
  readonly values: ReadonlySet<string>
}

/**
 * The reads that depend on one table. A changed row concerns a read that had it in its answer (by
 * what it was before), or that it may match now (by its values); each is looked up. Reads that
 * demand no certain value, or look into this table for the sake of another, are told everything.
 */
export class Readers<Member extends Reader> {
  readonly #name: string
  /** All, with the place in the index; undefined: it is told everything, or nothing can match. */
  readonly #all = new Map<Member, Place | undefined>()
  readonly #always = new Set<Member>()
  readonly #byColumn = new Map<string, Groups<Member>>()
  readonly #byRow = new Groups<Member>()
  #changes = 0

  constructor(name: string) {
    this.#name = name
  }

  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** How often the table has changed. */
  get changes(): number {
    return this.#changes
  }

  add(member: Member, { demand }: Dependence): void {
    if (this.#all.has(member)) return
    const place = demand?.of && this.#placeOf(demand.of)
    this.#all.set(member, place)
    if (demand === undefined || (demand.of !== undefined && place === undefined)) {
      this.#always.add(member)
    }
    if (place === undefined) return
    const { column, values } = place
    const groups = this.#byColumn.get(column) ?? new Groups<Member>()
    this.#byColumn.set(column, groups)
    for (const value of values) groups.add(value, member)
  }

  /** Of the columns that it demands something of, the one that tells it from most others. */
  #placeOf(demand: NonNullable<Demand>): Place | undefined {
    let best: Place | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const [column, values] of demand) {
      const groups = this.#byColumn.get(column)
      let others = values.size
      for (const value of values) others += groups?.count(value) ?? 0
      if (others >= fewest) continue
      fewest = others
      best = { column, values }
    }
    return best
  }

  /** Its answer has other rows now. */
  holds(member: Member, before: ReadonlySet<string>, after: ReadonlySet<string>): void {
    for (const key of before) if (!after.has(key)) this.#byRow.delete(key, member)
    for (const key of after) if (!before.has(key)) this.#byRow.add(key, member)
  }

  /** Takes it out, with the rows of its answer. */
  remove(member: Member, held: ReadonlySet<string>): void {
    const place = this.#all.get(member)
    this.#all.delete(member)
    this.#always.delete(member)
    for (const key of held) this.#byRow.delete(key, member)
    if (place === undefined) return
    const groups = this.#byColumn.get(place.column)
    for (const value of place.values) groups?.delete(value, member)
    if (groups?.size === 0) this.#byColumn.delete(place.column)
  }

  /** Tells whoever a change may concern. `asking`: those that hear of all rows just now. */
  tell(table: ChangedTable, asking: ReadonlySet<Member>): void {
    this.#changes += 1
    if (table.rows === undefined) {
      for (const member of [...this.#all.keys()]) member.changed(this.#name, table)
      return
    }
    const whole = new Set(this.#always)
    for (const member of asking) if (this.#all.has(member)) whole.add(member)
    const found = this.#found(table, table.rows)
    // Gathered before anybody is told: whoever is told may begin to ask.
    for (const member of whole) member.changed(this.#name, table)
    for (const [member, rows] of found) {
      if (!whole.has(member)) member.changed(this.#name, { columns: table.columns, rows })
    }
  }

  #found(
    { columns }: ChangedTable,
    rows: readonly ChangedRow[],
  ): ReadonlyMap<Member, readonly ChangedRow[]> {
    const found = new Map<Member, ChangedRow[]>()
    for (const row of rows) {
      const find = (member: Member): void => {
        const known = found.get(member)
        if (known === undefined) found.set(member, [row])
        else if (known.at(-1) !== row) known.push(row)
      }
      this.#byRow.each(row.key, find)
      const { values } = row
      if (values === undefined) continue
      for (const [column, groups] of this.#byColumn) {
        const at = columns.get(column)
        const value = at === undefined ? undefined : values[at]
        // A value that was not told may be any.
        if (value === undefined) groups.every(find)
        else if (value !== null) groups.each(value, find)
      }
    }
    return found
  }
}
