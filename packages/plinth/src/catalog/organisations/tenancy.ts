/** Owns the check of tenants: what of a declaration stands in the way of keeping them apart. */

import type { DraftModel } from '../draft.ts'
import type { Mistakes } from '../mistakes.ts'
import { absenceProblem, type Organisations } from './roles.ts'
import { isTenant, tenantField, tenantRelation } from './tenants.ts'

interface Tenancies {
  readonly drafts: ReadonlyMap<string, DraftModel>
  readonly organisations: Organisations | undefined
  readonly mistakes: Mistakes
}

/** Reports what stands in the way of keeping organisations apart. */
export function checkTenancy({ drafts, organisations, mistakes }: Tenancies): void {
  for (const draft of drafts.values()) {
    if (isTenant(draft)) {
      checkTenant(draft, mistakes)
      const absent = drafts.has('organisation')
        ? absenceProblem(organisations)
        : "there are no organisations: say kit(…, { uses: [identity] }) with Plinth's identity"
      if (absent) mistakes.add(`${draft.place}.tenant`, absent)
    } else checkOutsider(draft, drafts, mistakes)
  }
}

function checkTenant({ place, spec }: DraftModel, mistakes: Mistakes): void {
  const { tenant } = spec
  const actions: readonly unknown[] = ['restrict', 'cascade']
  const known = typeof tenant === 'object' && actions.includes(tenant?.onDelete)
  if (tenant !== true && !known) {
    mistakes.add(`${place}.tenant`, "is true, or { onDelete: 'restrict' | 'cascade' }")
  }
  for (const name of [tenantRelation, tenantField]) {
    if (!Object.hasOwn(spec.fields, name)) continue
    mistakes.add(`${place}.fields.${name}`, 'is what tenant adds by itself: leave one of them out')
  }
  const { fields } = (spec.access ?? {}) as { readonly fields?: object }
  if (fields && Object.hasOwn(fields, tenantField)) {
    const why = 'nobody writes it, and whoever sees the record knows it'
    mistakes.add(`${place}.access.fields.${tenantField}`, `has no rules of its own: ${why}`)
  }
}

/**
 * A record of no organisation that referred to one of an organisation would belong to it without
 * being kept to it: whoever may read the one would learn of the other.
 */
function checkOutsider(
  { name, place, members }: DraftModel,
  drafts: ReadonlyMap<string, DraftModel>,
  mistakes: Mistakes,
): void {
  for (const [member, relation] of Object.entries(members)) {
    if (relation.is === 'field') continue
    const target = drafts.get(relation.target)
    if (!target || !isTenant(target)) continue
    const at = `${place}.fields.${member}`
    if (relation.is === 'belongsTo') {
      const cure = `say tenant: true on ${name} as well, or turn the reference round`
      mistakes.add(at, `${target.place} belongs to one organisation, and ${name} to none: ${cure}`)
    } else if (relation.is === 'hasOne') {
      const cure = `say hasMany, or tenant: true on ${name} as well`
      mistakes.add(at, `each organisation can have one of its own: ${cure}`)
    }
  }
}
