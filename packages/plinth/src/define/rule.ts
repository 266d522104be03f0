/** Owns the vocabulary of rules: what `row`, `me`, `input` and `now` offer inside a rule. */

import { assert } from '../base/assert.ts'
import {
  always,
  both,
  type CompareOperator,
  type ComputeOperator,
  type Expression,
  either,
  negate,
  never,
  type Operand,
  type RowOperand,
} from './expression.ts'

const node = Symbol('plinth.node')

/** A condition under construction. Combine with `and`, `or`, `not`. */
export interface Rule {
  readonly [node]: { readonly expression: Expression }
  and(...others: readonly Condition[]): Rule
  or(...others: readonly Condition[]): Rule
  not(): Rule
}

/** A rule, or a boolean field used as one. */
export type Condition = Rule | Value<boolean>

/** A value under construction, of the TypeScript type `V`. */
export interface Value<V> {
  readonly [node]: { readonly operand: Operand }
  /** Phantom, so that operands of different types do not mix. Never set. */
  readonly valueType?: (value: V) => V
}

/** Allows everybody, signed in or not. */
export const anyone: Rule = rule(always)

/** Allows nobody. The default of everything that is not declared. */
export const nobody: Rule = rule(never)

/** The moment of the call, from the app's clock. Compares with instants. */
export const now: Value<string> = value({ from: 'now' })

/** The caller, inside a rule. */
export interface Me {
  /** The caller's user id, a guest's too; comparisons with it are false for anonymous callers. */
  readonly id: Value<string>
  /** True for a caller with an account and a valid session. A guest is not signed in. */
  readonly signedIn: Rule
  /**
   * True for a visitor without an account whose rows have an owner all the same: where the app
   * takes `guests`.
   *
   * @example access: { create: ({ me }) => me.signedIn.or(me.isGuest) }
   */
  readonly isGuest: Rule
  /**
   * True where a member of staff acts as the user: for what only the person may do.
   *
   * @example access: { delete: ({ row, me }) => row.ownerId.eq(me.id).and(me.impersonated.not()) }
   */
  readonly impersonated: Rule
  /** True for a caller who holds the role. */
  is(role: string): Rule
  /**
   * True for a caller who came with a narrower credential in place of a session: `key` for an API
   * key, `agent` for the token of an agent, `oauth` for another program that was let in, `service`.
   *
   * @example allow: ({ me }) => me.is('staff').and(me.via('agent').not()) // by people only
   */
  via(sort: 'key' | 'agent' | 'oauth' | 'service'): Rule
  /**
   * True for the service of this name: another program of the app's own people.
   *
   * @example allow: ({ me }) => me.service('billing')
   */
  service(name: string): Rule
  /** How surely the caller is who they say. */
  readonly assurance: {
    /**
     * True for a caller who signed in at this level: 1 by one factor, such as a password; 2 by two,
     * or by a passkey (the levels of NIST 800-63B). Another caller who could reach it is answered
     * `step_up_required`.
     */
    atLeast(level: 1 | 2): Rule
  }
  /**
   * True for a caller who has shown a factor within so many minutes: for what a stolen session
   * must not do. Anybody else who is signed in is answered `step_up_required`.
   *
   * @example access: { delete: ({ row, me }) => row.ownerId.eq(me.id).and(me.provedWithin(5)) }
   */
  provedWithin(minutes: number): Rule
  /**
   * The id of the organisation in which the caller works just now (the active one of the session).
   * Comparisons with it are false where none is active.
   */
  readonly organisation: Value<string>
  /**
   * True for a member of an organisation: any one that a row belongs to, active or not. With roles:
   * for a member who holds one of them.
   *
   * @example access: { update: ({ row, me }) => me.in(row.project.organisation, 'owner', 'admin') }
   */
  in(organisation: OrganisationOf, ...roles: readonly string[]): Rule
  /**
   * True where the caller's role in the active organisation brings this permission
   * (`app({ organisations: { roles } })`).
   *
   * @example access: { delete: ({ me }) => me.may('project.delete') }
   */
  may(permission: string): Rule
}

/** An organisation inside a rule: a relation to one, or a value that holds its id. */
export type OrganisationOf = Value<string> | { readonly id: Value<string> }

/** The one `me` that rules are built with. */
export const me: Me = Object.freeze({
  id: value<string>({ from: 'me', name: 'id' }),
  signedIn: rule({ type: 'signedIn' }),
  isGuest: rule({ type: 'guest' }),
  impersonated: rule({ type: 'impersonated' }),
  is: (role: string) => rule({ type: 'role', role }),
  via: (sort: 'key' | 'agent' | 'oauth' | 'service') => rule({ type: 'via', sort }),
  service: (name: string) => rule({ type: 'service', name }),
  assurance: Object.freeze({
    atLeast: (level: 1 | 2) => rule({ type: 'assurance', atLeast: level }),
  }),
  provedWithin: (minutes: number) => rule({ type: 'proved', withinMinutes: minutes }),
  organisation: value<string>({ from: 'me', name: 'organisation' }),
  in: (organisation: OrganisationOf, ...roles: readonly string[]) =>
    rule({
      ...{ type: 'memberOf', organisation: operandOf(organisation) },
      roles: Object.freeze([...roles]),
    }),
  may: (permission: string) => rule({ type: 'permission', permission }),
})

/** Wraps an expression as a rule. */
export function rule(expression: Expression): Rule {
  return Object.freeze({
    [node]: Object.freeze({ expression }),
    and: (...others: readonly Condition[]) => rule(both([expression, ...others.map(expressionOf)])),
    or: (...others: readonly Condition[]) =>
      rule(either([expression, ...others.map(expressionOf)])),
    not: () => rule(negate(expression)),
  })
}

function value<V>(operand: Operand): Value<V> {
  return operandNode(operand) as unknown as Value<V>
}

/** The expression of a rule, or of a boolean field used as one. */
export function expressionOf(source: unknown): Expression {
  const inner = innerOf(source)
  if (inner && 'expression' in inner) return inner.expression
  if (inner) return Object.freeze({ type: 'truth', operand: inner.operand })
  if (typeof source === 'boolean') return source ? always : never
  throw new TypeError('a rule must return a condition, such as row.published or me.is("staff")')
}

/** True for a rule, or a value of one. */
export function isCondition(source: unknown): boolean {
  return innerOf(source) !== undefined
}

/** The operand of a value inside a rule; anything else is taken as a constant. */
export function operandOf(source: unknown): Operand {
  const inner = innerOf(source)
  if (inner && 'operand' in inner) return inner.operand
  assert(!inner, 'a condition cannot be compared with a value')
  return Object.freeze({ from: 'value', value: source })
}

type Inner = { readonly expression: Expression } | { readonly operand: Operand }

function innerOf(source: unknown): Inner | undefined {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return
  return (source as { readonly [node]?: Inner })[node]
}

/** Names that a field cannot have, because rules use them. */
export const reservedMemberNames: ReadonlySet<string> = new Set([
  ...['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'endsWith', 'has', 'in'],
  ...['isNull', 'given', 'and', 'or', 'not', 'some', 'every', 'none', 'plus', 'minus', 'times'],
  ...['concat', 'lower', 'upper', 'orElse', 'then', 'constructor', 'prototype', '__proto__'],
  ...['toString', 'valueOf', 'toJSON', 'valueType'],
])

/** Numbers the scopes of one rule, so that nested related rows keep their own names. */
export interface ScopeCounter {
  next(): number
}

/** Starts counting scopes; the row itself is 0. */
export function scopeCounter(): ScopeCounter {
  let last = 0
  return { next: () => ++last }
}

/** The `row` of a rule: any name is a path; the catalog checks the names and reports them. */
export function rowNode(scopes: ScopeCounter, scope = 0, path: readonly string[] = []): object {
  const operand: RowOperand = Object.freeze({ from: 'row', scope, path: Object.freeze(path) })
  return memberProxy(operand, {
    child: (key) => rowNode(scopes, scope, [...path, key]),
    quantify: (quantifier) => (where) => {
      const inner = scopes.next()
      const condition = where ? expressionOf(where(rowNode(scopes, inner))) : always
      return rule({ type: 'quantifier', quantifier, of: operand, scope: inner, where: condition })
    },
  })
}

/** The `input` of a rule: the values that the caller sent; null where none was sent. */
export function inputNode(): object {
  return new Proxy(Object.freeze({}), {
    get: (_, key) =>
      typeof key === 'symbol' ? undefined : operandNode({ from: 'input', field: key }),
  })
}

type Quantifier = 'some' | 'every' | 'none'

interface Below {
  child(key: string): object
  quantify(quantifier: Quantifier): (where?: (row: object) => unknown) => Rule
}

function operandNode(operand: Operand): object {
  return memberProxy(operand, undefined)
}

function memberProxy(operand: Operand, below: Below | undefined): object {
  const inner = Object.freeze({ operand })
  return new Proxy(Object.freeze({}), {
    get(_, key) {
      if (key === node) return inner
      if (typeof key === 'symbol') return undefined
      return operation(operand, key) ?? quantifier(below, key) ?? below?.child(key)
    },
  })
}

function quantifier(below: Below | undefined, key: string): unknown {
  if (key !== 'some' && key !== 'every' && key !== 'none') return undefined
  return below?.quantify(key)
}

const comparisons: ReadonlySet<string> = new Set([
  ...['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'endsWith', 'has'],
])

const computations: Readonly<Record<string, ComputeOperator>> = Object.freeze({
  plus: 'plus',
  minus: 'minus',
  times: 'times',
  concat: 'concat',
  lower: 'lower',
  upper: 'upper',
  orElse: 'coalesce',
})

function operation(operand: Operand, key: string): unknown {
  if (comparisons.has(key)) {
    return (other: unknown) => comparison(key as CompareOperator, operand, other)
  }
  const computation = Object.hasOwn(computations, key) ? computations[key] : undefined
  if (computation) {
    return (...others: readonly unknown[]) =>
      value({
        from: 'compute',
        operator: computation,
        operands: Object.freeze([operand, ...others.map(operandOf)]),
      })
  }
  return connective(operand, key)
}

function connective(operand: Operand, key: string): unknown {
  switch (key) {
    case 'in':
      return (values: readonly unknown[]) =>
        rule({ type: 'oneOf', operand, values: Object.freeze(values.map(operandOf)) })
    case 'isNull':
      return () => rule({ type: 'isNull', operand })
    case 'given':
      return () => rule(operand.from === 'input' ? { type: 'given', field: operand.field } : never)
    case 'and':
    case 'or':
    case 'not':
      return rule({ type: 'truth', operand })[key]
    default:
      return undefined
  }
}

function comparison(operator: CompareOperator, left: Operand, other: unknown): Rule {
  if (other === null && operator === 'eq') return rule({ type: 'isNull', operand: left })
  if (other === null && operator === 'ne') return rule(negate({ type: 'isNull', operand: left }))
  return rule({ type: 'compare', operator, left, right: operandOf(other) })
}
