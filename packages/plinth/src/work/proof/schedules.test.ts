import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { catalogOf, openApp } from '../../app/compose.ts'
import { app } from '../../define/kit.ts'
import { kit } from '../../index.ts'
import { testApp } from '../../testing/test-app.ts'
import { nextTick, ticksBetween } from '../schedules/ticks.ts'
import { deskApp, rowsOf } from './desk.ts'

const hourMs = 3_600_000
const shop = await testApp(deskApp)
after(() => shop.close())
const { database } = shop.running.runtime
const fired = async (): Promise<(string | null)[]> =>
  (await rowsOf(database, 'select text from desk.note order by text')).flat()

beforeEach(async () => {
  await shop.drain()
  await database.query({ text: 'delete from desk.note', values: [] })
})

test('each tick is one run; what was missed follows the policy', async () => {
  shop.clock.advance(hourMs)
  await shop.drain()
  await shop.drain()
  const at = '2026-01-01T01:00:00Z'
  assert.deepEqual(await fired(), [`all ${at}`, `once ${at}`, `skip ${at}`])
  shop.clock.advance(3 * hourMs + 120_000)
  await shop.drain()
  assert.deepEqual(await fired(), [
    ...[1, 2, 3, 4].map((hour) => `all 2026-01-01T0${hour}:00:00Z`),
    ...[`once ${at}`, 'once 2026-01-01T04:00:00Z', `skip ${at}`],
  ])
})

test('a clock that jumps fires no tick twice, and none is silent for ever', async () => {
  const start = shop.clock.now()
  shop.clock.set(start - (start % hourMs) + hourMs)
  await shop.drain()
  const first = await fired()
  assert.equal(first.length, 3)
  shop.clock.advance(-10_000)
  await shop.drain()
  shop.clock.advance(10_000)
  await shop.drain()
  assert.deepEqual(await fired(), first, 'the same hour again')
  shop.clock.advance(300 * 24 * hourMs)
  await shop.drain()
  shop.clock.advance(-300 * 24 * hourMs)
  await shop.drain()
  shop.clock.advance(hourMs)
  await shop.drain()
  const texts = await fired()
  assert.equal(new Set(texts).size, texts.length)
  const next = new Date(shop.clock.now()).toISOString().replace('.000', '')
  assert.ok(texts.includes(`skip ${next}`), 'the next hour is fired, though a later one was')
})

test('two nodes fire a tick once', async () => {
  const setup = {
    ...{ database: shop.database, secret: 'x'.repeat(43), production: false },
    ...({ work: 'manual', schema: 'settled' } as const),
  }
  const other = await openApp(deskApp, setup, { clock: shop.clock })
  try {
    for (let round = 0; round < 5; round++) {
      shop.clock.advance(hourMs)
      await Promise.all([shop.drain(), other.worker.runDue()])
    }
    await shop.drain()
    const texts = await fired()
    assert.equal(texts.filter((text) => text?.startsWith('once')).length, 5)
    assert.equal(new Set(texts).size, texts.length)
  } finally {
    await other.close()
  }
})

test('what is paused fires nowhere and makes up for nothing; it can be run', async () => {
  const { operating } = shop.running
  const name = 'desk.all'
  await operating.pauseSchedule(name)
  const since = shop.clock.now()
  shop.clock.advance(3 * hourMs)
  await shop.drain()
  assert.ok(!(await fired()).some((text) => text?.startsWith('all')), 'paused')
  assert.ok(
    (await fired()).some((text) => text?.startsWith('once')),
    'others go on',
  )
  const seen = async () => (await operating.schedules()).find((one) => one.name === name)
  assert.equal(Date.parse((await seen())?.pausedAt ?? ''), since)
  assert.equal((await seen())?.nextTick, null)
  const job = await operating.runSchedule(name)
  await shop.drain()
  assert.equal((await operating.job(job)).state, 'done')
  const texts = await fired()
  const [at] = new Date(shop.clock.now()).toISOString().split('.')
  assert.deepEqual(
    texts.filter((text) => text?.startsWith('all')),
    [`all ${at}Z`],
  )
  // Nobody was there to pass over what came in between.
  shop.clock.advance(2 * hourMs)
  assert.equal(await operating.resumeSchedule(name), true)
  assert.equal(await operating.resumeSchedule(name), false)
  await shop.drain()
  assert.equal((await fired()).filter((text) => text?.startsWith('all')).length, 1)
  shop.clock.advance(hourMs)
  await shop.drain()
  assert.equal((await fired()).filter((text) => text?.startsWith('all')).length, 2)
  for (const verb of ['pauseSchedule', 'resumeSchedule', 'runSchedule'] as const) {
    await assert.rejects(operating[verb]('desk.al'), /did you mean desk.all/)
  }
})

test('days of a time zone: a lost hour, and one that comes twice', () => {
  const daily = { cron: '30 1 * * *', timeZone: 'Europe/London' }
  const from = (text: string, count: number, timing = daily): string[] => {
    let at = Date.parse(text)
    return Array.from({ length: count }, () => {
      at = nextTick(timing, at) ?? Number.NaN
      return new Date(at).toISOString().slice(5, 16)
    })
  }
  // 01:30 does not exist on 29 March, and exists twice on 25 October.
  assert.deepEqual(from('2026-03-28T02:00:00Z', 2), ['03-29T01:00', '03-30T00:30'])
  assert.deepEqual(from('2026-10-24T12:00:00Z', 2), ['10-25T00:30', '10-26T01:30'])
  const half = { cron: '*/30 * * * *', timeZone: 'Europe/London' }
  const halves = from('2026-10-25T00:00:00Z', 3, half)
  assert.deepEqual(halves, ['10-25T00:30', '10-25T01:00', '10-25T01:30'], 'time goes on')
  const year = { afterMs: 0, upToMs: Date.parse('2026-01-01T00:00:00Z'), most: 3 }
  const last = ticksBetween({ cron: '* * * * * *', timeZone: 'UTC' }, year)
  assert.deepEqual(
    last.map((at) => new Date(at).toISOString().slice(11, 19)),
    ['23:59:58', '23:59:59', '00:00:00'],
  )
})

test('a time that means nothing is a mistake of the declaration', () => {
  const bad = kit('bad', { models: {} })
  bad.schedule('text', { cron: 'every day', async run() {} })
  bad.schedule('zone', { cron: '0 3 * * *', timeZone: 'Mars/Base', async run() {} })
  bad.schedule('never', { cron: '0 0 31 2 *', async run() {} })
  assert.throws(
    () => catalogOf(app({ kits: [bad] })),
    (error: Error) => {
      assert.match(error.message, /bad\.text/)
      const problems = (error as Error & { problems: { detail: string }[] }).problems
      assert.equal(problems.length, 3, JSON.stringify(problems))
      return true
    },
  )
})
