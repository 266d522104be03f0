/** Owns the drafts that the catalog is compiled from: models with names settled, rules not yet. */

import type { Members } from '../define/infer.ts'
import type { AnyKit, AnyModelSpec } from '../define/kit.ts'
import type { Mistakes } from './mistakes.ts'
import { nameProblem, pluralOf, snakeCase } from './names.ts'
import { tenantMembers } from './organisations/tenants.ts'

/** A model on its way into the catalog. */
export interface DraftModel {
  readonly name: string
  readonly kit: string
  readonly place: string
  readonly spec: AnyModelSpec
  /** Fields and relations, with those that other kits added. */
  readonly members: Members
  readonly plural: string
  readonly schema: string
  readonly table: string
}

/** Kits of an app in order of use: a kit comes after those it uses, each once. */
export function orderedKits(kits: readonly AnyKit[], mistakes: Mistakes): readonly AnyKit[] {
  const ordered: AnyKit[] = []
  const byName = new Map<string, AnyKit>()
  const visit = (kit: AnyKit): void => {
    const known = byName.get(kit.name)
    if (known === kit) return
    if (known) {
      mistakes.add(kit.name, 'two kits have this name: rename one')
      return
    }
    byName.set(kit.name, kit)
    for (const used of kit.uses) visit(used)
    ordered.push(kit)
  }
  for (const kit of kits) visit(kit)
  return ordered
}

const systemSchemas = /^(pg_|plinth$|public$|information_schema$)/

/** Drafts of all models, by name. Reports names that clash or cannot be used. */
export function draftModels(
  kits: readonly AnyKit[],
  mistakes: Mistakes,
): ReadonlyMap<string, DraftModel> {
  const drafts = new Map<string, DraftModel>()
  const plurals = new Map<string, string>()
  for (const kit of kits) {
    checkKitName(kit, mistakes)
    for (const [name, spec] of Object.entries(kit.models)) {
      const draft = draftModel({ kit, name, spec, kits })
      const problem = nameProblem(name)
      if (problem) mistakes.add(draft.place, `"${name}" ${problem}`)
      const other = drafts.get(name) ?? drafts.get(plurals.get(draft.plural) ?? '')
      if (other) {
        mistakes.add(draft.place, `has the same name or plural as ${other.place}: rename one`)
      }
      drafts.set(name, draft)
      plurals.set(draft.plural, name)
    }
  }
  reportExtensions(kits, { drafts, mistakes })
  return drafts
}

function draftModel(from: {
  kit: AnyKit
  name: string
  spec: AnyModelSpec
  kits: readonly AnyKit[]
}): DraftModel {
  const { kit, name, spec } = from
  const added = from.kits.map((other) => (other === kit ? {} : extensionOf(other, name)))
  return {
    name,
    kit: kit.name,
    place: `${kit.name}.${name}`,
    spec,
    members: Object.fromEntries(
      [tenantMembers(spec), spec.fields, ...added].flatMap((more) => Object.entries(more)),
    ),
    plural: spec.plural ?? pluralOf(name),
    schema: snakeCase(kit.name),
    table: snakeCase(name),
  }
}

function extensionOf(kit: AnyKit, model: string): Members {
  return Object.hasOwn(kit.extends, model) ? (kit.extends[model] as Members) : {}
}

function checkKitName(kit: AnyKit, mistakes: Mistakes): void {
  const problem = nameProblem(kit.name)
  if (problem) mistakes.add(kit.name, `the kit's name ${problem}`)
  if (systemSchemas.test(snakeCase(kit.name))) {
    mistakes.add(kit.name, 'PostgreSQL or Plinth uses this name itself: choose another')
  }
}

function reportExtensions(
  kits: readonly AnyKit[],
  { drafts, mistakes }: { drafts: ReadonlyMap<string, DraftModel>; mistakes: Mistakes },
): void {
  for (const kit of kits) {
    for (const [model, members] of Object.entries(kit.extends)) {
      const place = `${kit.name}.extends.${model}`
      const draft = drafts.get(model)
      if (!draft) mistakes.add(place, 'there is no such model in the kits it uses')
      for (const [name, member] of Object.entries(members)) {
        // Anything else would add a column or an input to a model whose rules know nothing of it.
        if (member.is !== 'hasMany' && member.is !== 'hasOne') {
          mistakes.add(`${place}.${name}`, 'a kit adds only hasMany and hasOne to other models')
        }
        if (draft && name in draft.spec.fields) {
          mistakes.add(`${place}.${name}`, `${draft.place} has a member of this name already`)
        }
      }
    }
  }
}
