import assert from 'node:assert/strict'
import { test } from 'node:test'
import { app, integer, kit, text } from '../../../index.ts'
import { testApp } from '../../../testing.ts'
import type { LogEntry } from '../../runtime.ts'
import { TwoSteps } from './two-steps.ts'

const bank = kit('bank', {
  models: { account: { fields: { owner: text(), balance: integer({ default: 0 }) }, access: {} } },
})

function watch(isolation: string) {
  const entries: LogEntry[] = []
  const log = (entry: LogEntry) => void entries.push(entry)
  return { entries, steps: new TwoSteps({ name: 'bank.pay', isolation, log }) }
}

test('a number that is read and then written is told of, once, with the cure', async (context) => {
  const its = await testApp(app({ title: 'Bank', kits: [bank] }))
  context.after(() => its.close())
  const model = its.running.catalog.models.get('account')
  assert.ok(model)
  const record = { id: 'a', owner: 'ann', balance: 5 }
  const { entries, steps } = watch('read committed')
  steps.read(model, [record])
  steps.write(model, 'a', { balance: 4 })
  steps.read(model, [{ ...record, id: 'b' }])
  steps.write(model, 'b', { balance: 4 })
  assert.equal(entries.length, 1)
  assert.equal(entries[0]?.level, 'error')
  assert.match(entries[0]?.message ?? '', /bank\.pay reads account\.balance .* takeWithinLimit/)
  const milder = watch('serializable')
  milder.steps.read(model, [record])
  milder.steps.write(model, 'a', { balance: 4 })
  assert.equal(milder.entries[0]?.level, 'warning')
})

test('what is locked, new, or no number is nobody’s business', async (context) => {
  const its = await testApp(app({ title: 'Bank', kits: [bank] }))
  context.after(() => its.close())
  const model = its.running.catalog.models.get('account')
  assert.ok(model)
  const { entries, steps } = watch('serializable')
  const record = { id: 'a', owner: 'ann', balance: 5 }
  steps.hold(model, 'a')
  steps.read(model, [record])
  steps.write(model, 'a', { balance: 4 })
  steps.read(model, [{ ...record, id: 'b' }])
  steps.write(model, 'b', { owner: 'bob' })
  steps.write(model, 'c', { balance: 1 })
  assert.deepEqual(entries, [])
})
