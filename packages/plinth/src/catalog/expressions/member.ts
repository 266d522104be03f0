/** Owns the check of what rules ask about organisations: roles, permissions, which one is meant. */

import type { Expression, Operand } from '../../define/expression.ts'
import { suggestion } from '../mistakes.ts'
import { absenceProblem, permissionProblem, roleProblem } from '../organisations/roles.ts'
import {
  hopsTo,
  type Inside,
  inputField,
  kindOf,
  note,
  noteIf,
  ruleOnly,
  textOf,
} from './places.ts'

/** Checks `me.may(…)`. */
export function permission(
  expression: Extract<Expression, { type: 'permission' }>,
  inside: Inside,
): Expression {
  inside.asked.permissions.add(expression.permission)
  noteIf(inside, permissionProblem(inside.organisations, expression.permission))
  return ruleOnly(expression, inside, 'me')
}

/** Checks `me.in(…)`. */
export function memberOf(
  expression: Extract<Expression, { type: 'memberOf' }>,
  inside: Inside,
): Expression {
  if (expression.roles.length === 0) noteIf(inside, absenceProblem(inside.organisations))
  for (const role of expression.roles) noteIf(inside, roleProblem(inside.organisations, role))
  const organisation = organisationAt(expression.organisation, inside)
  return ruleOnly({ ...expression, organisation }, inside, 'me')
}

/** An organisation is meant by its id, by the relation to it, or by the value of an input. */
function organisationAt(operand: Operand, inside: Inside): Operand {
  if (operand.from === 'input') {
    inputField(operand.field, inside)
    if (kindOf(operand, inside)?.family === 'id') return operand
  }
  if (operand.from === 'row') {
    const model = hopsTo(operand, inside)
    const name = operand.path.at(-1) ?? ''
    if (!model) return operand
    const relation = model.relations.get(name)
    if (relation?.type === 'belongsTo' && relation.target === 'organisation') {
      return { ...operand, path: [...operand.path.slice(0, -1), relation.local] }
    }
    const of = model.relations.get(model.fields.get(name)?.relation ?? '')?.target
    if ((name === 'id' ? model.name : of) === 'organisation') return operand
    if (!relation && !model.fields.has(name)) {
      const near = suggestion(name, [...model.relations.keys(), ...model.fields.keys()])
      note(inside, `${model.name} has no relation "${name}"${near}`)
      return operand
    }
  }
  const cure = 'give a relation to one, such as row.organisation'
  note(inside, `me.in takes an organisation, which ${textOf(operand)} is not: ${cure}`)
  return operand
}
