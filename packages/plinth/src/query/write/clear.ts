/** Owns what a deletion does to records that let go of the deleted one (`onDelete: 'clear'`). */

import { present } from '../../base/assert.ts'
import type { Catalog, Model, ModelRelation } from '../../catalog/catalog.ts'
import { type Fragment, join, name, sql } from '../../sql/fragment.ts'
import { nowValue } from './plan.ts'
import { table } from './verdict.ts'

/** Records of a model that let go: by which of its references, and of which ids. */
interface Clearing {
  readonly model: Model
  readonly references: { readonly relation: ModelRelation; readonly ids: Fragment }[]
}

/** True where the deletion of a record changes others: it must begin with none left unseen. */
export function clearsOthers(catalog: Catalog, model: Model): boolean {
  return clearings(catalog, model).size > 0
}

/**
 * Beside the delete of `o`: each record that lets go of it becomes a new version, as by any other
 * change. PostgreSQL's own `set null` would change it behind the back of entity tags; it stays as
 * the guard. Records that go along by `cascade` are let go of as well.
 */
export function clearReferences(
  { catalog, model }: { readonly catalog: Catalog; readonly model: Model },
  holds: Fragment,
): Fragment {
  const cleared = [...clearings(catalog, model).values()].map((clearing, index) => {
    const at = clearing.references.map(({ relation, ids }) => {
      const column = name(present(clearing.model.fields.get(relation.local), relation.name).column)
      return { column, gone: sql`c.${column} in ${ids}` }
    })
    const sets = at.map(
      ({ column, gone }) => sql`${column} = case when ${gone} then null else c.${column} end`,
    )
    return sql`, ${name(`c${index}`)} as (update ${table(clearing.model)} as c
      set ${join(sets)}, version = c.version + 1, updated_at = ${nowValue()}
      from o, v where (${join(
        at.map(({ gone }) => gone),
        ' or ',
      )}) and c.id <> o.id and ${holds})`
  })
  return join(cleared, '')
}

/** By model, so that a record which lets go twice is changed once. */
function clearings(catalog: Catalog, model: Model): ReadonlyMap<Model, Clearing> {
  const found = new Map<Model, Clearing>()
  // What is marked as deleted is still there: nothing lets go of it.
  if (!model.softDelete) gather(sql`(select o.id from o)`, [model])
  return found

  function gather(ids: Fragment, way: readonly Model[]): void {
    for (const { from, relation } of referencesTo(catalog, present(way.at(-1), 'a model'))) {
      if (relation.onDelete === 'clear') {
        const clearing = found.get(from) ?? { model: from, references: [] }
        clearing.references.push({ relation, ids })
        found.set(from, clearing)
      } else if (relation.onDelete === 'cascade' && !way.includes(from)) {
        const column = name(present(from.fields.get(relation.local), relation.name).column)
        gather(sql`(select id from ${table(from)} where ${column} in ${ids})`, [...way, from])
      }
    }
  }
}

function referencesTo(
  catalog: Catalog,
  target: Model,
): readonly { readonly from: Model; readonly relation: ModelRelation }[] {
  return [...catalog.models.values()]
    .filter(({ exposed }) => exposed)
    .flatMap((from) =>
      [...from.relations.values()]
        .filter(({ type, target: name }) => type === 'belongsTo' && name === target.name)
        .map((relation) => ({ from, relation })),
    )
}
