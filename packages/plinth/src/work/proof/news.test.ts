import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { monotonicMs, sleep } from '../../base/time.ts'
import type { Database, DedicatedSession, Query } from '../../database/database.ts'
import { appendEvents } from '../../effects/events/append.ts'
import { PendingEffects } from '../../engine/logic/effects.ts'
import { testApp } from '../../testing/test-app.ts'
import { positionChore } from '../events/sequence.ts'
import { Waker } from '../waker.ts'
import { Worker } from '../worker.ts'
import { deskApp } from './desk.ts'

const shop = await testApp(deskApp)
after(() => shop.close())
const { runtime } = shop.running
const { database, catalog, clock, newId } = runtime
const silent = { subject: null, traceId: 't', caller: { is: 'anonymous' } } as const

test('an event is news of a job only where somebody handles it', () => {
  const newsOf = (type: string): string | undefined => {
    const effects = new PendingEffects()
    effects.events.push({ ...silent, id: '', data: '{}', type })
    return effects.newsFor(catalog.logic)
  }
  assert.equal(new PendingEffects().newsFor(catalog.logic), undefined)
  assert.ok(catalog.logic.handlersOf.has('desk.said'))
  assert.equal(newsOf('desk.said'), 'jobs')
  assert.equal(newsOf('desk.nobodyHandlesThis'), 'events')
  const stored = new PendingEffects()
  stored.storedAtOnce = true
  assert.equal(stored.newsFor(catalog.logic), 'jobs')
})

test('news of events alone: positions are given soon, and nobody looks for jobs', async (t) => {
  const asked: string[] = []
  const now = new Date(clock.now()).toISOString()
  const waker = new Waker(database)
  const watched = { ...runtime, database: watching(database, asked) }
  const worker = new Worker({
    ...{ runtime: watched, waker, runners: new Map() },
    // Nothing finds them but the word: the next pass by itself comes in an hour.
    chores: [{ ...positionChore, everyMs: 3_600_000 }],
  })
  t.after(() => worker.drain())
  worker.start()
  await worker.registered
  while (!asked.includes('plinth_job_settle')) await sleep(5)
  await sleep(50)
  asked.length = 0
  const startMs = monotonicMs()
  for (let count = 0; count < 200; count++) {
    await database.transaction((session) => {
      const data = JSON.stringify({ text: `${count}` })
      const event = { ...silent, id: newId(), type: 'desk.said', data }
      return appendEvents(session, [event], { logic: catalog.logic, newId, now })
    })
    waker.wake('events')
  }
  const waiting = async (): Promise<boolean> => {
    const text = 'select 1 from plinth.event where position is null limit 1'
    return (await database.query({ text, values: [] })).count > 0
  }
  for (let count = 0; count < 1_500 && (await waiting()); count++) await sleep(20)
  assert.equal(await waiting(), false)
  const tookMs = monotonicMs() - startMs
  const passes = asked.filter((name) => name === 'plinth_unseen').length
  const told = `in ${tookMs.toFixed(0)} ms: ${passes} passes`
  // One every 20 ms at most, however long the machine takes for all of them.
  assert.ok(passes >= 1 && passes <= tookMs / 20 + 2, told)
  // One a second, as without any news: its moment may fall just before and just after.
  const looks = asked.filter((name) => name === 'plinth_job_settle').length
  assert.ok(looks <= tookMs / 900 + 2, `${told}, ${looks} looks for jobs`)
})

/** The database, and a note of what is asked on connections of one's own. */
function watching(real: Database, asked: string[]): Database {
  const noting = (session: DedicatedSession): DedicatedSession => ({
    query: (query: Query) => {
      asked.push(query.name ?? query.text)
      return session.query(query)
    },
    script: (text) => session.script(text),
    listen: (channel, onMessage) => session.listen(channel, onMessage),
    lost: session.lost,
  })
  return {
    query: (query) => real.query(query),
    transaction: (work, options) => real.transaction(work, options),
    dedicated: (work) => real.dedicated((session) => work(noting(session))),
    follow: (following) => real.follow(following),
    close: () => real.close(),
  }
}
