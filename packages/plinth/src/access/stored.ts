/** Owns expressions that the schema itself keeps: checks and generated columns. */

import { present } from '../base/assert.ts'
import type { Model, ModelField } from '../catalog/catalog.ts'
import { noLogic } from '../catalog/logic/logic.ts'
import type { Expression } from '../define/expression.ts'
import { type Fragment, literal, name, raw, sql } from '../sql/fragment.ts'
import { anonymousFacts } from './caller.ts'
import { conditionText } from './condition.ts'
import { writeOperand } from './operand.ts'
import type { Sight } from './rows.ts'
import { evaluate } from './rule.ts'

/**
 * The SQL of a model's check, as it may stand in `CHECK (…)`: own columns by bare name, literals
 * inline, no parameters. It is true or not true; a CHECK lets null pass, so it says `is true`.
 */
export function compileStoredCheck(model: Model, condition: Expression): Fragment {
  return sql`(${conditionText(evaluate(storedSight(model), condition))}) is true`
}

/**
 * The SQL of a computed field, as it may stand in `GENERATED ALWAYS AS (…) STORED`. Numbers are
 * computed without bounds and then cast to the column's type.
 */
export function compileStoredFormula(model: Model, field: ModelField): Fragment {
  const formula = present(field.computed, `the formula of ${field.name}`)
  const { kind } = field
  const written = writeOperand(storedSight(model), formula, { kind, lift: false })
  return sql`(${written?.fragment ?? raw('null')})::${raw(field.kind.columnType)}`
}

const nothingAsked = Object.freeze({
  ...{ roles: new Set<string>(), permissions: new Set<string>() },
  ...{ assurances: new Set<number>(), provedMinutes: new Set<number>() },
})

function storedSight(model: Model): Sight {
  return {
    catalog: {
      title: '',
      models: new Map(),
      operations: new Map(),
      roles: undefined,
      organisations: undefined,
      services: new Map(),
      askedByRules: nothingAsked,
      followers: new Map(),
      channels: new Map(),
      logic: noLogic,
    },
    facts: anonymousFacts,
    root: model,
    rows: new Map([[0, { model, alias: '', column: (field: ModelField) => name(field.column) }]]),
    input: () => undefined,
    constant: (text, type) => sql`${literal(text)}::${raw(type)}`,
    open: false,
    nextAlias: () => '',
  }
}
