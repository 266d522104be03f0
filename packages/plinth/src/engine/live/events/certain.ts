/** Owns the question whether an event certainly is not for somebody, asked without the database. */

import type { AskerValues, CallerFacts } from '../../../access/caller.ts'
import type { ValueRule } from '../../../catalog/catalog.ts'
import type { Expression, Operand } from '../../../define/expression.ts'
import type { NamedValues } from '../../operations/allowed.ts'

/** Who asks, and what for. */
export interface Look {
  readonly facts: CallerFacts
  readonly asker: AskerValues
  readonly rule: ValueRule
  readonly values: NamedValues
}

/**
 * True where a rule certainly lets nobody like this have these values. It lets nobody through:
 * whatever is not certain is asked of PostgreSQL.
 */
export function certainlyNot(look: Look): boolean {
  return !look.facts.unrestricted && truthOf(look, look.rule.allow) === false
}

/** True, false, or undefined where only the database can tell. */
type Truth = boolean | undefined

function truthOf(look: Look, rule: Expression): Truth {
  switch (rule.type) {
    case 'constant':
      return rule.value
    case 'and': {
      const terms = rule.terms.map((term) => truthOf(look, term))
      if (terms.includes(false)) return false
      return terms.includes(undefined) ? undefined : true
    }
    case 'or': {
      const terms = rule.terms.map((term) => truthOf(look, term))
      if (terms.includes(true)) return true
      return terms.includes(undefined) ? undefined : false
    }
    case 'role':
      return look.facts.roles.has(rule.role)
    case 'signedIn':
      return look.facts.signedIn
    case 'guest':
      return look.facts.guest
    case 'compare':
      return rule.operator === 'eq' ? equal(look, rule.left, rule.right) : undefined
    default:
      return undefined
  }
}

// Types whose values are equal exactly where their text forms are.
const exact: ReadonlySet<string> = new Set(['uuid', 'text', 'integer', 'bigint'])

function equal(look: Look, left: Operand, right: Operand): Truth {
  const own = left.from === 'row' ? left.path[0] : undefined
  if (own === undefined) return right.from === 'row' ? equal(look, right, left) : undefined
  const kind = look.rule.members.get(own)?.kind
  if (!kind || !exact.has(kind.columnType)) return undefined
  const value = look.values[own]
  const text = value === null || value === undefined ? null : String(kind.parameter(value as never))
  const other = otherText(look, right)
  if (other === undefined) return undefined
  return text !== null && other !== null && text === other
}

function otherText({ asker }: Look, operand: Operand): string | null | undefined {
  if (operand.from !== 'me') return undefined
  return operand.name === 'id' ? asker.meId : asker.organisationId
}
