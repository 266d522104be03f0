/** Owns the proof that one model becomes several: no record is lost, and nobody is asked. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { integer, text } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import { applyFiles } from '../files/apply-files.ts'
import { planFile } from '../files/plan.ts'
import { declare, insert, type LooseModels, model, world } from './world.ts'

const before: LooseModels = {
  paper: model({
    kind: text(),
    number: text({ unique: true }),
    stamp: text({ optional: true }),
  }),
}
const cells = {
  kind: "case when n <= 3 then 'bill' else 'it''s a slip' end",
  number: "'n' || n",
  stamp: "case when n in (1, 2) then 's' || n end",
}
const slips = { splitFrom: { model: 'paper', where: { kind: "it's a slip" } } }
const after: LooseModels = {
  // Refers to another one that takes its records: it comes after that.
  billStamp: model(
    { bill: belongsTo('bill'), stamp: text(), ink: integer({ default: 3 }) },
    { splitFrom: { model: 'paper', where: { kind: 'bill' }, as: { billId: 'id' } } },
  ),
  bill: model({ number: text() }, { splitFrom: { model: 'paper', where: { kind: 'bill' } } }),
  slip: model({ code: text() }, { splitFrom: { ...slips.splitFrom, as: { code: 'number' } } }),
}

const never = { ask: () => assert.fail('nothing is lost') }

const found = ['bill|n1,n2,n3', 'slip|n4,n5', 'stamp|n1s1 3,n2s2 3'] as const
const question = `
  select 'bill', string_agg(number, ',' order by number) from shop.bill union all
  select 'slip', string_agg(code, ',' order by code) from shop.slip union all
  select 'stamp', string_agg(b.number || s.stamp || ' ' || s.ink, ',' order by s.stamp)
    from shop.bill_stamp s join shop.bill b on b.id = s.bill_id order by 1`

onBothServers('splits', (server) => {
  test('each takes its records with their ids, and the table goes unasked', async (context) => {
    const at = await world(server, context)
    await at.follow(before)
    await at.run(insert('shop.paper', 5, cells))
    const ids = await at.rows("select id from shop.paper where kind = 'bill' order by id")
    const { steps } = await at.follow(after, never)
    assert.ok(steps.every(({ safety }) => safety !== 'destructive'))
    assert.deepEqual(await at.rows(question), found)
    assert.deepEqual(await at.rows('select id from shop.bill order by id'), ids)
    assert.deepEqual(await at.remains(after), { steps: [], notes: [] })
    // Said for ever, done once.
    assert.equal((await at.follow(after)).changed, false)
  })

  test('a model that stays gives what it declares no more', async (context) => {
    const at = await world(server, context)
    await at.follow(before)
    await at.run(insert('shop.paper', 5, cells))
    const to: LooseModels = {
      paper: model({ kind: text(), number: text({ unique: true }) }),
      seal: model(
        { paper: belongsTo('paper', { unique: true }), wax: text({ unique: true }) },
        { splitFrom: { model: 'paper', as: { paperId: 'id', wax: 'stamp' } } },
      ),
    }
    await at.follow(to, never)
    const joined = `select p.number, s.wax from shop.seal s
      join shop.paper p on p.id = s.paper_id order by 1`
    assert.deepEqual(await at.rows(joined), ['n1|s1', 'n2|s2'])
    assert.deepEqual(await at.rows('select count(*) from shop.paper'), ['5'])
    assert.deepEqual(await at.remains(to), { steps: [], notes: [] })
  })

  test('records that nobody takes, or that lack something, are in the way', async (context) => {
    const at = await world(server, context)
    await at.follow(before)
    await at.run(insert('shop.paper', 5, cells))
    const { slip: _, ...rest } = after
    const left = await at.refused(rest, never)
    assert.match(left.detail, /2 records of shop\.paper are taken by none of bill, billStamp/)
    const slip = model({ code: text() }, slips)
    const lacking = await at.refused({ ...after, slip }, never)
    assert.match(lacking.detail, /2 records of slip would have no code, which is required/)
    const lost = await at.refused({ bill: model({ number: text() }) }, { ask: () => false })
    assert.match(lost.detail, /would lose data/)
  })

  test('a run that breaks off before the records move goes on there', async (context) => {
    const at = await world(server, context)
    await at.follow(before)
    await at.run(insert('shop.paper', 5, cells))
    class Crash extends Error {}
    const onStep = ({ summary }: { readonly summary: string }): void => {
      if (/^Moves the records of slip/.test(summary)) throw new Crash()
    }
    await assert.rejects(at.follow(after, { ...never, onStep }), Crash)
    assert.deepEqual(await at.rows('select count(*) from shop.paper'), ['5'])
    await at.follow(after, never)
    assert.deepEqual(await at.rows(question), found)
  })

  test('a migration file moves them, with no word of losing data', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'plinth-splits-'))
    context.after(() => rm(directory, { recursive: true, force: true }))
    const at = await world(server, context)
    const of = (models: LooseModels) => ({
      ...{ database: at.database, directory, catalog: declare(models) },
    })
    await planFile({ ...of(before), title: 'begin' })
    await applyFiles(of(before))
    await at.run(insert('shop.paper', 5, cells))
    const { lines } = await planFile({ ...of(after), title: 'split' })
    assert.match(lines.join('\n'), /Moves the records of slip out of shop\.paper/)
    assert.doesNotMatch(lines.join('\n'), /destructive/)
    assert.equal((await applyFiles(of(after))).complete, true)
    assert.deepEqual(await at.rows(question), found)
  })
})

test('a field that is not there is told where it is named', () => {
  const slip = model({ code: text() }, { splitFrom: { model: 'paper', as: { cod: 'number' } } })
  const told = /slip\.splitFrom\.as: .*"cod"; did you mean code/
  const isTold = (error: unknown) => error instanceof Failure && told.test(error.detail)
  assert.throws(() => declare({ slip }), isTold)
})
