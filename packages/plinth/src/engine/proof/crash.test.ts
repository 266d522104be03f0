import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { randomFraction } from '../../base/ids.ts'
import { sleep } from '../../base/time.ts'
import { onOwnServers, say } from '../../database/proof/servers.ts'
import type { CrashTask } from './crash-app.ts'
import { type Desk, openDesk } from './desk.ts'

const workers = [0, 1, 2]
const rounds = 11

onOwnServers('a process killed in the middle of its commits', (server) => {
  test('loses nothing it acknowledged, and does nothing twice', async (context) => {
    const desk = await openDesk(server, context)
    const acknowledged = new Map<string, string>()
    let kills = 0
    for (let round = 0; round < rounds; round++) {
      await Promise.all(workers.map((worker) => runAndKill(desk, worker, acknowledged)))
      kills += workers.length
    }
    assert.ok(kills >= 30)
    assert.ok(acknowledged.size > kills, `${acknowledged.size} notes were acknowledged`)
    const rows = await notes(desk)
    for (const [title, id] of acknowledged) assert.deepEqual(rows.get(title), [id], title)
    const twice = [...rows].filter(([, ids]) => ids.length > 1)
    assert.deepEqual(twice, [])
    const doubtful = [...rows.keys()].filter((title) => !acknowledged.has(title))
    for (const title of doubtful) {
      const { ada } = desk
      const input = { title, ownerId: ada.id }
      const reply = await desk.call(ada, 'note.create', { input, idempotencyKey: title })
      assert.deepEqual([reply.replayed, reply.id], [true, rows.get(title)?.[0]])
    }
  })
})

/** Runs one process until it is killed, at a moment that nobody chose. */
async function runAndKill(
  { tested, ada }: Desk,
  worker: number,
  acknowledged: Map<string, string>,
): Promise<void> {
  let from = 0
  while (acknowledged.has(`${worker}-${from}`)) from += 1
  const task: CrashTask = { address: tested.database, worker, from, ownerId: ada.id }
  const program = join(import.meta.dirname, 'crash-app.ts')
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  const begun = new Promise<void>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString()
      resolve()
    })
  })
  const ended = once(child, 'close')
  await Promise.race([begun, ended])
  await sleep(randomFraction() * 60)
  child.kill('SIGKILL')
  const [, signal] = await ended
  assert.equal(signal, 'SIGKILL', 'it did not end by itself')
  for (const line of text.split('\n').slice(0, -1)) {
    const [title = '', id = ''] = line.split(' ')
    assert.equal(acknowledged.get(title) ?? id, id, 'one key has one reply')
    acknowledged.set(title, id)
  }
}

async function notes(desk: Desk): Promise<ReadonlyMap<string, readonly string[]>> {
  const database = await desk.raw()
  const { rows } = await database.query(say('select title, id from desk.note'))
  const found = new Map<string, string[]>()
  for (const [title, id] of rows) {
    found.set(title ?? '', [...(found.get(title ?? '') ?? []), id ?? ''])
  }
  return found
}
