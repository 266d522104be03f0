/** Owns the expression tree: the data form of rules, checks and computed fields. */

/** A condition: true or false for a row, a caller and an input. Never null (see `access/`). */
export type Expression =
  | { readonly type: 'constant'; readonly value: boolean }
  | { readonly type: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly type: 'not'; readonly term: Expression }
  | { readonly type: 'truth'; readonly operand: Operand }
  | { readonly type: 'isNull'; readonly operand: Operand }
  | {
      readonly type: 'compare'
      readonly operator: CompareOperator
      readonly left: Operand
      readonly right: Operand
    }
  | { readonly type: 'oneOf'; readonly operand: Operand; readonly values: readonly Operand[] }
  | { readonly type: 'role'; readonly role: string }
  | { readonly type: 'signedIn' }
  /** The caller is a visitor without an account. */
  | { readonly type: 'guest' }
  /** A member of staff acts as the caller. */
  | { readonly type: 'impersonated' }
  /** The caller came with such a credential in place of a session. */
  | { readonly type: 'via'; readonly sort: 'key' | 'agent' | 'oauth' | 'service' }
  /** The caller is the service of this name. */
  | { readonly type: 'service'; readonly name: string }
  /** How surely the caller is who they say: 1 by one factor, 2 by two or a passkey. */
  | { readonly type: 'assurance'; readonly atLeast: number }
  /** The caller has shown a factor within so many minutes. */
  | { readonly type: 'proved'; readonly withinMinutes: number }
  /** The caller's role in the active organisation brings the permission. */
  | { readonly type: 'permission'; readonly permission: string }
  /** The caller is a member of the organisation of this id, in one of the roles; none: in any. */
  | {
      readonly type: 'memberOf'
      readonly organisation: Operand
      readonly roles: readonly string[]
    }
  | { readonly type: 'given'; readonly field: string }
  | {
      readonly type: 'quantifier'
      readonly quantifier: 'some' | 'every' | 'none'
      /** The to-many relation, reached from `of.scope` over to-one hops. */
      readonly of: RowOperand
      /** The scope that names the related row inside `where`. */
      readonly scope: number
      readonly where: Expression
    }

/** Comparisons that a rule can make. A comparison with null is false. */
export type CompareOperator =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'has'

/** A value inside an expression. */
export type Operand =
  | RowOperand
  | { readonly from: 'me'; readonly name: 'id' | 'organisation' }
  | { readonly from: 'value'; readonly value: unknown }
  | { readonly from: 'input'; readonly field: string }
  | { readonly from: 'now' }
  | {
      readonly from: 'compute'
      readonly operator: ComputeOperator
      readonly operands: readonly Operand[]
    }

/**
 * A field of a row: hops over to-one relations, then the field. Scope 0 is the row itself,
 * `beforeScope` the row as it was before an update.
 */
export interface RowOperand {
  readonly from: 'row'
  readonly scope: number
  readonly path: readonly string[]
}

/** The scope of the row as it was, in a rule about the row after an update. */
export const beforeScope = -1

/** What a computed field can do. Each is immutable in PostgreSQL and total over its types. */
export type ComputeOperator = 'plus' | 'minus' | 'times' | 'concat' | 'lower' | 'upper' | 'coalesce'

/** The expression that is always true. */
export const always: Expression = Object.freeze({ type: 'constant', value: true })

/** The expression that is always false. */
export const never: Expression = Object.freeze({ type: 'constant', value: false })

/** Conjunction that folds constants. */
export function both(terms: readonly Expression[]): Expression {
  const open = terms.filter((term) => !isConstant(term, true))
  if (open.some((term) => isConstant(term, false))) return never
  if (open.length <= 1) return open[0] ?? always
  return Object.freeze({ type: 'and', terms: Object.freeze(open) })
}

/** Disjunction that folds constants. */
export function either(terms: readonly Expression[]): Expression {
  const open = terms.filter((term) => !isConstant(term, false))
  if (open.some((term) => isConstant(term, true))) return always
  if (open.length <= 1) return open[0] ?? never
  return Object.freeze({ type: 'or', terms: Object.freeze(open) })
}

/** Negation that folds constants. */
export function negate(term: Expression): Expression {
  if (term.type === 'constant') return term.value ? never : always
  if (term.type === 'not') return term.term
  return Object.freeze({ type: 'not', term })
}

function isConstant(expression: Expression, value: boolean): boolean {
  return expression.type === 'constant' && expression.value === value
}
