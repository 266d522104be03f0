/** Owns what callers of equal facts may write on some record: decided before input is looked at. */

import type { CallerFacts } from '../../access/caller.ts'
import { compileAccess, compileRule } from '../../access/compile.ts'
import { scopesReach } from '../../access/scopes/scopes.ts'
import { limits } from '../../base/limits.ts'
import type { Catalog, Model, ModelField, Verb } from '../../catalog/catalog.ts'
import { raw } from '../../sql/fragment.ts'

/** A model, and for whom it is written. */
export interface WriteTarget {
  readonly catalog: Catalog
  readonly model: Model
  readonly facts: CallerFacts
}

/** What may be possible; the statement decides for the record at hand. */
export interface Permissions {
  readonly readable: ReadonlySet<string>
  readonly writable: ReadonlySet<string>
  readonly verbs: ReadonlySet<Verb>
}

const permissions = new WeakMap<Catalog, Map<string, Permissions>>()

/** The permissions of callers of equal facts; worked out once. */
export function permissionsOf(target: WriteTarget): Permissions {
  const { catalog, model, facts } = target
  const known = permissions.get(catalog) ?? new Map<string, Permissions>()
  permissions.set(catalog, known)
  const key = `${facts.key} ${model.name}`
  const found = known.get(key)
  if (found) return found
  if (known.size >= limits.statementCacheMax * 10) known.clear()
  const made = makePermissions(target)
  known.set(key, made)
  return made
}

const verbs = ['read', 'create', 'update', 'delete'] as const

function makePermissions({ catalog, model, facts }: WriteTarget): Permissions {
  const row = { model, alias: 'r' }
  const before = { model, alias: 'b' }
  // What will be sent is not known yet, so a rule that asks for it may hold.
  const input = () => ({ value: raw('null'), given: 'unknown' }) as const
  const seen = { catalog, facts, row, before, input }
  const possible = (rule: ModelField['access']['read']): boolean =>
    compileRule({ ...seen, rule }).constant !== false
  const allows = (verb: Verb | 'updated'): boolean => compileAccess(seen, verb).constant !== false
  const fields = [...model.fields.values()]
  const writable = new Set(
    fields.filter((field) => isInput(field, facts) && possible(field.access.write)).map(nameOf),
  )
  // Whoever may not write a field that every record needs can make none.
  const complete = fields.every((field) => !mustBeGiven(field, facts) || writable.has(field.name))
  const allowed = verbs.filter(
    (verb) =>
      scopesReach(facts.scopes, model, verb) &&
      allows(verb) &&
      (verb !== 'update' || allows('updated')),
  )
  return Object.freeze({
    readable: new Set(
      fields
        .filter((field) => scopesReach(facts.scopes, model, 'read') && possible(field.access.read))
        .map(nameOf),
    ),
    writable,
    verbs: new Set(allowed.filter((verb) => verb !== 'create' || complete)),
  })
}

/** True for fields without which there is no record. */
export function mustBeGiven(field: ModelField, facts: CallerFacts): boolean {
  return isInput(field, facts) && !field.optional && field.default === undefined
}

function nameOf(field: ModelField): string {
  return field.name
}

/**
 * True for fields that callers write: not the base fields, not computed ones. The organisation of a
 * record is said by nobody but code that works across organisations.
 */
function isInput(field: ModelField, { acrossOrganisations }: CallerFacts): boolean {
  if (field.role === 'tenant') return acrossOrganisations
  return !field.computed && (field.role === 'declared' || field.role === 'reference')
}
