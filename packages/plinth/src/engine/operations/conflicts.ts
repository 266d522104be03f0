/** Owns what a caller is told when PostgreSQL refuses a write: fixed texts, its own names. */

import { Failure, invalidInput, type Problem } from '../../base/failure.ts'
import { checkedFields } from '../../catalog/advice/advice.ts'
import type { Model, ModelRelation } from '../../catalog/catalog.ts'
import { constraintsOf, type ModelConstraint } from '../../catalog/constraint-names.ts'
import type { DatabaseError } from '../../database/database.ts'
import type { ParsedWrite } from '../../query/write/input.ts'
import { permissionsOf, type WriteTarget } from '../../query/write/permissions.ts'

/** Where a write failed. */
export interface WritePlace extends WriteTarget {
  /** What the caller gave; undefined for a delete. */
  readonly parsed: ParsedWrite | undefined
}

/**
 * Refines a failure of a write. A unique value that is taken and a reference that is missing are
 * answered by one text each, whether the other record is visible to the caller or not. Fields are
 * named only where the caller gave values for them: that a value is taken is told by the failure
 * itself, and which one could be found out by giving one at a time. PostgreSQL's own words and
 * names never leave.
 */
export function explainWriteFailure(error: unknown, place: WritePlace): unknown {
  if (!(error instanceof Failure)) return error
  const cause = error.cause as DatabaseError | undefined
  switch (cause?.sqlState) {
    case '23505':
      return taken(constraintAt(place.model, cause), place, cause)
    case '23503':
    case '23001':
      return place.parsed ? referenceMissing(place, cause) : stillReferenced(cause)
    case '23514':
      return checkFailed(place, cause)
    case '22003':
      return badInput('', 'out_of_range', 'A computed value would be out of range.')
    case '54000':
      return badInput('', 'too_long', 'A text is too long for the index on its field: shorten it.')
    default:
      return error
  }
}

function badInput(pointer: string, code: string, detail: string): Failure {
  return invalidInput([{ pointer, code, detail }])
}

/** The constraint of the written table itself; undefined for one of a table of links. */
function constraintAt(model: Model, cause: DatabaseError): ModelConstraint | undefined {
  if (cause.schema !== model.schema || cause.table !== model.table) return undefined
  return constraintsOf(model).find(({ name }) => name === cause.constraint)
}

function taken(
  constraint: ModelConstraint | undefined,
  { parsed }: WritePlace,
  cause: DatabaseError,
): Failure {
  const given = constraint?.fields.filter((field) => parsed?.given.includes(field)) ?? []
  const together = given.length > 1 ? ' together with the others named' : ''
  return new Failure('conflict', {
    detail: 'Another record already holds a value that must be unique: choose another.',
    problems: given.map((field): Problem => {
      const detail = `Another record already holds this value${together}.`
      return { pointer: `/${field}`, code: 'taken', detail }
    }),
    cause,
  })
}

function stillReferenced(cause: DatabaseError): Failure {
  return new Failure('still_referenced', {
    detail: 'Other records still refer to this one: delete or change them first.',
    cause,
  })
}

/** The bytes of a reference that was missing, or hidden, from the beginning. */
function referenceMissing({ catalog, model, parsed }: WritePlace, cause: DatabaseError): Failure {
  const constraint = constraintAt(model, cause)
  const field = constraint?.fields.find((each) => parsed?.given.includes(each))
  const linked = parsed?.links
    .map(({ relation }) => model.relations.get(relation))
    .find((relation) => isLinkTable(relation, { catalog, cause }))
  return badInput(
    field || linked ? `/${field ?? linked?.inputName}` : '',
    'reference_not_found',
    'No such record was found.',
  )
}

function isLinkTable(
  relation: ModelRelation | undefined,
  { catalog, cause }: Pick<WritePlace, 'catalog'> & { readonly cause: DatabaseError },
): boolean {
  const link = catalog.models.get(relation?.through?.model ?? '')
  return link !== undefined && link.schema === cause.schema && link.table === cause.table
}

/** Names a declared check where it speaks only of fields that the caller can know of. */
function checkFailed(place: WritePlace, cause: DatabaseError): Failure {
  const { modelCheck, fields = [] } = constraintAt(place.model, cause) ?? {}
  if (!modelCheck) {
    const given = fields.find((field) => place.parsed?.given.includes(field))
    const pointer = given === undefined ? '' : `/${given}`
    return badInput(pointer, 'check_failed', 'The value does not fit its field.')
  }
  const { readable } = permissionsOf(place)
  const known = checkedFields(modelCheck.condition).every((field) => readable.has(field))
  const which = known ? `: "${modelCheck.name}" must hold` : ''
  return badInput('', 'check_failed', `The values together break a check${which}.`)
}
