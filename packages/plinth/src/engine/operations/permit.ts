/** Owns the first answer of authorisation: what rules forbid whatever the record ends here. */

import { factsOf } from '../../access/caller.ts'
import type { Model, Verb } from '../../catalog/catalog.ts'
import { permissionsOf } from '../../query/write/permissions.ts'
import { refusal } from '../../query/write/verdict.ts'
import type { Scope } from '../runtime.ts'

/**
 * Refuses a call that no record could make possible, before its input is looked at: nobody learns
 * from problems of an input that they may not send. `sign_in_required` for anonymous callers,
 * `forbidden` for others. Several verbs: one of them must be possible.
 */
export function demandPossible(scope: Scope, model: Model, ...verbs: readonly Verb[]): void {
  const { catalog } = scope.runtime
  const facts = factsOf(scope.caller, catalog)
  const permissions = permissionsOf({ catalog, model, facts })
  if (!verbs.some((verb) => permissions.verbs.has(verb))) throw refusal({ facts })
}
