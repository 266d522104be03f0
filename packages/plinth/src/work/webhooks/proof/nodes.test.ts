import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openApp } from '../../../app/compose.ts'
import { base64url, randomBytes } from '../../../base/ids.ts'
import { limits } from '../../../base/limits.ts'
import { sleep, systemClock } from '../../../base/time.ts'
import type { DatabaseAddress } from '../../../database/database.ts'
import { openReceiver, saying } from './receiver.ts'
import { openShop, store } from './shop.ts'

/** A process that delivers, until the end of the test. */
async function nodeProcess(t: TestContext, database: DatabaseAddress, secret: string) {
  const file = join(import.meta.dirname, 'node-process.ts')
  const child = spawn(
    process.execPath,
    ['--conditions=source', file, JSON.stringify(database), secret],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(async () => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  })
  await once(child.stdout, 'data')
}

test('what an endpoint asks for holds over all nodes: at once, and in a minute', async (t) => {
  const held: (() => void)[] = []
  const slow = await openReceiver(t, (response) => {
    held.push(() => response.writeHead(204).end())
  })
  const line = await openReceiver(t, (response) => {
    setTimeout(() => response.writeHead(204).end(), 5)
  })
  const rare = await openReceiver(t)
  const shop = await openShop(t, { startMs: systemClock.now() })
  const { database } = shop
  const secret = base64url(randomBytes(32))
  const setup = { database, secret, production: false, schema: 'settled' } as const
  const node = await openApp(store, setup)
  t.after(() => node.close())
  const ann = await shop.user()
  const caller = { is: 'user', id: ann.id, roles: new Set<string>() } as const
  const about = { as: { caller }, remoteAddress: '', traceId: '0'.repeat(32) }
  const add = (input: object) => node.invoke({ ...about, operation: 'webhooks.addEndpoint', input })
  // More than one owner has on one node, so that both of them deliver.
  await add({ url: slow.url, concurrency: 30 })
  await add({ url: line.url, order: 'fifo' })
  await add({ url: rare.url, perMinute: 4 })
  const beganMs = systemClock.now()
  const orders = 140
  await Promise.all([nodeProcess(t, database, secret), nodeProcess(t, database, secret)])
  for (let order = 0; order < orders; order++) await shop.order(`o${order}`, ann)
  // One node alone keeps half of its places for others: what is more, the other one has.
  const half = limits.deliveriesAtOnce / 2
  while (slow.atOnce() <= half) await sleep(20)
  await sleep(300)
  const most = slow.atOnce()
  slow.answer = saying(204)
  for (const release of held) release()
  while (slow.calls.length < orders || line.calls.length < orders) await sleep(50)
  assert.equal(slow.calls.length, orders, 'each once')
  assert.ok(most <= 30, `${most} at once: as it asked for, and not so many for each node`)
  assert.equal(line.atOnce(), 1, 'one after another')
  const minutes = 2 + Math.floor((systemClock.now() - beganMs) / 60_000)
  assert.ok(rare.calls.length >= 4, `${rare.calls.length} calls`)
  assert.ok(rare.calls.length <= 4 * minutes, `${rare.calls.length} in ${minutes} minutes begun`)
})
