import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { clearAway } from '../../../../app/housekeeping.ts'
import { systemClock } from '../../../../base/time.ts'
import { openDesk } from '../desk.ts'
import { behaviour, desk, parent, undone, word } from './family.ts'

const app = await openDesk(desk)
after(() => app.close())
const { runtime, workflows } = app.running

beforeEach(async () => {
  behaviour.undoing = () => undefined
  await runtime.database.query({ text: 'delete from desk.mark', values: [] })
})

/** The parent with both children completed, waiting for its word. */
async function grown(): Promise<string> {
  const { id } = await app.start(parent, {})
  await app.drain()
  return id
}

async function statesOf(name: string): Promise<readonly string[]> {
  const found = await workflows.list({ name })
  return found.map(({ state }) => state)
}

test('children that have completed are undone with their parent, latest first', async () => {
  const id = await grown()
  await app.signal(id, word, { say: 'fail' })
  await app.drain()
  assert.equal((await app.row(id)).state, 'failed')
  assert.deepEqual(await app.marks(), undone)
  const shown = await workflows.get(id)
  const undos = shown?.steps.map(({ name, undo }) => `${name} ${undo}`)
  assert.deepEqual(undos, [
    ...['first done', 'a done', 'plain done', 'between done', 'b done', 'word null'],
  ])
  assert.deepEqual(await statesOf('desk.child'), ['cancelled', 'cancelled'])
  assert.deepEqual(await statesOf('desk.plain'), ['completed'], 'it has nothing to undo')
  const [one] = await workflows.list({ name: 'desk.child' })
  assert.equal(one?.reason, 'What it was part of is undone: it was not wanted')
})

test('a child that cannot be undone holds what was done before, until somebody helps', async () => {
  let failing = true
  behaviour.undoing = (what) => {
    if (what === 'a 2' && failing) throw new Error('a is down')
  }
  const id = await grown()
  await workflows.cancel(id)
  // All of its ten attempts.
  for (let round = 0; round < 12; round++) {
    await app.drain()
    app.clock.advance(3_600_000)
  }
  assert.deepEqual(await app.marks(), undone.slice(0, 4))
  const [parked] = await workflows.list({ name: 'desk.child', state: 'parked' })
  assert.match(parked?.reason ?? '', /Undoing "two" failed 10 times.* a is down/)
  assert.equal((await app.row(id)).state, 'undoing')
  failing = false
  await workflows.retry(parked?.id ?? '')
  await app.drain()
  assert.equal((await app.row(id)).state, 'cancelled')
  assert.deepEqual(await app.marks(), undone)
})

test('processes that die while they undo leave nothing out and do nothing twice', async () => {
  const id = await grown()
  await app.signal(id, word, { say: 'fail' })
  for (const last of ['b g', 'between', 'a 2', 'first']) {
    assert.equal(await dyingProcess(last), 'SIGKILL')
    assert.deepEqual(await app.marks(), undone.slice(0, undone.indexOf(`undo ${last}`)))
  }
  // The processes went by the machine's clock.
  app.clock.set(systemClock.now() + 60_000)
  // Each death puts what died off for a while, by chance for longer than another.
  for (let round = 0; round < 30 && (await app.row(id)).state === 'undoing'; round++) {
    await app.drain()
    app.clock.advance(60_000)
  }
  assert.equal((await app.row(id)).state, 'failed')
  assert.deepEqual(await app.marks(), undone)
})

/** Runs the family until it is to undo something, and dies of it. */
async function dyingProcess(last: string): Promise<string | null> {
  const file = join(import.meta.dirname, 'family-process.ts')
  const args = ['--conditions=source', file, JSON.stringify(app.database), last]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const late = setTimeout(() => child.kill('SIGTERM'), 20_000)
  try {
    return await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  } finally {
    clearTimeout(late)
  }
}

test('a child is kept as long as its parent may have to undo it', async () => {
  app.clock.set(Math.max(app.clock.now(), systemClock.now()) + 40 * 86_400_000)
  await clearAway(runtime)
  const id = await grown()
  app.clock.advance(40 * 86_400_000)
  await clearAway(runtime)
  assert.equal((await statesOf('desk.plain')).length, 1)
  await app.signal(id, word, { say: 'on' })
  await app.drain()
  app.clock.advance(40 * 86_400_000)
  await clearAway(runtime)
  assert.deepEqual(await workflows.list(), [])
})
