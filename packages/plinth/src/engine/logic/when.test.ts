import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EnqueueOptions } from '../../define/logic/scope.ts'
import { dueAt } from './when.ts'

const nowMs = Date.parse('2026-01-31T09:00:00Z')

test('a job is due after its delay, at its instant, or at once', () => {
  const cases: readonly (readonly [EnqueueOptions, string])[] = [
    [{}, '2026-01-31T09:00:00Z'],
    [{ delayMs: 0 }, '2026-01-31T09:00:00Z'],
    [{ delayMs: -5 }, '2026-01-31T09:00:00Z'],
    [{ delayMs: 0.5 }, '2026-01-31T09:00:00.001Z'],
    [{ delayMs: 90_000 }, '2026-01-31T09:01:30Z'],
    [{ runAt: '2026-02-01T00:30:00+01:00' }, '2026-01-31T23:30:00Z'],
    [{ runAt: '2020-01-01T00:00:00Z' }, '2020-01-01T00:00:00Z'],
  ]
  for (const [options, due] of cases) assert.equal(dueAt(options, nowMs), due)
})

test('what is no time is refused with the member that is wrong', () => {
  const wrong = (options: object, pointer: string): void => {
    assert.throws(
      () => dueAt(options, nowMs),
      (failure: { code: string; problems: readonly { pointer: string }[] }) =>
        failure.code === 'invalid_input' && failure.problems[0]?.pointer === pointer,
      JSON.stringify(options),
    )
  }
  // What JavaScript takes for a date is not yet an instant.
  const dates = ['tomorrow', '2026', '2026-01-31', 'Jan 5, 2026', '', '2026-02-30T00:00:00Z', 7]
  for (const runAt of dates) wrong({ runAt }, '/runAt')
  for (const delayMs of [Number.NaN, Number.POSITIVE_INFINITY, 4e12, '5', null]) {
    wrong({ delayMs }, '/delayMs')
  }
  wrong({ delayMs: 1, runAt: '2026-01-31T00:00:00Z' }, '/delayMs')
})
