/** Proves that a room forgets those who were with a node that was killed. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { limits } from '../../packages/plinth/src/base/limits.ts'
import { monotonicMs } from '../../packages/plinth/src/base/time.ts'
import { openSocket } from '../../packages/plinth/src/live/proof/socket-client.ts'
import { openStreet } from './street.ts'

const timeout = 120_000

test('a node is killed: its people leave the room within the lease', {
  timeout,
}, async (context) => {
  const street = await openStreet(context)
  const { database } = street
  const script = join(import.meta.dirname, 'killed.ts')
  const now = String(street.clock.now())
  const options = ['--conditions=source', script, JSON.stringify(database), now]
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  context.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const tokens = [
    await street.tokenOf(await street.user()),
    await street.tokenOf(await street.user()),
  ]
  const joining = { type: 'join', id: 'r', channel: 'street.square', params: { name: 'a' } }
  const here = await street.socket()
  const there = await openSocket(line.toString().trim(), {})
  context.after(() => {
    here.destroy()
    there.destroy()
  })
  for (const [at, socket] of [here, there].entries()) {
    socket.say({ type: 'authenticate', token: tokens[at] })
    socket.say(joining)
  }
  const room = here.thread('r')
  const count = () => {
    const members = new Set<unknown>()
    for (const { type, data } of room.told) {
      if (type === 'joined') members.clear()
      for (const { member } of (data.present ?? []) as { member: string }[]) members.add(member)
      if (type !== 'presence') continue
      if (data.is === 'leave') members.delete(data.member)
      else members.add(data.member)
    }
    return members.size
  }
  await room.until('they see each other', () => count() === 2, 30_000)
  const killedMs = monotonicMs()
  child.kill('SIGKILL')
  await once(child, 'exit')
  // It looks every few seconds whose lease is over.
  const mostMs = limits.channelLeaseMs + 2 * limits.channelBeatMs
  await room.until('the one who was there is gone', () => count() === 1, 3 * mostMs)
  assert.equal(room.told.at(-1)?.data.is, 'leave')
  assert.ok(monotonicMs() - killedMs > limits.channelBeatMs, 'not for a word that came late')
})
