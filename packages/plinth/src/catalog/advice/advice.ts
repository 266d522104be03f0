/** Owns advice on a declaration that is no mistake, but has a consequence easily overlooked. */

import type { Expression, Operand } from '../../define/expression.ts'
import type { Catalog, Model } from '../catalog.ts'

/** What to consider, and where. */
export interface Advice {
  /** `catalog.product.checks.costFits`. */
  readonly place: string
  /** What follows from the declaration, and what could be done about it. */
  readonly detail: string
}

/** All advice on a catalog, in order of declaration. */
export function adviceOn(catalog: Catalog): readonly Advice[] {
  return [...catalog.models.values()]
    .filter(({ exposed }) => exposed)
    .flatMap((model) => [...tellingChecks(model), ...tellingReferences(model), ...wordyKeys(model)])
}

/**
 * Whoever writes learns whether a check held. Where it compares with a field that they may not
 * read, they can find out its value by trying.
 */
function tellingChecks(model: Model): readonly Advice[] {
  return model.checks.flatMap(({ name, condition }) => {
    const hidden = [...new Set(checkedFields(condition))].filter((field) =>
      isNarrowed(model, field),
    )
    if (hidden.length === 0) return []
    const detail =
      `speaks of ${hidden.join(', ')}, which not everybody may read: whoever may write the other ` +
      'fields can find the value out by trying. Ask it in an access rule, or narrow who writes.'
    return [{ place: `${model.kit}.${model.name}.checks.${name}`, detail }]
  })
}

/** The deletion of a record tells of those that refer to it: it is refused, or they change. */
function tellingReferences(model: Model): readonly Advice[] {
  return [...model.relations.values()].flatMap(({ name, type, local, target }) => {
    if (type !== 'belongsTo' || !isNarrowed(model, local)) return []
    const detail =
      `${local} is hidden from some who read ${model.name}: whoever may delete ${target} can ` +
      'tell which records refer to one (by its refusal, or by their new version). Narrow who ' +
      `deletes ${target}, or who reads ${model.name}.`
    return [{ place: `${model.kit}.${model.name}.fields.${name}`, detail }]
  })
}

/** True for a field that not everybody may read who may read the record. */
function isNarrowed(model: Model, field: string): boolean {
  const read = model.fields.get(field)?.access.read
  return read !== undefined && !(read.type === 'constant' && read.value)
}

/** A key stands in addresses; a line break cannot. */
function wordyKeys(model: Model): readonly Advice[] {
  return model.key.flatMap((field) => {
    const kind = model.fields.get(field)?.kind
    if (kind?.family !== 'text' || kind.check('a\nb', () => undefined) === undefined) return []
    const detail =
      `${field} may hold line breaks: such a record has no address by its key, only by its id. ` +
      'Leave out multiline.'
    return [{ place: `${model.kit}.${model.name}.key`, detail }]
  })
}

/** True for a field that can run out or be used up: a number or an instant. */
export function isCounted(model: Model, name: string): boolean {
  const field = model.fields.get(name)
  if (field?.role !== 'declared') return false
  return field.kind.family === 'number' || field.kind.columnType === 'timestamp with time zone'
}

/** The fields of its own row that a check speaks of. */
export function checkedFields(expression: Expression): readonly string[] {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.terms.flatMap(checkedFields)
    case 'not':
      return checkedFields(expression.term)
    case 'truth':
    case 'isNull':
      return fieldsIn(expression.operand)
    case 'compare':
      return [...fieldsIn(expression.left), ...fieldsIn(expression.right)]
    case 'oneOf':
      return [expression.operand, ...expression.values].flatMap(fieldsIn)
    default:
      return []
  }
}

function fieldsIn(operand: Operand): readonly string[] {
  if (operand.from === 'row') return operand.path.slice(0, 1)
  return operand.from === 'compute' ? operand.operands.flatMap(fieldsIn) : []
}
