/** Owns reads that are asked together: one statement, and so one snapshot, for all of them. */

import type { Slot } from '../../access/slot.ts'
import {
  type Chunk,
  type Fragment,
  join,
  name,
  type Parameter,
  sql,
  statement,
} from '../../sql/fragment.ts'
import type { AnswerForm } from '../answer/answer.ts'
import { listOf, readRows } from '../answer/lists.ts'
import { type Answered, answered } from '../answer/pieces.ts'
import type { Cursors } from '../cursor.ts'
import type { ParsedRead } from '../grammar/read.ts'
import { planName } from '../plan-name.ts'
import { drawRead, type PlanRequest } from './plan.ts'
import { type PlanRun, type Reader, rowsOfPlan, sealsOf } from './run.ts'

/** One of the reads: what it is planned from, and how many values it brings. */
export interface TogetherRequest extends PlanRequest {
  readonly values: number
}

/** Reads that run as one statement: one row, with a cell for each of them. */
export interface TogetherPlan extends Pick<PlanRun['plan'], 'text' | 'name' | 'slots'> {
  readonly forms: readonly AnswerForm[]
}

/** Plans reads as one statement. Their values stand one after the other. */
export function planTogether(requests: readonly TogetherRequest[]): TogetherPlan {
  let offset = 0
  const forms: AnswerForm[] = []
  const cells = requests.map((request, at) => {
    const { fragment, rows, types } = drawRead(request)
    forms.push(Object.freeze({ ...rows, shape: request.shape }))
    const alias = `q${at}`
    const columns = types.map((type, place) => ({ fragment: name(alias, `c${place}`), type }))
    const named = sql`${name(alias)}(${join(types.map((_, place) => name(`c${place}`)))})`
    // `offset 0`: a list among the cells is made once, however often its text is spoken of.
    const source = sql`${shifted(fragment, offset)} offset 0`
    offset += request.values
    return sql`(select ${listOf(columns)} from (${source}) as ${named})`
  })
  const { text, values } = statement(sql`select ${join(cells)}`)
  return Object.freeze({ text, name: planName(text), slots: values as readonly Slot[], forms })
}

/** The same text with its values further on. */
function shifted(fragment: Fragment, offset: number): Fragment {
  if (offset === 0) return fragment
  const moved = new Map<Parameter, Parameter>()
  const move = (chunk: Chunk): Chunk => {
    if (typeof chunk === 'string') return chunk
    const slot = chunk.parameter as Slot
    if (slot.slot !== 'value') return chunk
    const known = moved.get(chunk) ?? { parameter: { ...slot, index: slot.index + offset } }
    moved.set(chunk, known)
    return known
  }
  return { chunks: fragment.chunks.map(move) }
}

/** A plan of several reads and the call it is run for. */
export interface TogetherRun extends Omit<PlanRun, 'plan' | 'values'> {
  readonly plan: TogetherPlan
  readonly reads: readonly ParsedRead[]
}

/** Runs reads as one statement; the answers in their order, undefined where there is no record. */
export async function runTogether(
  reader: Reader,
  { plan, reads, ...run }: TogetherRun,
  cursors: Cursors,
): Promise<readonly (Answered | undefined)[]> {
  const values = reads.flatMap((read) => read.values)
  const { rows } = await rowsOfPlan(reader, { ...run, plan, values })
  const [row] = rows
  return reads.map((read, at) => {
    const cell = row?.[at] ?? null
    const own = cell === null ? [] : readRows(cell)
    return answered(plan.forms[at] as AnswerForm, own, sealsOf(read, cursors))
  })
}
