/** Owns rows that are only added: gathered in a transaction, stored together before its end. */

import { assert } from '../base/assert.ts'
import { type Fragment, join, sql, statement, typed, value } from '../sql/fragment.ts'
import type { Appending, Query, Session } from './database.ts'

/** How many rows one statement takes. */
const rowsTogetherMax = 8

/** A column by its type, or by what is made of its value. */
export type Cell = string | ((value: Fragment) => Fragment)

/**
 * A table of our own that rows are only added to: `into` names it with the columns of the cells.
 *
 * @example appending('plinth_note', sql`plinth.note (id, text)`, ['uuid', 'text'])
 */
export function appending(name: string, into: Fragment, cells: readonly Cell[]): Appending {
  const queries = new Map<number, Prepared>()
  const made = (count: number): Prepared => {
    const row = (): Fragment => sql`(${join(cells.map(slotOf))})`
    const { text } = statement(
      sql`insert into ${into} values ${join(Array.from({ length: count }, row))}`,
    )
    return { name: `${name}_${count}`, text }
  }
  return Object.freeze({
    queryOf(rows: readonly (readonly unknown[])[]): Query {
      assert(rows.length > 0 && rows.length <= rowsTogetherMax, 'one statement takes so many rows')
      const query = queries.get(rows.length) ?? made(rows.length)
      queries.set(rows.length, query)
      const [only = []] = rows
      return { ...query, values: rows.length === 1 ? only : rows.flat() }
    },
  })
}

type Prepared = Required<Pick<Query, 'name' | 'text'>>

/** Each place is a value of its own. */
function slotOf(cell: Cell): Fragment {
  const place = Object.freeze({ cell })
  return typeof cell === 'string' ? typed(place, cell) : cell(value(place))
}

/**
 * Adds rows in their order. In a transaction they are stored behind all of its other statements, or
 * ahead of the next one that could have to do with them: nothing is left to wait for, and where one
 * of them cannot be stored the commit fails. Elsewhere they are stored at once.
 */
export async function append(
  session: Session,
  to: Appending,
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  if (session.append !== undefined) {
    for (const row of rows) session.append(to, row)
    return
  }
  for (let at = 0; at < rows.length; at += rowsTogetherMax) {
    await session.query(to.queryOf(rows.slice(at, at + rowsTogetherMax)))
  }
}

/** What a transaction has gathered. */
export class Gathered {
  readonly #rows = new Map<Appending, (readonly unknown[])[]>()

  /** Adds a row. What comes back is to be sent at once: no statement takes more. */
  add(to: Appending, row: readonly unknown[]): Query | undefined {
    const rows = this.#rows.get(to)
    if (rows === undefined) this.#rows.set(to, [row])
    else if (rows.push(row) === rowsTogetherMax) {
      this.#rows.delete(to)
      return to.queryOf(rows)
    }
    return undefined
  }

  /** The statements that store what is gathered; then nothing is. */
  take(): readonly Query[] {
    if (this.#rows.size === 0) return none
    const queries = [...this.#rows].map(([to, rows]) => to.queryOf(rows))
    this.#rows.clear()
    return queries
  }
}

const none: readonly Query[] = Object.freeze([])
