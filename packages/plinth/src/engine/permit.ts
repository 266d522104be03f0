/** Owns the first answer of authorisation: a call that rules forbid whatever the record ends here. */

import { factsOf } from '../access/caller.ts'
import { isUnreadable } from '../access/compile.ts'
import type { Model, Verb } from '../catalog/catalog.ts'
import { refusal, verdictOf } from '../query/write/verdict.ts'
import type { Scope } from './runtime.ts'

interface Permit {
  readonly possible: boolean
}

/**
 * Refuses a call that no record could make possible, before its input is looked at: nobody learns
 * from problems of an input that they may not send. `sign_in_required` for anonymous callers,
 * `forbidden` for others. Worked out once for callers of equal facts.
 */
export function demandPossible({ runtime, caller }: Scope, model: Model, verb: Verb): void {
  const { catalog, plans } = runtime
  const facts = factsOf(caller, catalog)
  const permit = plans.get<Permit>(`may ${facts.key} ${model.name} ${verb}`, () => {
    if (verb === 'read') return { possible: !isUnreadable(catalog, facts, model) }
    const before = verb === 'create' ? undefined : 'o'
    const after = verb === 'delete' ? undefined : 'n'
    const nothing = { given: [], links: [] }
    return verdictOf({ catalog, model, facts, verb, before, after, ...nothing })
  })
  if (!permit.possible) throw refusal({ facts })
}
