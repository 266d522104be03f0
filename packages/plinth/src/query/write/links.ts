/** Owns the links of manyToMany relations inside a write. */

import { present } from '../../base/assert.ts'
import type { Model, ModelRelation, ModelThrough } from '../../catalog/catalog.ts'
import { empty, type Fragment, literal, name, sql } from '../../sql/fragment.ts'
import { type AuditedLink, linkEntries } from './audit.ts'
import type { WriteTarget } from './permissions.ts'
import { valueSlot } from './plan.ts'
import { table, targetOf } from './verdict.ts'

/** A relation whose links are set, with the slot of the ids to link. */
export interface LinkSlot {
  readonly relation: ModelRelation
  readonly ids: Fragment
}

/** The links of a write; their arrays of ids follow the given values. */
export function linkSlots(
  model: Model,
  relations: readonly string[],
  firstIndex: number,
): readonly LinkSlot[] {
  return relations.map((relation, index) => ({
    relation: present(model.relations.get(relation), relation),
    ids: valueSlot(firstIndex + index, 'uuid[]'),
  }))
}

interface Linking {
  readonly link: LinkSlot
  readonly index: number
}

/** After a create: `, l0 as (insert …)` for the rows of `made`, and what the audit says of it. */
export function insertLinks(target: WriteTarget, { link, index }: Linking): Fragment {
  const { join, local, foreign, shared } = throughOf(target, link.relation)
  const came = name(`l${index}`)
  const inserted = sql`, ${came} as (insert into ${table(join)} (${shared.into}${local}, ${foreign})
    select ${shared.of}made.id, x from made, unnest(${link.ids}) as x
    returning ${local}, ${foreign})`
  return sql`${inserted}${otherSides(target, { link, index, fresh: true })}`
}

/**
 * After an update: removes links that are not listed, adds those that are new. Links to records
 * that the caller may not see stay: nobody can remove what they cannot know of. The statement must
 * begin after the record was locked (`lockPlan`), or it would not see links made while it waited.
 */
export function replaceLinks(target: WriteTarget, { link, index }: Linking): Fragment {
  const { join, local, foreign, shared } = throughOf(target, link.relation)
  const seen = seenBy(target, link, foreign)
  const [went, came] = [name(`u${index}`), name(`l${index}`)]
  const removed = sql`, ${went} as (delete from ${table(join)} as j using made
    where j.${local} = made.id and not (j.${foreign} = any(${link.ids})) and ${seen}
    returning j.${local}, j.${foreign})`
  const known = sql`exists (select 1 from ${table(join)} as j
    where j.${local} = made.id and j.${foreign} = x)`
  const inserted = sql`, ${came} as (insert into ${table(join)} (${shared.into}${local}, ${foreign})
    select ${shared.of}made.id, x from made, unnest(${link.ids}) as x where not ${known}
    returning ${local}, ${foreign})`
  return sql`${removed}${inserted}${otherSides(target, { link, index, fresh: false })}`
}

/**
 * The tables of links as they will be after a write, by join model: what is asked of a row after a
 * change is asked of its links after it, though they are stored later in the same statement. `row`
 * is the alias of the record; a new one (`fresh`) has no links yet.
 */
export function linksAfter(
  target: WriteTarget,
  links: readonly LinkSlot[],
  { row, fresh }: { readonly row: string; readonly fresh: boolean },
): ReadonlyMap<string, Fragment> {
  return new Map(
    links.map((link) => {
      const { join, local, foreign } = throughOf(target, link.relation)
      const kept = fresh
        ? empty
        : sql` where j.${local} <> ${name(row, 'id')}
            or not (j.${foreign} = any(${link.ids}) or ${seenBy(target, link, foreign)})`
      const after = sql`(select j.${local}, j.${foreign} from ${table(join)} as j${kept}
        union all select ${name(row, 'id')}, x from unnest(${link.ids}) as x)`
      return [join.name, after]
    }),
  )
}

/** The links of a write as the audit keeps them: the ids that go, and those that come. */
export function auditedLinks(
  target: WriteTarget,
  links: readonly LinkSlot[],
  { fresh }: { readonly fresh: boolean },
): readonly AuditedLink[] {
  if (target.model.audit === 'none') return []
  return links.map(({ relation }, index) => {
    const { foreign } = throughOf(target, relation)
    const ids = (from: string): Fragment => {
      const all = sql`(select array_agg(q.${foreign} order by q.${foreign})::text
        from ${name(`${from}${index}`)} as q)`
      return fresh ? all : sql`coalesce(${all}, '{}')`
    }
    const before = fresh ? sql`null::text` : ids('u')
    return { name: relation.inputName ?? relation.name, before, after: ids('l') }
  })
}

/** The entries of the records at the other side, whose links change as well. */
function otherSides(
  target: WriteTarget,
  { link, index, fresh }: Linking & { readonly fresh: boolean },
): Fragment {
  const { join: through, local, foreign } = throughOf(target, link.relation)
  const other = present(target.catalog.models.get(link.relation.target), link.relation.target)
  const back = linkOf(other, through)
  if (other.audit === 'none' || !back) return empty
  const none = sql`jsonb_build_object(${literal(back)}, '{}')`
  const [went, came] = [name(`u${index}`), name(`l${index}`)]
  const id = sql`array[q.${local}]::text`
  const one = sql`jsonb_build_object(${literal(back)}, ${id})`
  const added = sql`select q.${foreign} as id, ${none} as was, ${one} as becomes from ${came} as q`
  const removed = sql`select q.${foreign} as id, ${one} as was, ${none} as becomes
    from ${went} as q union all `
  const rows = sql`${fresh ? empty : removed}${added}`
  return sql`, ${name(`s${index}`)} as (${linkEntries(other, rows)})`
}

/** How a model calls the ids of its links that stand in a join table: `tagIds`. */
export function linkOf(model: Model, through: Model): string | undefined {
  return [...model.relations.values()].find((relation) => relation.through?.model === through.name)
    ?.inputName
}

/** True for a link `j` whose other side the caller may see. */
function seenBy(target: WriteTarget, { relation }: LinkSlot, foreign: Fragment): Fragment {
  const { target: other, row, condition } = targetOf(target, relation)
  return sql`exists (select 1 from ${table(other)} as ${name(row)}
    where ${name(row, 'id')} = j.${foreign} and ${condition})`
}

interface Through {
  readonly join: Model
  readonly local: Fragment
  readonly foreign: Fragment
  /** The organisation of both sides: its column, and where the record has it. */
  readonly shared: { readonly into: Fragment; readonly of: Fragment }
}

function throughOf({ catalog }: WriteTarget, relation: ModelRelation): Through {
  const through: ModelThrough = present(relation.through, `${relation.name}.through`)
  const join = present(catalog.models.get(through.model), through.model)
  const column = (field: string): Fragment => name(present(join.fields.get(field), field).column)
  const { tenant } = join
  const shared =
    tenant === undefined
      ? { into: empty, of: empty }
      : { into: sql`${column(tenant)}, `, of: sql`made.${column(tenant)}, ` }
  return { join, local: column(through.local), foreign: column(through.foreign), shared }
}
