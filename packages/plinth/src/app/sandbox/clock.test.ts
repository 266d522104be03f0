import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shiftedClock } from '../../base/time.ts'
import { app, kit, text } from '../../index.ts'
import { testApp } from '../../testing/test-app.ts'
import { openApp } from '../compose.ts'
import { moveSandboxClock, sandboxClock, sandboxStart, withSandboxClock } from './clock.ts'

const notes = app({ kits: [kit('notes', { models: { note: { fields: { title: text() } } } })] })
const machine = { now: () => Date.UTC(2026, 10, 21, 6) }

test('a moved clock is one for all nodes, and lasts', async (context) => {
  const { running, close } = await testApp(notes)
  context.after(close)
  const move = (by: Parameters<typeof moveSandboxClock>[1]['move']) =>
    moveSandboxClock(running, { move: by, machine, production: false })
  assert.equal(await move({ by: 'P1M' }), '2026-12-21T06:00:00Z')
  assert.equal(await move({ by: '-PT30M' }), '2026-12-21T05:30:00Z')
  const other = shiftedClock(machine)
  await sandboxStart(other)(running.runtime.database)
  const node = withSandboxClock({ ...running, close: async () => undefined }, other)
  assert.equal(other.now(), Date.UTC(2026, 11, 21, 5, 30))
  assert.equal(await move({ to: '2027-01-01T00:00:00Z' }), '2027-01-01T00:00:00Z')
  for (let wait = 0; wait < 300 && other.now() !== Date.UTC(2027, 0, 1); wait++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.equal(other.now(), Date.UTC(2027, 0, 1))
  assert.equal((await sandboxClock(running, machine)).now, '2027-01-01T00:00:00Z')
  assert.equal(await move({ reset: true }), '2026-11-21T06:00:00Z')
  await node.close()
})

test('nothing that an app does begins before its clock is set', async (context) => {
  const { running, database, close } = await testApp(notes)
  context.after(close)
  await moveSandboxClock(running, { move: { by: 'P400D' }, machine, production: false })
  const clock = shiftedClock(machine)
  const start = sandboxStart(clock)
  const setup = { secret: 's'.repeat(44), production: false, work: 'on' as const }
  const asked: boolean[] = []
  const node = await openApp(
    notes,
    { ...setup, database, schema: 'settled' },
    {
      // From here on the worker asks for the time.
      clock: { now: () => asked.push(clock.now() > machine.now()) && clock.now() },
      settled: start,
    },
  )
  await node.worker.registered
  await node.close()
  assert.ok(asked.length > 0)
  assert.ok(asked.every((moved) => moved))
})

test('what is no time, and production, are refused', async (context) => {
  const { running, close } = await testApp(notes)
  context.after(close)
  const move = (text: string, production = false) =>
    moveSandboxClock(running, { move: { by: text }, machine, production })
  await assert.rejects(move('tomorrow'), { code: 'usage', detail: /"tomorrow" is no time: .*P30D/ })
  await assert.rejects(move('P200Y'), { code: 'usage', detail: /hundred years/ })
  await assert.rejects(move('P1D', true), { code: 'configuration_invalid' })
  assert.equal((await sandboxClock(running, machine)).shiftMs, 0)
})
