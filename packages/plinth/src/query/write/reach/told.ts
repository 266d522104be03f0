/** Owns the audit of what a deletion reaches: records that go along, and links that go. */

import type { Catalog, Model } from '../../../catalog/catalog.ts'
import { empty, type Fragment, join, literal, name, raw, sql } from '../../../sql/fragment.ts'
import { type AuditedLink, linkEntries, recordEntries } from '../audit.ts'
import { table } from '../verdict.ts'
import { columnOf, goneIds, linkGoes, stays } from './gone.ts'
import { type LinkEnd, ownLinks, type Reach } from './reach.ts'

/** `, g1 as (…), e1 as (insert …)` for each audited model whose records go along. */
export function toldGone(catalog: Catalog, { gone, cascades }: Reach): Fragment {
  const told = gone.map((model, at) => {
    if (model.audit === 'none' || cascades[at]?.length === 0) return empty
    const before = `g${at}`
    const entries = recordEntries({
      ...{ model, verb: 'delete', before, links: linksBefore(catalog, model, before) },
    })
    return sql`, ${name(before)} as materialized (select t.* from ${table(model)} as t
        where t.id in ${goneIds(at)} and t.id not in (select id from o)),
      ${name(`e${at}`)} as (${entries})`
  })
  return join(told, '')
}

/** The links of a record that goes: they go with it. */
export function linksBefore(catalog: Catalog, model: Model, row: string): readonly AuditedLink[] {
  if (model.softDelete) return []
  return ownLinks(catalog, model).map(({ ids, join: through, local, foreign }) => {
    const other = columnOf(through, foreign)
    const before = sql`(select array_agg(j.${other} order by j.${other})::text
      from ${table(through)} as j where j.${columnOf(through, local)} = ${name(row, 'id')})`
    return { name: ids, before, after: raw('null::text') }
  })
}

/** `, w0 as (insert …)`: an entry for each audited record that loses links, and stays. */
export function toldLinks(reach: Reach): Fragment {
  const models = Map.groupBy(reach.links, ({ of }) => of)
  const told = [...models].map(([of, ends], index) => {
    const lost = join(
      ends.map((end) => lostLinks(reach, end)),
      ' union all ',
    )
    const rows = sql`select l.id, jsonb_object_agg(l.k, l.ids) as was,
        jsonb_object_agg(l.k, '{}') as becomes from (${lost}) as l group by l.id`
    return sql`, ${name(`w${index}`)} as (${linkEntries(of, rows)})`
  })
  return join(told, '')
}

function lostLinks(reach: Reach, end: LinkEnd): Fragment {
  const [mine, theirs] = [columnOf(end.join, end.local), columnOf(end.join, end.foreign)]
  return sql`select j.${mine} as id, ${literal(end.ids)} as k,
      array_agg(j.${theirs} order by j.${theirs})::text as ids
    from ${table(end.join)} as j
    where ${linkGoes(end)} and ${stays(reach, end.of, sql`j.${mine}`)} group by j.${mine}`
}
