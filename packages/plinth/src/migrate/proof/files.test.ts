/** Owns the proof of migration files: planned, read by people, applied once, in order, resumed. */

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { movableClock } from '../../base/time.ts'
import { onBothServers, type ProvenServer } from '../../database/proof/servers.ts'
import { integer, text } from '../../define/fields.ts'
import { applyFiles } from '../files/apply-files.ts'
import { planFile } from '../files/plan.ts'
import { migrationStatus, requireSchema } from '../files/status.ts'
import { declare, insert, type LooseModels, model, world } from './world.ts'

const first: LooseModels = { item: model({ name: text(), old: text({ optional: true }) }) }
const second: LooseModels = {
  item: model({
    title: text({ was: 'name', unique: true, max: 20 }),
    stock: integer({ default: 0 }),
    old: text({ optional: true }),
  }),
}
const third: LooseModels = { item: model({ title: text({ unique: true }), stock: integer() }) }

async function setting(server: ProvenServer, context: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'plinth-files-'))
  context.after(() => rm(directory, { recursive: true, force: true }))
  const clock = movableClock()
  const at = await world(server, context)
  const shared = { database: at.database, directory, clock }
  return {
    ...{ at, directory, clock },
    plan: (models: LooseModels, title?: string) => {
      clock.advance(60_000)
      return planFile({ ...shared, catalog: declare(models), ...(title ? { title } : {}) })
    },
    apply: (models: LooseModels, options = {}) =>
      applyFiles({ ...shared, catalog: declare(models), ...options }),
    status: (models: LooseModels) => migrationStatus({ ...shared, catalog: declare(models) }),
    files: async () => (await readdir(directory)).sort(),
  }
}

class Crash extends Error {}

onBothServers('migration files', (server) => {
  test('are planned, applied in order, and lead where following leads', async (context) => {
    const { at, plan, apply, status, files } = await setting(server, context)
    await plan(first, 'begin')
    await assert.rejects(plan(second), /begin.sql is pending on this database. Apply the files/)
    assert.equal((await apply(first)).complete, true)
    await at.run(insert('shop.item', 4, { name: "'n' || n" }))
    await plan(second, 'sell')
    const { applied, complete } = await apply(second)
    assert.deepEqual([applied.length, complete], [1, true])
    assert.deepEqual(await files(), ['20260101000100_begin.sql', '20260101000300_sell.sql'])
    assert.deepEqual(await at.rows('select title, stock from shop.item order by 1 limit 1'), [
      'n1|0',
    ])
    const { steps, lines } = await status(second)
    assert.deepEqual(steps, [])
    assert.match(lines.join('\n'), /applied {2}20260101000100_begin.sql .*\n.*\n.*follows the/)
    assert.equal((await at.follow(second)).changed, false)
    assert.equal((await plan(second)).file, undefined)
  })

  test('can be planned and replayed on an empty database', async (context) => {
    const { plan, apply, at, directory } = await setting(server, context)
    await plan(first)
    await apply(first)
    const { steps } = await plan(second)
    assert.ok(
      steps.some(({ transactional }) => !transactional),
      'planned for tables with rows',
    )
    await apply(second)
    const fresh = await world(server, context)
    const catalog = declare(second)
    const result = await applyFiles({ database: fresh.database, catalog, directory })
    assert.deepEqual([result.applied.length, result.complete], [2, true])
    const early = await world(server, context)
    const ahead = { database: early.database, catalog: declare(third), directory }
    assert.equal((await applyFiles(ahead)).complete, false)
    await early.follow(third)
    assert.deepEqual(await early.remains(third), { steps: [], notes: [] }, 'files made it')
    const shape = `select indexdef from pg_indexes where schemaname = 'shop' order by 1`
    assert.deepEqual(await fresh.rows(shape), await at.rows(shape))
    await fresh.follow(third)
    assert.deepEqual(await fresh.remains(third), { steps: [], notes: [] }, 'it knew its own')
  })

  test('say what they do, lock and lose, and need a yes for what they lose', async (context) => {
    const { at, plan, apply, directory } = await setting(server, context)
    await plan(second)
    await apply(second)
    await at.run(insert('shop.item', 2, { title: "'n' || n", stock: '1', old: "'keep'" }))
    const { file = '', lines } = await plan(third)
    assert.match(
      lines.join('\n'),
      /destructive: Drops item.old with its values.*\n.*\n.*Loses 2 values of item.old/,
    )
    const sql = await readFile(join(directory, file), 'utf8')
    assert.match(sql, /-- plinth:destructive\n-- destructive: Drops item.old/)
    await assert.rejects(apply(third), /loses data.*--allow-destructive/)
    assert.deepEqual(await at.rows('select count(old) from shop.item'), ['2'])
    assert.equal((await apply(third, { allowDestructive: true })).complete, true)
  })

  test('go on where they broke off', async (context) => {
    const { at, plan, apply, status } = await setting(server, context)
    await plan(first)
    await apply(first)
    await at.run(insert('shop.item', 3, { name: "'n' || n" }))
    await plan(second)
    for (let crashes = 1; crashes < 9; crashes++) {
      let seen = 0
      const onSection = (): void => {
        if (++seen === 2) throw new Crash()
      }
      const outcome = await apply(second, { onSection }).catch((error: unknown) => error)
      if (!(outcome instanceof Crash)) break
      assert.equal((await status(second)).files.at(-1)?.state, 'partial')
    }
    assert.deepEqual(await at.remains(second), { steps: [], notes: [] })
    assert.deepEqual(await at.rows('select count(*), sum(stock) from shop.item'), ['3|0'])
  })

  test('build an index again whose build broke off', async (context) => {
    const { at, plan, apply } = await setting(server, context)
    await plan(first)
    await apply(first)
    await at.run(insert('shop.item', 3, { name: "'n' || n" }))
    await plan(second)
    const onSection = (_: string, { sql }: { sql: string }): void => {
      if (sql.includes('concurrently')) throw new Crash()
    }
    await assert.rejects(apply(second, { onSection }), Crash)
    await at.run("update shop.item set title = 'same'")
    const build = 'create unique index concurrently item__title__unique on shop.item (title)'
    await assert.rejects(at.run(build))
    await at.run('update shop.item set title = left(id::text, 20)')
    assert.equal((await apply(second)).complete, true)
  })

  test('look at the data first, and say the cure', async (context) => {
    const { at, plan, apply } = await setting(server, context)
    await plan(first)
    await apply(first)
    await plan(second)
    await at.run(insert('shop.item', 3, { name: "'same'" }))
    await assert.rejects(apply(second), /3 records of item share their title.*Then apply again/)
    await at.run('update shop.item set title = id::text::varchar(20)')
    assert.equal((await apply(second)).complete, true)
  })

  test('are refused when edited after they ran, and drift is seen', async (context) => {
    const { at, plan, apply, status, directory } = await setting(server, context)
    const { file = '' } = await plan(first)
    await apply(first)
    await at.run('alter table shop.item drop constraint item__name__length')
    const drifted = await status(first)
    assert.equal(drifted.drifted, true)
    assert.match(
      drifted.lines.join('\n'),
      /changed by hand[\s\S]*Adds the check item__name__length/,
    )
    await writeFile(join(directory, file), '-- nothing\nselect 1;\n')
    assert.equal((await status(first)).files[0]?.state, 'edited')
    await assert.rejects(apply(first), /was edited after it ran/)
  })

  test('production refuses to start behind its declaration, not ahead of it', async (context) => {
    const { at } = await setting(server, context)
    await at.follow(first)
    const require = (models: LooseModels) =>
      requireSchema({ database: at.database, catalog: declare(models) })
    await require(first)
    await assert.rejects(require(second), /lacks what is declared.*plinth migrate plan/)
    await at.follow({ item: model({ ...first.item?.fields, more: text({ optional: true }) }) })
    await require(first)
  })
})
