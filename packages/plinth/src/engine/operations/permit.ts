/** Owns the first answer of authorisation: what rules forbid whatever the record ends here. */

import { type Caller, type CallerFacts, factsOf, provenFacts } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import type { Catalog, Model, Verb } from '../../catalog/catalog.ts'
import { permissionsOf } from '../../query/write/permissions.ts'
import { refusal } from '../../query/write/verdict.ts'
import type { Scope } from '../runtime.ts'

/**
 * Refuses a call that no record could make possible, before its input is looked at: nobody learns
 * from problems of an input that they may not send. `sign_in_required` for anonymous callers,
 * `step_up_required` for those who only have to show again who they are, `forbidden` for others.
 * Several verbs: one of them must be possible.
 */
export function demandPossible(scope: Scope, model: Model, ...verbs: readonly Verb[]): void {
  const { catalog } = scope.runtime
  const facts = factsOf(scope.caller, catalog)
  const possible = (as: CallerFacts): boolean => {
    const permissions = permissionsOf({ catalog, model, facts: as })
    return verbs.some((verb) => permissions.verbs.has(verb))
  }
  if (possible(facts)) return
  demandProof({ caller: scope.caller, catalog }, possible)
  throw refusal({ facts })
}

/**
 * Fails with `step_up_required` where the same would be possible to a caller who has shown, now
 * and by two factors, who they are (RFC 9470).
 */
export function demandProof(
  { caller, catalog }: { readonly caller: Caller; readonly catalog: Catalog },
  possible: (facts: CallerFacts) => boolean,
): void {
  if (caller.is !== 'user' || !possible(provenFacts(caller, catalog))) return
  throw new Failure('step_up_required', {
    detail: 'Show again who you are, at /api/identity/step-up, then repeat this.',
    headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' },
  })
}
