/** Owns what planners ask of access: conditions for rules, for records and for single fields. */

import type { Catalog, Model, ModelAccess, ModelField } from '../catalog/catalog.ts'
import { beforeScope, type Expression } from '../define/expression.ts'
import { typed } from '../sql/fragment.ts'
import type { CallerFacts } from './caller.ts'
import { allOf, type Condition, depends, fails, holds } from './condition.ts'
import { alive, type InputValue, type RowSource, type Sight } from './rows.ts'
import { evaluate } from './rule.ts'
import { scopesReach } from './scopes/scopes.ts'

export type { Condition } from './condition.ts'
export type { InputValue, RowSource } from './rows.ts'

/** What a rule is compiled from. */
export interface RuleRequest {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  readonly row: RowSource
  /** The row as it was, for a rule about the row after an update. */
  readonly before?: RowSource
  readonly rule: Expression
  /** The values that the caller sent; undefined: not sent. Reads have none. */
  readonly input?: (field: string) => InputValue | undefined
}

/**
 * Compiles a rule for a caller. Roles, sign-in and constants are folded; what is left is SQL over
 * the row whose parameters are slots. Related rows inside a rule are the author's view: their own
 * rules are not asked, but a softly deleted row never counts. Unrestricted callers pass all rules.
 */
export function compileRule(request: RuleRequest): Condition {
  if (request.facts.unrestricted) return holds
  return evaluate(sightOf(request), request.rule)
}

/**
 * Compiles what a model demands of its rows for a verb. Past the rules code is still kept to one
 * organisation, unless it says otherwise by name.
 */
export function compileAccess(
  request: Omit<RuleRequest, 'rule'>,
  verb: keyof ModelAccess,
): Condition {
  const { facts, row } = request
  const { access } = row.model
  if (facts.acrossOrganisations) return holds
  return evaluate(sightOf(request), access[facts.unrestricted ? 'within' : verb])
}

/** Compiles a rule for these facts alone, also where they are unrestricted ones (`explain`). */
export function sightOf(request: Omit<RuleRequest, 'rule'>): Sight {
  const { catalog, facts, row, before, input } = request
  let aliases = 0
  const rows = new Map([[0, row]])
  if (before) rows.set(beforeScope, before)
  return {
    catalog,
    facts,
    root: row.model,
    rows,
    input: input ?? (() => undefined),
    constant: (value, type) => typed({ slot: 'constant', value }, type),
    open: true,
    nextAlias: () => `${row.alias}_${++aliases}`,
  }
}

/**
 * Which rows of a model exist for a caller: its read rule, without softly deleted rows; none where
 * the caller came with a credential that does not reach the model, whatever they ask about it.
 */
export function readCondition(catalog: Catalog, facts: CallerFacts, row: RowSource): Condition {
  if (!scopesReach(facts.scopes, row.model, 'read')) return fails
  const rule = compileAccess({ catalog, facts, row }, 'read')
  const live = alive(row)
  return live ? allOf([depends(live), rule]) : rule
}

/** Whether a caller may read a field of a row, given that it may read the row. */
export function fieldRead(
  { catalog, facts, row }: { catalog: Catalog; facts: CallerFacts; row: RowSource },
  field: ModelField,
): Condition {
  return compileRule({ catalog, facts, row, rule: field.access.read })
}

/** True where no row of the model can ever be read with these facts. */
export function isUnreadable(catalog: Catalog, facts: CallerFacts, model: Model): boolean {
  const row: RowSource = { model, alias: 't' }
  return readCondition(catalog, facts, row).constant === false
}
