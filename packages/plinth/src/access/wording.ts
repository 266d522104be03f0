/** Owns how a rule reads: the words in which its author wrote it, as far as the tree keeps them. */

import { unreachable } from '../base/assert.ts'
import { beforeScope, type Expression, type Operand } from '../define/expression.ts'

const signs: Readonly<Record<string, string>> = Object.freeze({
  eq: '=',
  ne: '≠',
  lt: '<',
  lte: '≤',
  gt: '>',
  gte: '≥',
})

/** An expression in words: `row.stock > 0`, `me.is("staff")`. */
export function wordsOf(expression: Expression): string {
  switch (expression.type) {
    case 'constant':
      return expression.value ? 'anyone' : 'nobody'
    case 'and':
    case 'or':
      return expression.terms.map((term) => inner(term)).join(` ${expression.type} `)
    case 'not':
      return `not ${inner(expression.term)}`
    case 'truth':
      return operandWords(expression.operand)
    case 'isNull':
      return `${operandWords(expression.operand)} is null`
    case 'compare': {
      const sign = signs[expression.operator] ?? expression.operator
      return `${operandWords(expression.left)} ${sign} ${operandWords(expression.right)}`
    }
    case 'oneOf':
      return inWords(expression.operand, expression.values)
    case 'role':
      return `me.is(${JSON.stringify(expression.role)})`
    case 'signedIn':
      return 'me.signedIn'
    case 'guest':
      return 'me.isGuest'
    case 'impersonated':
      return 'me.impersonated'
    case 'via':
      return `me.via(${JSON.stringify(expression.sort)})`
    case 'service':
      return `me.service(${JSON.stringify(expression.name)})`
    case 'assurance':
      return `me.assurance.atLeast(${expression.atLeast})`
    case 'proved':
      return `me.provedWithin(${expression.withinMinutes})`
    case 'permission':
      return `me.may(${JSON.stringify(expression.permission)})`
    case 'memberOf': {
      const roles = expression.roles.map((role) => `, ${JSON.stringify(role)}`)
      return `me.in(${operandWords(expression.organisation)}${roles.join('')})`
    }
    case 'given':
      return `input.${expression.field}.given()`
    case 'quantifier': {
      const of = operandWords(expression.of)
      return `${of}.${expression.quantifier}(${wordsOf(expression.where)})`
    }
    default:
      return unreachable(expression, 'a rule')
  }
}

function inWords(operand: Operand, values: readonly Operand[]): string {
  return `${operandWords(operand)} in [${values.map(operandWords).join(', ')}]`
}

/** An operand in words. Rows of related records are called after their scope: `row2`. */
export function operandWords(operand: Operand): string {
  switch (operand.from) {
    case 'row':
      return [rowWord(operand.scope), ...operand.path].join('.')
    case 'me':
      return `me.${operand.name}`
    case 'now':
      return 'now'
    case 'value':
      return JSON.stringify(operand.value) ?? 'null'
    case 'input':
      return `input.${operand.field}`
    case 'compute':
      return `${operand.operator}(${operand.operands.map(operandWords).join(', ')})`
    default:
      return unreachable(operand, 'a rule')
  }
}

function rowWord(scope: number): string {
  if (scope === beforeScope) return 'before'
  return scope === 0 ? 'row' : `row${scope + 1}`
}

function inner(expression: Expression): string {
  const words = wordsOf(expression)
  return expression.type === 'and' || expression.type === 'or' ? `(${words})` : words
}
