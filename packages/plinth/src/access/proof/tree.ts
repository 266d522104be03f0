/** Owns a forest of rows to prove rules on, and an evaluator of rules that knows no SQL. */

import { compileCatalog } from '../../catalog/compile.ts'
import type { Expression, Operand, RowOperand } from '../../define/expression.ts'
import { boolean, integer, list, text, uuid } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, hasMany, manyToMany } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { type Caller, viaOf } from '../caller.ts'

const forest = kit('forest', {
  models: {
    organisation: { fields: {} },
    membership: {
      fields: { organisation: belongsTo('organisation'), userId: uuid(), role: text() },
    },
    leaf: {
      fields: {
        word: text({ optional: true }),
        size: integer({ optional: true }),
        green: boolean({ optional: true }),
        marks: list(text(), { optional: true }),
        up: belongsTo('leaf', { optional: true }),
        organisation: belongsTo('organisation', { optional: true }),
        below: hasMany('leaf'),
        friends: manyToMany('leaf', { through: 'bond' }),
      },
      access: { read: anyone },
      softDelete: true,
    },
    bond: { fields: { one: belongsTo('leaf'), two: belongsTo('leaf') }, access: { read: anyone } },
  },
})

/** The catalog of the forest. */
export const catalog = compileCatalog(
  app({ kits: [forest], organisations: { roles: { admin: ['cut'], member: [] } } }),
)

/** A row of the forest, as plain data. */
export interface Leaf {
  readonly id: string
  readonly word: string | null
  readonly size: number | null
  readonly green: boolean | null
  readonly marks: readonly string[] | null
  readonly upId: string | null
  readonly organisationId: string | null
  readonly deleted: boolean
}

/** The forest: leaves by id, and bonds from one to another. */
export interface Forest {
  readonly leaves: readonly Leaf[]
  readonly bonds: readonly (readonly [string, string])[]
  /** Who belongs to which organisation, in which role. */
  readonly memberships: readonly (readonly [string, string, string])[]
}

type Scalar = string | number | boolean | readonly string[] | null

/** Decides rules on plain data, in the most obvious way. */
export function judge(forest: Forest, caller: Caller): (rule: Expression, leaf: Leaf) => boolean {
  return (rule, leaf) => holds(rule, { forest, caller, scopes: new Map([[0, leaf]]) })
}

interface Sight {
  readonly forest: Forest
  readonly caller: Caller
  readonly scopes: ReadonlyMap<number, Leaf>
}

function alive({ leaves }: Pick<Forest, 'leaves'>, id: string | null): Leaf | undefined {
  return leaves.find((leaf) => leaf.id === id && !leaf.deleted)
}

/** The leaf at the end of a path's hops; all of them lead up. */
function reached({ forest, scopes }: Sight, operand: RowOperand): Leaf | undefined {
  let leaf = scopes.get(operand.scope)
  for (const _ of operand.path.slice(0, -1)) leaf = leaf && alive(forest, leaf.upId)
  return leaf
}

function valueIn(operand: Operand, sight: Sight): Scalar {
  switch (operand.from) {
    case 'row': {
      const leaf = reached(sight, operand)
      return leaf ? (leaf[operand.path.at(-1) as keyof Leaf] as Scalar) : null
    }
    case 'me':
      if (sight.caller.is !== 'user') return null
      if (operand.name === 'organisation') return sight.caller.organisation?.id ?? null
      return sight.caller.id
    case 'value':
      return operand.value as Scalar
    case 'compute':
      return computed(operand, sight)
    default:
      throw new Error(operand.from)
  }
}

function computed(operand: Operand & { from: 'compute' }, sight: Sight): Scalar {
  const values = operand.operands.map((each) => valueIn(each, sight))
  if (operand.operator === 'coalesce') return values.find((value) => value !== null) ?? null
  if (values.some((value) => value === null)) return null
  const [one, two] = values as [never, never]
  const results: Record<string, () => Scalar> = {
    plus: () => (one as number) + (two as number),
    minus: () => (one as number) - (two as number),
    times: () => (one as number) * (two as number),
    concat: () => values.join(''),
    lower: () => String(one).toLowerCase(),
    upper: () => String(one).toUpperCase(),
  }
  return results[operand.operator]?.() ?? null
}

function related({ leaves, bonds }: Forest, leaf: Leaf, relation: string): readonly Leaf[] {
  if (relation === 'below') return leaves.filter((each) => !each.deleted && each.upId === leaf.id)
  const ends = bonds.filter(([one]) => one === leaf.id)
  return ends.flatMap(([, two]) => alive({ leaves }, two) ?? [])
}

function holds(rule: Expression, sight: Sight): boolean {
  switch (rule.type) {
    case 'constant':
      return rule.value
    case 'and':
      return rule.terms.every((term) => holds(term, sight))
    case 'or':
      return rule.terms.some((term) => holds(term, sight))
    case 'not':
      return !holds(rule.term, sight)
    case 'truth':
      return valueIn(rule.operand, sight) === true
    case 'isNull':
      return valueIn(rule.operand, sight) === null
    case 'role':
      return sight.caller.is === 'user' && sight.caller.roles.has(rule.role)
    case 'signedIn':
      return sight.caller.is === 'user' && sight.caller.guest !== true
    case 'guest':
      return sight.caller.is === 'user' && sight.caller.guest === true
    case 'impersonated':
      return sight.caller.is === 'user' && sight.caller.impersonator !== undefined
    case 'via':
      return viaOf(sight.caller)?.sort === rule.sort
    case 'service':
      return sight.caller.is === 'service' && sight.caller.name === rule.name
    case 'permission':
      // Of the roles of this forest, only these may cut.
      return sight.caller.is === 'user' && ['owner', 'admin'].includes(activeRole(sight.caller))
    case 'memberOf':
      return isMember(rule, sight)
    case 'compare':
      return compares(rule.operator, valueIn(rule.left, sight), valueIn(rule.right, sight))
    case 'oneOf': {
      const value = valueIn(rule.operand, sight)
      return rule.values.some((each) => compares('eq', value, valueIn(each, sight)))
    }
    case 'quantifier':
      return quantified(rule, sight)
    default:
      throw new Error(rule.type)
  }
}

function activeRole(caller: Caller): string {
  return caller.is === 'user' ? (caller.organisation?.role ?? '') : ''
}

function isMember(rule: Expression & { type: 'memberOf' }, sight: Sight): boolean {
  const { caller, forest } = sight
  const asked = valueIn(rule.organisation, sight)
  return forest.memberships.some(
    ([organisation, user, role]) =>
      caller.is === 'user' &&
      organisation === asked &&
      user === caller.id &&
      (rule.roles.length === 0 || rule.roles.includes(role)),
  )
}

function quantified(rule: Expression & { type: 'quantifier' }, sight: Sight): boolean {
  const from = reached(sight, rule.of)
  const rows = from ? related(sight.forest, from, rule.of.path.at(-1) ?? '') : []
  const test = (row: Leaf): boolean =>
    holds(rule.where, { ...sight, scopes: new Map([...sight.scopes, [rule.scope, row]]) })
  if (rule.quantifier === 'some') return rows.some(test)
  return rule.quantifier === 'every' ? rows.every(test) : !rows.some(test)
}

function compares(operator: string, one: Scalar, two: Scalar): boolean {
  if (one === null || two === null) return false
  const texts = [String(one), String(two)] as const
  const results: Record<string, () => boolean> = {
    eq: () => one === two,
    ne: () => one !== two,
    lt: () => one < two,
    lte: () => one <= two,
    gt: () => one > two,
    gte: () => one >= two,
    contains: () => texts[0].includes(texts[1]),
    startsWith: () => texts[0].startsWith(texts[1]),
    endsWith: () => texts[0].endsWith(texts[1]),
    has: () => (one as readonly string[]).includes(texts[1]),
  }
  return results[operator]?.() ?? false
}
