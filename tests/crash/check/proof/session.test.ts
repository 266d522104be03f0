import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSessions, type SessionStep } from '../session.ts'

function kinds(...steps: readonly Partial<SessionStep>[]): readonly string[] {
  const whole = steps.map((step, at): SessionStep => {
    return { id: `s${at}`, session: 1, begunAt: at, saw: [], added: [], ...step }
  })
  return checkSessions(whole).map(({ kind }) => kind)
}

const saw = (...values: readonly number[]) => ({ saw: [{ key: 'x', values }] })
const adds = (value: number) => ({ added: [{ key: 'x', value }] })

test('a view that grows is fine, one that shrinks or changes is not', () => {
  assert.deepEqual(kinds(saw(), saw(1), saw(1), saw(1, 2)), [])
  assert.deepEqual(kinds(saw(1, 2), saw(1)), ['view went back'])
  assert.deepEqual(kinds(saw(1, 2), saw(2, 1)), ['view went back'])
  assert.deepEqual(kinds(saw(1, 2), { ...saw(1), session: 2 }), [], 'another may be behind')
  assert.deepEqual(kinds({ ...saw(1, 2), begunAt: 9 }, saw(1)), [], 'in the order of their times')
})

test('what a session has added it sees from then on', () => {
  assert.deepEqual(kinds(adds(7), saw(1, 7)), [])
  assert.deepEqual(kinds(adds(7), saw(1)), ['own write unseen'])
  assert.deepEqual(kinds(adds(7), { ...saw(1), session: 2 }), [])
  assert.deepEqual(kinds({ ...saw(1), ...adds(7) }), [], 'it saw before it added')
  assert.deepEqual(kinds(adds(7), { saw: [{ key: 'y', values: [] }] }), [])
})
