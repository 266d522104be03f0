/** Owns the reading of one record inside a statement: its cells, its to-one joins, its lists. */

import type { RowSource } from '../../access/compile.ts'
import { present } from '../../base/assert.ts'
import type { ModelRelation } from '../../catalog/catalog.ts'
import { all, type Fragment, join, sql } from '../../sql/fragment.ts'
import type { RecordForm } from '../answer/writer.ts'
import type { Cells } from '../column/cells.ts'
import { stepTo, type Viewpoint } from '../column/column.ts'
import type { ListShape, SelectionShape } from '../shape.ts'

/** What a statement gathers while records are laid out in it. */
export interface Layout {
  readonly cells: Cells
  /** `left join …`, in order. */
  readonly joins: Fragment[]
  /** To-many relations met on the way, to be read by blocks of their own. */
  readonly lists: PendingList[]
}

/** A to-many relation that waits for its block. */
export interface PendingList {
  readonly relation: ModelRelation
  readonly shape: ListShape
  /** The cell of the key that its records refer to. */
  readonly keyAt: number
}

/** Lays out a record. Lists are numbered as blocks from `firstBlock` on, in order. */
export function layRecord(
  view: Viewpoint,
  { row, select, firstBlock }: { row: RowSource; select: SelectionShape; firstBlock: number },
  layout: Layout,
): RecordForm {
  const fields = layout.cells.fields(view, row, select.fields)
  const ones = select.ones.map((one) => {
    const step = stepTo(view, row, relationOf(row, one.relation))
    layout.joins.push(sql`left join ${join(step.tables)} on ${all(step.conditions)}`)
    const inner = { row: step.row, select: one.select, firstBlock }
    const idAt = layout.cells.column(view, step.row, 'id')
    return { prefix: prefixOf(one.relation), idAt, form: layRecord(view, inner, layout) }
  })
  const lists = select.lists.map((shape) => {
    const relation = relationOf(row, shape.relation)
    const keyAt = layout.cells.column(view, row, relation.local)
    const block = firstBlock + layout.lists.push({ relation, shape, keyAt }) - 1
    return { prefix: prefixOf(shape.relation), block }
  })
  return { fields, ones, lists }
}

function relationOf({ model }: RowSource, name: string): ModelRelation {
  return present(model.relations.get(name), `${model.name}.${name}`)
}

function prefixOf(name: string): string {
  return `${JSON.stringify(name)}:`
}
