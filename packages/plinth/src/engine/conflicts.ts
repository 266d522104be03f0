/** Owns what a caller is told when PostgreSQL refuses a write: fixed texts, no internal names. */

import { Failure, invalidInput } from '../base/failure.ts'
import type { Catalog, Model } from '../catalog/catalog.ts'
import type { DatabaseError } from '../database/database.ts'

/** Where a write failed. */
export interface WritePlace {
  readonly catalog: Catalog
  readonly model: Model
  /** The operation's name. */
  readonly type: string
}

/**
 * Refines a failure of a write. A unique value that is taken and a reference that is missing are
 * answered by one text each, whether the other record is visible to the caller or not.
 */
export function explainWriteFailure(error: unknown, { type }: WritePlace): unknown {
  if (!(error instanceof Failure)) return error
  switch ((error.cause as DatabaseError | undefined)?.sqlState) {
    case '23505':
      return new Failure('conflict', {
        detail: 'Another record already holds a value that must be unique: choose another.',
        cause: error.cause,
      })
    case '23503':
    case '23001':
      return type.endsWith('.delete') ? stillReferenced(error) : referenceMissing()
    case '23514':
      return invalidInput([
        { pointer: '', code: 'check_failed', detail: 'The values together break a check.' },
      ])
    case '22003':
      return invalidInput([
        { pointer: '', code: 'out_of_range', detail: 'A computed value would be out of range.' },
      ])
    default:
      return error
  }
}

function stillReferenced(error: Failure): Failure {
  return new Failure('still_referenced', {
    detail: 'Other records still refer to this one: delete or change them first.',
    cause: error.cause,
  })
}

function referenceMissing(): Failure {
  return invalidInput([
    { pointer: '', code: 'reference_not_found', detail: 'A referenced record was not found.' },
  ])
}
