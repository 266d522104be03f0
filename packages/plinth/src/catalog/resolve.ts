/** Owns the check of expressions: names exist, constants fit, nothing is out of place. */

import type { Problem } from '../base/failure.ts'
import { beforeScope, type Expression, type Operand } from '../define/expression.ts'
import { type Kind, reporter } from '../kinds/kinds.ts'
import { memberOf, permission } from './expressions/member.ts'
import {
  fieldAt,
  type Inside,
  inputField,
  kindOf,
  note,
  noteIf,
  relationAt,
  ruleOnly,
  type Setting,
  textOf,
} from './expressions/places.ts'
import { suggestion } from './mistakes.ts'
import { absenceProblem } from './organisations/roles.ts'
import { serviceProblem } from './services/services.ts'

/** Checks an expression and returns it with its constants in normal form. */
export function resolveExpression(expression: Expression, setting: Setting): Expression {
  const scopes = new Map([[0, setting.model]])
  if (setting.knowsBefore) scopes.set(beforeScope, setting.model)
  return resolve(expression, { ...setting, scopes })
}

/** Checks the formula of a computed field. */
export function resolveFormula(operand: Operand, setting: Setting & { kind: Kind }): Operand {
  const inside = { ...setting, scopes: new Map([[0, setting.model]]) }
  return settle(operand, inside, setting.kind)
}

function resolve(expression: Expression, inside: Inside): Expression {
  switch (expression.type) {
    case 'constant':
      return expression
    case 'and':
    case 'or':
      return { ...expression, terms: expression.terms.map((term) => resolve(term, inside)) }
    case 'not':
      return { ...expression, term: resolve(expression.term, inside) }
    case 'truth':
    case 'isNull':
      return truth(expression, inside)
    case 'compare':
      return compare(expression, inside)
    case 'oneOf':
      return oneOf(expression, inside)
    case 'quantifier':
      return quantifier(expression, inside)
    case 'role':
      return role(expression, inside)
    case 'signedIn':
    case 'guest':
    case 'impersonated':
    case 'via':
      return ruleOnly(expression, inside, 'me')
    case 'service':
      noteIf(inside, serviceProblem(inside.services, expression.name))
      return ruleOnly(expression, inside, 'me')
    case 'assurance':
    case 'proved':
      return proof(expression, inside)
    case 'permission':
      return permission(expression, inside)
    case 'memberOf':
      return memberOf(expression, inside)
    case 'given':
      inputField(expression.field, inside)
      return ruleOnly(expression, inside, 'input')
  }
}

function truth(
  expression: Extract<Expression, { type: 'truth' | 'isNull' }>,
  inside: Inside,
): Expression {
  const kind = kindOf(expression.operand, inside)
  if (expression.type === 'truth' && kind && kind.family !== 'boolean') {
    note(inside, `${textOf(expression.operand)} is no condition: compare it with something`)
  }
  return { ...expression, operand: settle(expression.operand, inside, kind) }
}

function compare(expression: Extract<Expression, { type: 'compare' }>, inside: Inside): Expression {
  const { left, right, operator } = expression
  const leftKind = kindOf(left, inside)
  const wanted = operator === 'has' ? leftKind?.item : leftKind
  const rightKind = kindOf(right, inside) ?? wanted
  const kind = wanted ?? rightKind
  checkOperator(expression, inside, leftKind)
  if (kind && rightKind && kind.columnType !== rightKind.columnType && !mixes(kind, rightKind)) {
    note(inside, `${textOf(left)} and ${textOf(right)} hold different kinds of values`)
  }
  return {
    ...expression,
    left: settle(left, inside, leftKind ?? rightKind),
    right: settle(right, inside, kind),
  }
}

function mixes(a: Kind, b: Kind): boolean {
  return a.family === b.family && a.name !== 'money' && b.name !== 'money' && a.name !== 'list'
}

const letterOperators: ReadonlySet<string> = new Set(['contains', 'startsWith', 'endsWith'])

function checkOperator(
  { operator, left }: Extract<Expression, { type: 'compare' }>,
  inside: Inside,
  kind: Kind | undefined,
): void {
  if (!kind) return
  const known = kind.operators.includes(operator)
  const letters = letterOperators.has(operator) && kind.family === 'text'
  if (!known && !letters) note(inside, `${textOf(left)} does not know "${operator}"`)
}

function oneOf(expression: Extract<Expression, { type: 'oneOf' }>, inside: Inside): Expression {
  const kind = kindOf(expression.operand, inside)
  return {
    ...expression,
    operand: settle(expression.operand, inside, kind),
    values: expression.values.map((value) => settle(value, inside, kind)),
  }
}

function quantifier(
  expression: Extract<Expression, { type: 'quantifier' }>,
  inside: Inside,
): Expression {
  if (inside.use === 'stored') {
    note(inside, 'a check or formula sees only the row itself: make it an access rule')
    return expression
  }
  const relation = relationAt(expression.of, inside)
  if (!relation?.many) {
    if (relation) note(inside, `${textOf(expression.of)} is one record: use its fields directly`)
    return expression
  }
  const target = inside.models.get(relation.target)
  if (!target) return expression
  const scopes = new Map(inside.scopes).set(expression.scope, target)
  return { ...expression, where: resolve(expression.where, { ...inside, scopes }) }
}

function role(expression: Extract<Expression, { type: 'role' }>, inside: Inside): Expression {
  inside.asked.roles.add(expression.role)
  if (inside.roles && !inside.roles.has(expression.role)) {
    const near = suggestion(expression.role, inside.roles)
    note(inside, `the app has no role "${expression.role}"${near}`)
  }
  return ruleOnly(expression, inside, 'me')
}

function proof(
  expression: Extract<Expression, { type: 'assurance' | 'proved' }>,
  inside: Inside,
): Expression {
  if (expression.type === 'assurance') {
    const { atLeast } = expression
    if (atLeast !== 1 && atLeast !== 2) note(inside, 'an assurance is 1 or 2')
    inside.asked.assurances.add(atLeast)
  } else {
    const { withinMinutes } = expression
    if (!Number.isInteger(withinMinutes) || withinMinutes < 1 || withinMinutes > 1_440) {
      note(inside, 'me.provedWithin takes whole minutes, from 1 to 1,440')
    }
    inside.asked.provedMinutes.add(withinMinutes)
  }
  return ruleOnly(expression, inside, 'me')
}

// ── operands ────────────────────────────────────────────────────────────────────────────────

function settle(operand: Operand, inside: Inside, kind: Kind | undefined): Operand {
  switch (operand.from) {
    case 'value':
      return constant(operand, inside, kind)
    case 'row':
      fieldAt(operand, inside)
      return operand
    case 'input':
      inputField(operand.field, inside)
      return operand
    case 'compute':
      return compute(operand, inside, kind)
    default:
      if (inside.use === 'stored') note(inside, `a check or formula cannot use ${operand.from}`)
      if (operand.from === 'me' && operand.name === 'organisation') {
        noteIf(inside, absenceProblem(inside.organisations))
      }
      return operand
  }
}

function compute(
  operand: Extract<Operand, { from: 'compute' }>,
  inside: Inside,
  kind: Kind | undefined,
): Operand {
  const operands = operand.operands.map((each, index) => {
    const factor = operand.operator === 'times' && index > 0
    const own = kindOf(each, inside)
    if (factor && each.from === 'value') {
      if (!Number.isSafeInteger(each.value)) note(inside, 'times takes a whole number or a field')
      return each
    }
    return settle(each, inside, own ?? kindOf(operand, inside) ?? kind)
  })
  return { ...operand, operands }
}

function constant(
  operand: Extract<Operand, { from: 'value' }>,
  inside: Inside,
  kind: Kind | undefined,
): Operand {
  if (!kind) {
    if (inside.mistakes.has(inside.place)) return operand
    note(inside, `${JSON.stringify(operand.value)} is compared with nothing that has a kind`)
    return operand
  }
  const problems: Problem[] = []
  const value = kind.operand().check(operand.value, reporter(problems, ''))
  for (const problem of problems) {
    note(inside, `${JSON.stringify(operand.value)} does not fit: ${problem.detail}`)
  }
  return { from: 'value', value }
}
