/** Owns the trace of a rule: every part of it with its truth and the values it was decided by. */

import type { Expression, Operand } from '../define/expression.ts'
import { type Fragment, sql } from '../sql/fragment.ts'
import { operandFragment, operandsOf } from './operand.ts'
import type { Sight } from './rows.ts'
import { evaluate } from './rule.ts'
import { operandWords, wordsOf } from './wording.ts'

/** A part of a rule, decided for one row and caller. */
export interface TraceNode {
  /** The part in words: `row.published`. */
  readonly text: string
  readonly outcome: boolean
  /** Values it was decided by, in PostgreSQL's text form. */
  readonly values: readonly { readonly text: string; readonly value: string | null }[]
  readonly terms: readonly TraceNode[]
}

/** A trace whose cells are still to be read from the row. */
export type Tracing = (cells: readonly (string | null)[]) => TraceNode

/** Adds what a rule's trace needs to the select list, and returns how to read it from the cells. */
export function trace(sight: Sight, rule: Expression, list: Fragment[]): Tracing {
  const condition = evaluate(sight, rule)
  const at = condition.fragment ? list.push(sql`((${condition.fragment}) is true)::text`) - 1 : -1
  const terms = termsOf(rule).map((term) => trace(sight, term, list))
  const values = operandsOf(rule).flatMap((operand) => traceValue(sight, operand, list))
  const text = wordsOf(rule)
  return (cells) => ({
    text,
    outcome: at < 0 ? condition.constant === true : cells[at] === 'true',
    values: values.map((value) => ({ text: value.text, value: cells[value.at] ?? null })),
    terms: terms.map((term) => term(cells)),
  })
}

function termsOf(rule: Expression): readonly Expression[] {
  if (rule.type === 'and' || rule.type === 'or') return rule.terms
  return rule.type === 'not' ? [rule.term] : []
}

/** Constants speak for themselves; input is not known after the fact. */
function traceValue(
  sight: Sight,
  operand: Operand,
  list: Fragment[],
): readonly { readonly text: string; readonly at: number }[] {
  if (operand.from === 'value' || operand.from === 'input') return []
  const fragment = operandFragment(sight, operand)
  const at = list.push(fragment ? sql`(${fragment})::text` : sql`null::text`) - 1
  return [{ text: operandWords(operand), at }]
}
