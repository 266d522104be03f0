/** Owns the reading of what the database holds, in the form of a schema. */

import type { Session } from '../../database/database.ts'
import { arrayLiteral } from '../../kinds/kinds.ts'
import { sql, statement, typed } from '../../sql/fragment.ts'
import type { LiveIndex, LiveSchema, LiveTable, OnDelete } from '../schema.ts'

const columns = sql`
  select coalesce(json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
    'collation', case when a.attcollation <> t.typcollation then l.collname end,
    'required', a.attnotnull, 'generated', a.attgenerated, 'identity', a.attidentity,
    'expression', pg_get_expr(d.adbin, d.adrelid)
  ) order by a.attnum), '[]')
  from pg_attribute a join pg_type t on t.oid = a.atttypid
  left join pg_collation l on l.oid = a.attcollation
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`

const constraints = sql`
  select coalesce(json_agg(json_build_object(
    'name', k.conname, 'type', k.contype, 'valid', k.convalidated, 'action', k.confdeltype,
    'columns', (
      select coalesce(json_agg(a.attname order by o.place), '[]')
      from unnest(k.conkey) with ordinality o(number, place)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = o.number),
    'expression', pg_get_expr(k.conbin, k.conrelid),
    'targetSchema', fn.nspname, 'targetName', f.relname
  ) order by k.conname), '[]')
  from pg_constraint k left join pg_class f on f.oid = k.confrelid
  left join pg_namespace fn on fn.oid = f.relnamespace
  where k.conrelid = c.oid and k.contype in ('p', 'c', 'f')`

/** `plain` is what Plinth makes: over columns, ascending, by the columns' collations. */
const indexes = sql`
  select coalesce(json_agg(json_build_object(
    'name', i.relname, 'unique', x.indisunique, 'valid', x.indisvalid,
    'condition', pg_get_expr(x.indpred, x.indrelid),
    'method', m.amname,
    'plain', m.amname in ('btree', 'hash') and x.indexprs is null and x.indnatts = x.indnkeyatts
      and not x.indisexclusion and not x.indnullsnotdistinct
      and not exists (select from unnest(x.indoption) o where o <> 0)
      and not exists (select from unnest(x.indcollation, x.indkey) o(collation_id, number)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = o.number
        where o.collation_id <> a.attcollation)
      and not exists (select from unnest(x.indclass) o
        join pg_opclass p on p.oid = o where not p.opcdefault),
    'columns', (
      select coalesce(json_agg(a.attname order by o.place), '[]')
      from unnest(x.indkey) with ordinality o(number, place)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = o.number)
  ) order by i.relname), '[]')
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
  where x.indrelid = c.oid and not x.indisprimary`

/** Reads the tables of some PostgreSQL schemas. One statement. */
export async function introspect(
  session: Session,
  schemas: readonly string[],
): Promise<LiveSchema> {
  const wanted = typed(arrayLiteral([...schemas]), 'text[]')
  const { rows } = await session.query(
    statement(sql`
      select (select coalesce(json_agg(nspname order by nspname), '[]') from pg_namespace
              where nspname = any (${wanted})),
        coalesce(json_agg(json_build_object(
          'schema', n.nspname, 'name', c.relname, 'full', pg_relation_size(c.oid) > 0,
          'columns', (${columns}), 'constraints', (${constraints}), 'indexes', (${indexes})
        ) order by n.nspname, c.relname), '[]')
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = any (${wanted}) and c.relkind in ('r', 'p')`),
  )
  const [found, tables] = rows[0] ?? []
  return {
    schemas: JSON.parse(found ?? '[]') as string[],
    tables: (JSON.parse(tables ?? '[]') as RawTable[]).map(tableOf),
  }
}

interface RawTable {
  readonly schema: string
  readonly name: string
  readonly full: boolean
  readonly columns: readonly RawColumn[]
  readonly constraints: readonly RawConstraint[]
  readonly indexes: readonly RawIndex[]
}

interface RawColumn {
  readonly name: string
  readonly type: string
  readonly collation: string | null
  readonly required: boolean
  readonly generated: string
  readonly identity: string
  readonly expression: string | null
}

interface RawConstraint {
  readonly name: string
  readonly type: 'p' | 'c' | 'f'
  readonly valid: boolean
  readonly columns: readonly string[]
  readonly expression: string | null
  readonly action: string
  readonly targetSchema: string | null
  readonly targetName: string | null
}

interface RawIndex {
  readonly name: string
  readonly unique: boolean
  readonly valid: boolean
  readonly condition: string | null
  readonly method: string
  readonly plain: boolean
  readonly columns: readonly string[]
}

const actions: Readonly<Record<string, OnDelete>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function tableOf(raw: RawTable): LiveTable {
  const { schema, name, full, columns, constraints } = raw
  const primary = constraints.find(({ type }) => type === 'p')
  const indexes = raw.indexes.map((index) => ({ index, known: indexOf(index) }))
  return {
    ...{ schema, name, full, label: name },
    columns: columns.map(columnOf),
    ...(primary ? { primary: { name: primary.name, columns: primary.columns } } : {}),
    checks: constraints
      .filter(({ type }) => type === 'c')
      .map(({ name, columns, valid, expression }) => {
        return { name, columns, valid, word: '', expression: expression ?? '' }
      }),
    references: constraints
      .filter(({ type }) => type === 'f')
      .map(({ name, columns, valid, action, targetSchema, targetName }) => ({
        name,
        valid,
        column: columns.at(-1) ?? '',
        ...(columns.length > 1 ? { within: columns.slice(0, -1).join() } : {}),
        target: { schema: targetSchema ?? '', name: targetName ?? '' },
        onDelete: actions[action] ?? 'no action',
      })),
    indexes: indexes.flatMap(({ known }) => (known ? [known] : [])),
    otherIndexes: indexes.flatMap(({ known, index }) => (known ? [] : [index.name])),
    defaults: columns
      .filter(({ generated, identity, expression }) => {
        return identity !== '' || (generated === '' && expression !== null)
      })
      .map((column) => column.name),
  }
}

function columnOf({ name, type, collation, required, generated, expression }: RawColumn) {
  return {
    ...{ name, type, required, label: name },
    ...(collation === null ? {} : { collation }),
    // A virtual column (PostgreSQL 18) is not what Plinth makes: its mark makes it differ.
    ...(generated === '' ? {} : { formula: `${generated === 'v' ? 'virtual ' : ''}${expression}` }),
  }
}

function indexOf(raw: RawIndex): LiveIndex | undefined {
  const { name, unique, valid, columns, condition } = raw
  const kept = condition === '(deleted_at IS NULL)'
  if (!raw.plain || (condition !== null && !kept)) return undefined
  const method = raw.method === 'hash' ? ({ method: 'hash' } as const) : {}
  return { name, unique, valid, columns, kept, word: '', ...method }
}
