/** Owns the partial evaluation of rules: an expression and a caller's facts make a condition. */

import { present, unreachable } from '../base/assert.ts'
import type { CompareOperator, Expression, Operand } from '../define/expression.ts'
import { type Kind, textKind, uuidKind } from '../kinds/kinds.ts'
import { type Fragment, join, raw, sql } from '../sql/fragment.ts'
import { allOf, anyOf, type Condition, depends, fails, holds } from './condition.ts'
import { kindOf, type WrittenOperand, writeOperand } from './operand.ts'
import {
  columnOf,
  exists,
  fieldOf,
  follow,
  organisationValue,
  type RowSource,
  type Sight,
  tableAs,
  type Way,
  walk,
} from './rows.ts'

/**
 * What is left of an expression. Negations are pushed down to comparisons (`wanted` false), so
 * that what stands in positive position stays plain and can use an index.
 */
export function evaluate(sight: Sight, expression: Expression, wanted = true): Condition {
  switch (expression.type) {
    case 'constant':
      return settled(expression.value === wanted)
    case 'and':
    case 'or': {
      const terms = expression.terms.map((term) => evaluate(sight, term, wanted))
      return (expression.type === 'and') === wanted ? allOf(terms) : anyOf(terms)
    }
    case 'not':
      return evaluate(sight, expression.term, !wanted)
    case 'role':
      return settled(sight.facts.roles.has(expression.role) === wanted)
    case 'signedIn':
      return settled(sight.facts.signedIn === wanted)
    case 'guest':
      return settled(sight.facts.guest === wanted)
    case 'impersonated':
      return settled(sight.facts.impersonated === wanted)
    case 'via':
      return settled((sight.facts.via === expression.sort) === wanted)
    case 'service':
      return settled((sight.facts.service === expression.name) === wanted)
    case 'assurance':
      return settled(sight.facts.assurance >= expression.atLeast === wanted)
    case 'proved':
      return settled(sight.facts.provedMinutes.has(expression.withinMinutes) === wanted)
    case 'permission':
      return settled(sight.facts.permissions.has(expression.permission) === wanted)
    case 'memberOf':
      return memberOf(sight, expression, wanted)
    case 'given':
      return given(sight, expression.field, wanted)
    case 'truth':
      return truth(sight, expression.operand, wanted)
    case 'isNull':
      return isNull(sight, expression.operand, wanted)
    case 'compare':
      return compare(sight, expression, wanted)
    case 'oneOf':
      return oneOf(sight, expression, wanted)
    case 'quantifier':
      return quantify(sight, expression, wanted)
    default:
      return unreachable(expression, 'a rule')
  }
}

function given(sight: Sight, field: string, wanted: boolean): Condition {
  const known = sight.input(field)?.given ?? false
  return known === 'unknown' ? depends(raw('true')) : settled(known === wanted)
}

function settled(value: boolean): Condition {
  return value ? holds : fails
}

/** A comparison in its place: plain, negated, or inside `exists` where it speaks of other rows. */
function place(way: Way, fragment: Fragment, wanted: boolean): Condition {
  if (way.tables.length > 0) {
    const found = exists(way, [fragment])
    return depends(wanted ? found : sql`not ${found}`)
  }
  return depends(wanted ? fragment : sql`(${fragment}) is not true`)
}

function truth(sight: Sight, operand: Operand, wanted: boolean): Condition {
  if (operand.from === 'value') return settled((operand.value === true) === wanted)
  const kind = present(kindOf(sight, operand), 'the kind of a condition')
  const written = writeOperand(sight, operand, { kind, lift: true })
  return written ? place(written, written.fragment, wanted) : settled(!wanted)
}

function isNull(sight: Sight, operand: Operand, wanted: boolean): Condition {
  if (operand.from === 'value') return settled((operand.value === null) === wanted)
  if (operand.from === 'me' && operand.name === 'organisation') {
    return settled(!sight.facts.inOrganisation === wanted)
  }
  if (operand.from === 'me') return settled(!sight.facts.known === wanted)
  if (operand.from === 'now') return settled(!wanted)
  const kind = present(kindOf(sight, operand), 'the kind of an operand')
  const written = writeOperand(sight, operand, { kind, lift: true })
  if (!written) return settled(wanted)
  if (written.tables.length > 0) {
    // No related row means null, so null is said as: there is no row with a value.
    return place(written, sql`${written.fragment} is not null`, !wanted)
  }
  return depends(sql`${written.fragment} is ${raw(wanted ? 'null' : 'not null')}`)
}

type Membership = Expression & { readonly type: 'memberOf' }

/**
 * There is a membership of the caller: what its own rules hide makes no difference. Who came with a
 * credential of one organisation is a member of that one alone; by one of none, of none.
 */
function memberOf(sight: Sight, { organisation, roles }: Membership, wanted: boolean): Condition {
  const { known, via, inOrganisation } = sight.facts
  const bound = via !== undefined
  if (!known || (bound && !inOrganisation)) return settled(!wanted)
  const kind = uuidKind()
  const written = writeOperand(sight, organisation, { kind, lift: true })
  const caller = writeOperand(sight, { from: 'me', name: 'id' }, { kind, lift: false })
  if (!written || !caller) return settled(!wanted)
  const model = present(sight.catalog.models.get('membership'), 'the model of memberships')
  const row: RowSource = { model, alias: sight.nextAlias() }
  const column = (field: string): Fragment => columnOf(row, fieldOf(model, field))
  const held = roles.map((role) => sight.constant(role, 'text'))
  const found = exists({ ...written, tables: [...written.tables, tableAs(model, row.alias)] }, [
    sql`${column('organisationId')} = ${written.fragment}`,
    sql`${column('userId')} = ${caller.fragment}`,
    ...(bound ? [sql`${column('organisationId')} = ${organisationValue}`] : []),
    ...(held.length > 0 ? [sql`${column('role')} in (${join(held)})`] : []),
  ])
  return depends(wanted ? found : sql`not ${found}`)
}

type Comparison = Expression & { readonly type: 'compare' }

function compare(sight: Sight, { operator, left, right }: Comparison, wanted: boolean): Condition {
  const kind = present(kindOf(sight, left) ?? kindOf(sight, right), 'the kind of a comparison')
  const one = writeOperand(sight, left, { kind, lift: true })
  const two = writeOperand(sight, right, { kind: counterpart(operator, kind), lift: true })
  if (!one || !two) return settled(!wanted)
  return place(merge(one, two), writeComparison(operator, kind, [one, two]), wanted)
}

function counterpart(operator: CompareOperator, kind: Kind): Kind {
  switch (operator) {
    case 'has':
      return present(kind.item, 'the kind of the items')
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return textKind({ multiline: true })
    default:
      return kind
  }
}

function merge(one: Way, two: Way): Way {
  return {
    tables: [...one.tables, ...two.tables],
    conditions: [...one.conditions, ...two.conditions],
  }
}

const signs = Object.freeze({ eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' })

/** Every operator here is total: none can raise, whatever the values. */
function writeComparison(
  operator: CompareOperator,
  kind: Kind,
  [{ fragment: left }, { fragment: right }]: readonly [WrittenOperand, WrittenOperand],
): Fragment {
  switch (operator) {
    case 'eq':
    case 'ne':
      return sql`${left} ${raw(signs[operator])} ${right}`
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return sql`${ordered(left, kind)} ${raw(signs[operator])} ${right}`
    case 'contains':
      return sql`strpos(${left}, ${right}) > 0`
    case 'startsWith':
      return sql`starts_with(${left}, ${right})`
    case 'endsWith':
      return sql`right(${left}, length(${right})) = ${right}`
    case 'has':
      return sql`${right} = any(${left})`
    default:
      return unreachable(operator, 'a comparison')
  }
}

/** Texts are ordered by their code points, in every database alike. */
function ordered(fragment: Fragment, kind: Kind): Fragment {
  return kind.collated ? sql`${fragment} collate "C"` : fragment
}

type OneOf = Expression & { readonly type: 'oneOf' }

function oneOf(sight: Sight, { operand, values }: OneOf, wanted: boolean): Condition {
  const kind = present(kindOf(sight, operand), 'the kind of an operand')
  const one = writeOperand(sight, operand, { kind, lift: true })
  const others = values.flatMap((each) => writeOperand(sight, each, { kind, lift: false }) ?? [])
  if (!one || others.length === 0) return settled(!wanted)
  const list = join(others.map((each) => each.fragment))
  return place(one, sql`${one.fragment} in (${list})`, wanted)
}

type Quantified = Expression & { readonly type: 'quantifier' }

function quantify(sight: Sight, expression: Quantified, wanted: boolean): Condition {
  const { quantifier, of, scope, where } = expression
  const way = walk(sight, of.scope, of.path.slice(0, -1))
  const name = present(of.path.at(-1), 'the relation of a quantifier')
  const relation = present(way.row.model.relations.get(name), `${way.row.model.name}.${name}`)
  const { row, ...step } = follow(sight, way.row, relation)
  const inner = within(sight, scope, row)
  // `every` is: there is no row for which the condition does not hold.
  const condition = evaluate(inner, where, quantifier !== 'every')
  const found = (quantifier === 'some') === wanted
  if (condition.constant === false) return settled(!found)
  const rows = exists(merge(way, step), condition.fragment ? [condition.fragment] : [])
  return depends(found ? rows : sql`not ${rows}`)
}

function within(sight: Sight, scope: number, row: RowSource): Sight {
  return { ...sight, rows: new Map([...sight.rows, [scope, row]]) }
}
