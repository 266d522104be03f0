/** Owns tenancy: the relation that `tenant` adds to a model, and the rule. */

import { always, type Expression } from '../../define/expression.ts'
import type { AnyModelSpec } from '../../define/kit.ts'
import { type BelongsTo, belongsTo } from '../../define/relation.ts'

/** The relation of a tenant's record to its organisation. */
export const tenantRelation = 'organisation'

/** The field that holds the id of a tenant's organisation. */
export const tenantField = 'organisationId'

interface Specified {
  readonly spec: AnyModelSpec
}

/** True for a model whose records belong to one organisation each. */
export function isTenant({ spec }: Specified): boolean {
  return spec.tenant !== undefined && spec.tenant !== false
}

/** The relation that `tenant` adds to the members of a model; none where it is no tenant's. */
export function tenantMembers(
  spec: AnyModelSpec,
): Readonly<Record<string, BelongsTo<'organisation', false>>> {
  if (!isTenant({ spec })) return {}
  const onDelete = typeof spec.tenant === 'object' ? spec.tenant.onDelete : 'restrict'
  const description = 'The organisation that it belongs to.'
  return { [tenantRelation]: belongsTo('organisation', { onDelete, description }) }
}

/**
 * What every rule of a tenant's model asks beside its own: the row is of the active organisation.
 * Without an active one it never holds.
 */
export function tenancyOf(draft: Specified): Expression {
  if (!isTenant(draft)) return always
  return Object.freeze({
    type: 'compare',
    operator: 'eq',
    left: Object.freeze({ from: 'row', scope: 0, path: Object.freeze([tenantField]) }),
    right: Object.freeze({ from: 'me', name: 'organisation' }),
  })
}
