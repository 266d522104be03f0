/** Owns the first answer of authorisation: what rules forbid whatever the record ends here. */

import { type Caller, type CallerFacts, factsOf, provenFacts, viaOf } from '../../access/caller.ts'
import {
  areReadOnly,
  scopesReach,
  type Wanted,
  wantedBy,
  wantedFor,
} from '../../access/scopes/scopes.ts'
import { Failure } from '../../base/failure.ts'
import type { Catalog, Model, Operation, Verb } from '../../catalog/catalog.ts'
import { isNever } from '../../catalog/exposure/exposure.ts'
import { permissionsOf } from '../../query/write/permissions.ts'
import { refusal } from '../../query/write/verdict.ts'
import type { Scope } from '../runtime.ts'

/**
 * Refuses a call that no record could make possible, before its input is looked at: nobody learns
 * from problems of an input that they may not send. `sign_in_required` for anonymous callers,
 * `step_up_required` for those who only have to show again who they are, `forbidden` for others.
 * Several verbs: one of them must be possible. What the scopes of a key leave out is told first.
 */
export function demandPossible(scope: Scope, model: Model, ...verbs: readonly Verb[]): void {
  const { catalog } = scope.runtime
  const facts = factsOf(scope.caller, catalog)
  if (!verbs.some((verb) => scopesReach(facts.scopes, model, verb))) {
    throw missing(wantedFor(model, verbs[0] ?? 'read'))
  }
  const possible = (as: CallerFacts): boolean => {
    const permissions = permissionsOf({ catalog, model, facts: as })
    return verbs.some((verb) => permissions.verbs.has(verb))
  }
  if (possible(facts)) return
  demandOrganisation(facts, model, verbs)
  demandProof({ caller: scope.caller, catalog }, possible)
  throw refusal({ facts })
}

/**
 * Fails with `organisation_required` where records belong to an organisation and none is active:
 * somebody signed in, or code, would otherwise see nothing and not know why.
 */
function demandOrganisation(facts: CallerFacts, model: Model, verbs: readonly Verb[]): void {
  if (model.tenant === undefined || facts.inOrganisation) return
  if (!(facts.signedIn || facts.unrestricted)) return
  if (verbs.every((verb) => isNever(model.access[verb])) && !facts.unrestricted) return
  const detail = `A ${model.name} belongs to an organisation, and ${cureOf(facts)}.`
  throw new Failure('organisation_required', { detail })
}

/** How somebody comes to work in an organisation, by what they came with. */
function cureOf({ unrestricted, via }: CallerFacts): string {
  if (unrestricted) {
    const cross = 'use data.unrestricted.acrossOrganisations'
    return `this code works in none: let a member of one cause it, or ${cross}`
  }
  switch (via) {
    case undefined:
      return (
        'none is active: choose one at /api/identity/switch-organisation, or found one at ' +
        '/api/identity/create-organisation'
      )
    case 'service':
      return 'this token names none: sign one that does, where the service has an organisationRole'
    case 'oauth':
      return 'this program was let into none: ask for consent again, and choose one there'
    default:
      return 'this credential works in none: make one for an organisation, which is said then'
  }
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
  if (caller.via !== undefined) throw sessionRequired()
  const failure = new Failure('step_up_required', {
    detail: 'Show again who you are, at /api/identity/step-up, then repeat this.',
    headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' },
  })
  const { assurance = 1 } = caller.proof ?? {}
  if (!possible(factsOf({ ...caller, proof: { assurance, agoMs: 0 } }, catalog))) {
    lackingFactor.add(failure)
  }
  throw failure
}

/** Failures that no fresh proof of the same level would have kept away. */
const lackingFactor = new WeakSet<object>()

/** True for a `step_up_required` that takes two factors, where the session has shown one. */
export function wantsTwoFactors(failure: unknown): boolean {
  if (!(failure instanceof Failure)) return false
  // In a batch it stands beneath the failure that names its place.
  return lackingFactor.has(failure) || wantsTwoFactors(failure.cause)
}

/**
 * Refuses an operation that the scopes of the caller's credential leave out, before anything else
 * is looked at. Below every door, in each operation of a batch, and for calls answered later.
 *
 * Fails with `insufficient_scope`, and with `session_required` where no scope leads there.
 */
export function demandScope(caller: Caller, operation: Operation): void {
  const via = viaOf(caller)
  if (via === undefined) return
  const wanted = wantedBy(operation)
  const { scopes } = via
  if (scopes === undefined) {
    // Let through before: an operation of accounts takes a session all the same.
    if (wanted.is === 'session' && operation.type === 'action') throw sessionRequired()
  } else if (wanted.is === 'scope') {
    if (!wanted.anyOf.some((scope) => scopes.has(scope))) throw missing(wanted)
  } else if (wanted.is === 'session') throw sessionRequired()
}

/**
 * True for a caller whose credential lets them change nothing: PostgreSQL itself refuses whatever
 * would be written for them, should all other controls have a hole.
 */
export function isReadOnly(caller: Caller, catalog: Catalog): boolean {
  const scopes = viaOf(caller)?.scopes
  return scopes !== undefined && areReadOnly(scopes, catalog)
}

function missing(wanted: Wanted): Failure {
  if (wanted.is !== 'scope') return sessionRequired()
  const [scope, ...wider] = wanted.anyOf
  const others = wider.length === 0 ? '' : ` (or ${wider.join(' or ')})`
  return new Failure('insufficient_scope', {
    detail: `This takes the scope ${scope}${others}: use a credential that has it.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
}

/** The answer to a narrower credential where only a person can act. */
export function sessionRequired(): Failure {
  return new Failure('session_required', {
    detail: 'This takes a session: sign in yourself. No key or token of a program does it.',
  })
}
