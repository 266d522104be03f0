/** Owns the proof by random declarations: any one can follow any other, and kept columns keep. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { onBothServers } from '../../database/proof/servers.ts'
import { computed } from '../../define/field.ts'
import {
  bigint,
  boolean,
  choice,
  decimal,
  instant,
  integer,
  json,
  list,
  text,
} from '../../define/fields.ts'
import type { AnyModelSpec } from '../../define/kit.ts'
import { belongsTo, manyToMany } from '../../define/relation.ts'
import { applyFiles } from '../files/apply-files.ts'
import { planFile } from '../files/plan.ts'
import { followDeclaration } from '../follow.ts'
import { declare, insert, type LooseModels, model, world } from './world.ts'

type Member = AnyModelSpec['fields'][string]

const options = fc.record({ optional: fc.boolean(), unique: fc.boolean() })

const fields: readonly fc.Arbitrary<Member>[] = [
  options.chain((rest) => fc.integer({ min: 1, max: 90 }).map((max) => text({ ...rest, max }))),
  options.map(({ optional }) => text({ optional, pattern: /^[a-z'\\]+$/ })),
  options.chain((rest) => fc.integer({ min: -9, max: 0 }).map((min) => integer({ ...rest, min }))),
  options.map(({ optional }) => bigint({ optional, max: '99' })),
  options.chain(({ optional }) =>
    fc.integer({ min: 3, max: 9 }).map((precision) => decimal({ optional, precision, scale: 2 })),
  ),
  options.map(({ optional }) => boolean({ optional })),
  fc
    .subarray(['a', "b's", 'c\\'], { minLength: 1 })
    .map((values) => choice(values, { optional: true })),
  options.map((rest) => instant(rest)),
  options.map(({ optional }) => json({ optional })),
  fc.integer({ min: 1, max: 5 }).map((max) => list(integer(), { max, optional: true })),
]

const relation = fc
  .record({
    target: fc.constantFrom('one', 'two', 'three'),
    onDelete: fc.constantFrom('restrict' as const, 'cascade' as const, 'clear' as const),
    unique: fc.boolean(),
  })
  .map(({ target, ...rest }) => belongsTo(target, { ...rest, optional: true }))

const member: fc.Arbitrary<Member> = fc.oneof(...fields, relation)
const memberName = fc.constantFrom('alpha', 'beta', 'gamma', 'deltaEpsilon')

const anyModel = fc.record({
  fields: fc.dictionary(memberName, member, { maxKeys: 4 }),
  softDelete: fc.boolean(),
  indexed: fc.boolean(),
  linked: fc.boolean(),
  factor: fc.option(fc.integer({ min: 1, max: 3 })),
})

const declaration = fc
  .record({ one: anyModel, two: anyModel, three: fc.option(anyModel) })
  .map(({ one, two, three }): LooseModels => {
    const made = { one, two, ...(three ? { three } : {}) }
    return Object.fromEntries(
      Object.entries(made).map(([name, { fields, softDelete, indexed, linked, factor }]) => {
        // A null prototype is fast-check's; and no relation leads to a model that is not there.
        const kept = Object.entries({ ...fields }).filter(
          ([, each]) => each.is === 'field' || each.target in made,
        )
        const links = linked && name === 'one' ? [['twos', manyToMany('two')] as const] : []
        const totals = factor ? [['total', computed(bigint({ optional: true }))] as const] : []
        const rest = factor ? computing(factor) : {}
        const indexes = indexed ? [['createdAt'], ['createdAt', 'version']] : []
        return [
          name,
          model(Object.fromEntries([...kept, ...links, ...totals]), {
            ...{ softDelete, indexes: indexes as never },
            ...rest,
          }),
        ]
      }),
    )
  })

/** A formula and a check over a field that every record has. */
function computing(factor: number): Omit<AnyModelSpec, 'fields'> {
  interface Version {
    times(factor: number): unknown
    gte(least: number): unknown
  }
  const of = ({ row }: never): Version => (row as { version: Version }).version
  return {
    compute: { total: (scope) => of(scope).times(factor) },
    checks: { counted: (scope) => of(scope).gte(1 - factor) },
  }
}

/** All that PostgreSQL says of the tables, but the order of their columns. */
const wholeShape = `
  select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
  from pg_constraint where connamespace = 'shop'::regnamespace and contype <> 'n'
  union all
  select indexdef from pg_indexes where schemaname = 'shop'
  union all
  select concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
    attcollation, attgenerated, pg_get_expr(adbin, adrelid))
  from pg_attribute join pg_class c on c.oid = attrelid
  left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where relnamespace = 'shop'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
  order by 1`

onBothServers('any declaration', (server) => {
  test('follows any other, on empty tables and on rows', { timeout: 400_000 }, async (context) => {
    const at = await world(server, context)
    const reach = async (models: LooseModels): Promise<void> => {
      const catalog = declare(models)
      await followDeclaration({ database: at.database, catalog, ask: () => true })
      const { steps } = await at.remains(models)
      assert.deepEqual(
        steps.map(({ summary }) => summary),
        [],
      )
    }
    const reachByFile = async (models: LooseModels): Promise<void> => {
      const directory = await mkdtemp(join(tmpdir(), 'plinth-round-'))
      const shared = { database: at.database, catalog: declare(models), directory }
      await planFile(shared)
      const { complete, lines } = await applyFiles({ ...shared, allowDestructive: true })
      await rm(directory, { recursive: true })
      assert.equal(complete, true, lines.join('\n'))
    }
    await fc.assert(
      fc.asyncProperty(declaration, declaration, async (before, after) => {
        await at.run('drop schema if exists shop cascade')
        await at.run('drop schema if exists plinth cascade')
        await reach(before)
        await at.run(insert('shop.one', 1, values(before)))
        const kept = keptColumns(before, after)
        const look = `select ${['id', 'created_at', ...kept].join()} from shop.one`
        const rows = await at.rows(look)
        // A required new column is refused on rows; that is proven elsewhere.
        const easy = relaxed(after, before)
        const catalog = declare(easy)
        await followDeclaration({ database: at.database, catalog, ask: () => true })
        const { steps } = await at.remains(easy)
        assert.deepEqual(
          steps.map(({ summary }) => summary),
          [],
        )
        assert.deepEqual(await at.rows(look), rows)
        await at.run('truncate shop.one cascade')
        await reach(after)
        const reached = await at.rows(wholeShape)
        await reachByFile(before)
        await at.run('drop schema shop cascade')
        await at.run('update plinth.schema_state set drifted = true')
        await reach(after)
        assert.deepEqual(reached, await at.rows(wholeShape), 'as if made at once')
      }),
      { numRuns: 10, interruptAfterTimeLimit: 25_000 },
    )
  })
})

/** Members of `one` that are new or other than before, left out unless rows can follow them. */
function relaxed(after: LooseModels, before: LooseModels): LooseModels {
  const old = before.one?.fields ?? {}
  const members = Object.entries(after.one?.fields ?? {}).filter(([name, each]) => {
    const same = old[name]
    if (each.is === 'manyToMany' || (each.is === 'field' && each.computed)) return true
    if (!same) return 'optional' in each && each.optional
    return same === each || (same.is === each.is && shape(same) === shape(each))
  })
  const one = after.one ?? model({})
  return { ...after, one: { ...one, fields: Object.fromEntries(members) } }
}

/** Columns of `one` that are the same before and after: their values must be, too. */
function keptColumns(before: LooseModels, after: LooseModels): readonly string[] {
  const members = Object.entries(relaxed(after, before).one?.fields ?? {})
  const kept = members.filter(([name, each]) => {
    const old = before.one?.fields[name]
    return old?.is === 'field' && each.is === 'field' && !each.computed
  })
  return kept.map(([name]) => columnName(name))
}

function columnName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function shape(each: Member): string {
  return each.is === 'field'
    ? JSON.stringify([each.kind.name, each.optional, each.kind.options])
    : each.is
}

const samples: Readonly<Record<string, string>> = {
  text: "'a'",
  integer: '1',
  bigint: '1',
  decimal: '1',
  boolean: 'true',
  choice: 'null',
  instant: "'epoch'",
  json: "'{}'",
  list: 'null',
}

function values(models: LooseModels): Record<string, string> {
  const cells = Object.entries(models.one?.fields ?? {}).flatMap(([name, each]) => {
    if (each.is !== 'field' || each.computed) return []
    return [[columnName(name), samples[each.kind.name] ?? 'null']]
  })
  return Object.fromEntries(cells)
}
