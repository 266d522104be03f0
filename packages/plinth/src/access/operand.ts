/** Owns values inside rules: how an operand is written in SQL, and which kind it has. */

import { assert, present, unreachable } from '../base/assert.ts'
import type { ComputeOperator, Expression, Operand } from '../define/expression.ts'
import { instantKind, type Kind, textKind, uuidKind } from '../kinds/kinds.ts'
import { all, type Fragment, join, raw, sql, typed } from '../sql/fragment.ts'
import { fieldAt, fieldOf, here, reach, type Sight, type Way } from './rows.ts'
import { meSlot, nowSlot, organisationSlot } from './slot.ts'

/** A value in SQL, with the related rows it stands in. */
export interface WrittenOperand extends Way {
  readonly fragment: Fragment
}

/** How the constants beside an operand are read: by which kind, as which SQL type. */
interface Reading {
  readonly kind: Kind
  readonly type: string
}

/** The SQL type of a kind without its size: a constant must not be rounded to fit the column. */
export function comparisonType(kind: Kind): string {
  return kind.columnType.replace(/\([^)]*\)/g, '')
}

/**
 * Writes an operand; undefined means null. Where `lift` is true, related rows on the way are
 * handed back for the caller's `exists`; otherwise they become a subselect, null where there are
 * none. `kind` says how to read a constant.
 */
export function writeOperand(
  sight: Sight,
  operand: Operand,
  { kind, lift }: { readonly kind: Kind; readonly lift: boolean },
): WrittenOperand | undefined {
  if (operand.from === 'row' && lift) {
    const { tables, conditions, column } = reach(sight, operand)
    return { tables, conditions, fragment: column }
  }
  const fragment = write(sight, operand, { kind, type: comparisonType(kind) })
  return fragment && { ...here, fragment }
}

/** The kind of an operand; undefined for a constant, which takes its counterpart's. */
export function kindOf(sight: Sight, operand: Operand): Kind | undefined {
  switch (operand.from) {
    case 'row':
      return fieldAt(sight, operand).kind
    case 'me':
      return uuidKind()
    case 'now':
      return instantKind()
    case 'input':
      return fieldOf(sight.root, operand.field).kind
    case 'value':
      return undefined
    case 'compute':
      if (isLetters(operand.operator)) return textKind()
      return operand.operands.map((each) => kindOf(sight, each)).find((each) => each)
    default:
      return unreachable(operand, 'a rule')
  }
}

function write(sight: Sight, operand: Operand, reading: Reading): Fragment | undefined {
  switch (operand.from) {
    case 'row':
      return subselect(sight, operand)
    case 'me':
      if (operand.name === 'organisation') {
        const { inOrganisation } = sight.facts
        return inOrganisation ? slotFragment(organisationSlot, reading.type, sight) : undefined
      }
      return sight.facts.known ? slotFragment(meSlot, reading.type, sight) : undefined
    case 'now':
      return slotFragment(nowSlot, reading.type, sight)
    case 'input':
      return sight.input(operand.field)?.value
    case 'value':
      return constant(sight, operand.value, reading)
    case 'compute':
      return compute(sight, operand)
    default:
      return unreachable(operand, 'a rule')
  }
}

function subselect(sight: Sight, operand: Operand & { from: 'row' }): Fragment {
  const { tables, conditions, column } = reach(sight, operand)
  if (tables.length === 0) return column
  return sql`(select ${column} from ${join(tables)} where ${all(conditions)} limit 1)`
}

const slotFragments = new Map<unknown, Map<string, Fragment>>()

/** One fragment per slot and type, so that a statement sends each of them once. */
function slotFragment(slot: unknown, type: string, sight: Sight): Fragment {
  assert(sight.open, 'a stored expression knows no caller and no clock')
  const byType = slotFragments.get(slot) ?? new Map<string, Fragment>()
  slotFragments.set(slot, byType)
  const known = byType.get(type) ?? typed(slot, type)
  byType.set(type, known)
  return known
}

function constant(sight: Sight, given: unknown, reading: Reading): Fragment | undefined {
  if (given === null || given === undefined) return undefined
  if (reading.type === 'numeric' && typeof given === 'number') {
    return sight.constant(String(given), reading.type)
  }
  const kind = reading.kind.operand()
  const problems: string[] = []
  const checked = kind.check(given, (_, __, detail) => problems.push(detail))
  assert(checked !== undefined, `a rule's constant is a ${kind.name}: ${problems.join(' ')}`)
  return sight.constant(kind.parameter(checked), reading.type)
}

type Computation = Operand & { readonly from: 'compute' }

function compute(sight: Sight, operand: Computation): Fragment | undefined {
  if (isLetters(operand.operator)) return letters(sight, operand)
  const kind = present(kindOf(sight, operand), 'the kind of a computation')
  if (operand.operator !== 'coalesce') return arithmetic(sight, operand, kind)
  const reading = { kind, type: comparisonType(kind) }
  const parts = operand.operands.flatMap((each) => write(sight, each, reading) ?? [])
  return parts.length > 1 ? sql`coalesce(${join(parts)})` : parts[0]
}

/** Numbers of any size are computed as `numeric`: it never overflows, so a rule never raises. */
function arithmetic(sight: Sight, operand: Computation, kind: Kind): Fragment | undefined {
  const parts: Fragment[] = []
  for (const each of operand.operands) {
    const part = write(sight, each, { kind, type: 'numeric' })
    if (!part) return undefined
    parts.push(each.from === 'value' ? part : sql`${part}::numeric`)
  }
  return sql`(${join(parts, signs[operand.operator as keyof typeof signs])})`
}

const signs = Object.freeze({ plus: ' + ', minus: ' - ', times: ' * ' })

function isLetters(operator: ComputeOperator): boolean {
  return operator === 'concat' || operator === 'lower' || operator === 'upper'
}

/**
 * Letters change case by the database's locale, since "C" knows only ASCII; the result is ordered
 * by "C" like every text.
 */
function letters(sight: Sight, operand: Computation): Fragment | undefined {
  const reading = { kind: textKind(), type: 'text' }
  const parts: Fragment[] = []
  for (const each of operand.operands) {
    const part = write(sight, each, reading)
    if (!part) return undefined
    parts.push(part)
  }
  if (operand.operator === 'concat') return sql`((${join(parts, ' || ')}) collate "C")`
  const call = raw(operand.operator)
  return sql`(${call}(${present(parts[0], 'a text')} collate "default") collate "C")`
}

/** The operands that decide an expression by themselves. */
export function operandsOf(expression: Expression): readonly Operand[] {
  switch (expression.type) {
    case 'truth':
    case 'isNull':
      return [expression.operand]
    case 'compare':
      return [expression.left, expression.right]
    case 'oneOf':
      return [expression.operand, ...expression.values]
    case 'memberOf':
      return [expression.organisation]
    default:
      return []
  }
}

/** The value of an operand by itself; undefined means null. */
export function operandFragment(sight: Sight, operand: Operand): Fragment | undefined {
  const kind = kindOf(sight, operand) ?? textKind()
  return writeOperand(sight, operand, { kind, lift: false })?.fragment
}
