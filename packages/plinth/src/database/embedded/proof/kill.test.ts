/** Owns the proofs of dying: nothing outlives us, nothing acknowledged is lost, at once again. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { monotonicMs, sleep } from '../../../base/time.ts'
import { openDatabase } from '../../open.ts'
import { isAlive } from '../processes.ts'
import { startEmbedded } from '../server.ts'
import { runApp, scratch } from './apps.ts'

const log = (): void => undefined

async function endsWithin(pid: number, waitMs: number): Promise<boolean> {
  const startMs = monotonicMs()
  while (isAlive(pid) && monotonicMs() - startMs < waitMs) await sleep(10)
  return !isAlive(pid)
}

test('kill -9 of the app: PostgreSQL follows by itself', async (context) => {
  const app = runApp(context, { directory: await scratch(context) })
  const pid = Number((await app.message('pid')).pid)
  assert.ok(isAlive(pid))
  app.child.kill('SIGKILL')
  assert.ok(await endsWithin(pid, 20_000))
})

test('kill -9 while rows are stored: each acknowledged row is there', async (context) => {
  const directory = await scratch(context)
  const app = runApp(context, { directory, mode: 'store' })
  await app.message('stored')
  const stored = () => app.messages.map(({ stored: id }) => id).filter(Number.isInteger)
  while (stored().length <= 20) await sleep(20)
  app.child.kill('SIGKILL')
  await app.gone
  const startMs = monotonicMs()
  const server = await startEmbedded({ directory, log })
  context.after(() => server.stop())
  assert.ok(monotonicMs() - startMs < 15_000, 'the lock is recovered at once')
  const database = await openDatabase(server.address)
  context.after(() => database.close())
  const { rows } = await database.query({ text: 'select id from public.kept', values: [] })
  const kept = new Set(rows.map(([id]) => Number(id)))
  assert.deepEqual(
    stored().filter((id) => !kept.has(Number(id))),
    [],
  )
})

test('the app and its PostgreSQL killed together: the next start recovers', async (context) => {
  const directory = await scratch(context)
  const app = runApp(context, { directory, mode: 'store' })
  const pid = Number((await app.message('pid')).pid)
  await app.message('stored')
  app.child.kill('SIGKILL')
  process.kill(pid, 'SIGKILL')
  await app.gone
  const server = await startEmbedded({ directory, log })
  context.after(() => server.stop())
  const database = await openDatabase(server.address)
  const { rows } = await database.query({ text: 'select count(*) from public.kept', values: [] })
  assert.ok(Number(rows[0]?.[0]) > 0)
  await database.close()
})

test('SIGTERM stops both in order', async (context) => {
  const app = runApp(context, { directory: await scratch(context) })
  const pid = Number((await app.message('pid')).pid)
  app.child.kill('SIGTERM')
  await app.gone
  assert.equal(app.child.exitCode, 0)
  assert.ok(!isAlive(pid))
})

test('Ctrl-C in the terminal reaches the app only', async (context) => {
  const server = await startEmbedded({ directory: await scratch(context), log })
  context.after(() => server.stop())
  // A terminal signals the whole process group: the server must not be in ours.
  assert.notEqual(groupOf(server.pid), groupOf(process.pid))
  assert.doesNotThrow(() => process.kill(-server.pid, 0), 'the server leads its own group')
})

test('the end of PostgreSQL itself is reported and frees the directory', async (context) => {
  const directory = join(await scratch(context), 'data')
  const server = await startEmbedded({ directory, log })
  process.kill(server.pid, 'SIGKILL')
  assert.deepEqual(await server.exited, { expected: false, how: 'SIGKILL' })
  const again = await startEmbedded({ directory, log })
  await again.stop()
})

function groupOf(pid: number): number {
  const shown = spawnSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }).stdout
  return Number(shown.trim())
}
