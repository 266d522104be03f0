/** Owns the plan of a read: one statement, and the form of the answer made of its rows. */

import type { CallerFacts } from '../../access/caller.ts'
import type { Slot } from '../../access/slot.ts'
import type { Catalog, Model } from '../../catalog/catalog.ts'
import { statement } from '../../sql/fragment.ts'
import type { AnswerForm } from '../answer/answer.ts'
import { viewpoint } from '../column/column.ts'
import { planName } from '../plan-name.ts'
import type { ReadShape } from '../shape.ts'
import { drawList, drawRecord } from './draw.ts'
import { type Drawn, findRows, type Sketch } from './sketch.ts'

/** A read, ready to run for every caller of the same facts. */
export interface ReadPlan {
  readonly text: string
  /** Equal texts have equal names. */
  readonly name: string
  readonly slots: readonly Slot[]
  readonly form: AnswerForm
}

/** What a plan is made of; nothing else decides it. */
export interface PlanRequest {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  readonly model: Model
  readonly shape: ReadShape
}

/**
 * Plans a read. Pure: cache it by the facts' key and the shape's key (which names the model).
 *
 * @example const plan = plans.get(`read ${facts.key} ${parsed.key}`, () => planRead({ … }))
 */
export function planRead({ catalog, facts, model, shape }: PlanRequest): ReadPlan {
  const { fragment, rows } = drawRead({ catalog, facts, model, shape })
  const { text, values } = statement(fragment)
  return Object.freeze({
    text,
    name: planName(text),
    slots: values as readonly Slot[],
    form: Object.freeze({ ...rows, shape }),
  })
}

/** Draws the statement of a read. */
export function drawRead({ catalog, facts, model, shape }: PlanRequest): Drawn {
  const view = viewpoint(catalog, facts)
  const found = findRows(view, { model, alias: 't' }, shape)
  const sketch: Sketch = { view, found, shape }
  return shape.only === 'get' ? drawRecord(sketch) : drawList(sketch)
}
