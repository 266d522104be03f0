import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PostOutcome } from '../../outbound/post.ts'
import { isGivenUp, stepAfter, webhookDelaysMs } from './course.ts'

const nowMs = Date.parse('2026-01-01T00:00:00Z')
const dayMs = 86_400_000

function outcome(status: number | undefined, more: Partial<PostOutcome> = {}): PostOutcome {
  return {
    ...{ is: status === undefined ? 'failed' : 'answered', status, detail: '', answer: '' },
    ...{ retryAfter: undefined, latencyMs: 1 },
    ...more,
  }
}

test('2xx is success, 410 is gone, everything else is tried again', () => {
  for (const status of [200, 201, 204, 299]) {
    assert.equal(stepAfter(outcome(status), 1, nowMs).is, 'delivered')
  }
  assert.equal(stepAfter(outcome(410), 1, nowMs).is, 'gone')
  for (const status of [101, 301, 307, 400, 401, 404, 429, 500, 503, undefined]) {
    assert.equal(stepAfter(outcome(status), 1, nowMs).is, 'again', String(status))
  }
  assert.equal(stepAfter(outcome(undefined, { is: 'timed_out' }), 1, nowMs).is, 'again')
  assert.equal(stepAfter(outcome(undefined, { is: 'refused' }), 1, nowMs).is, 'dead')
})

test('the delays are those of the standard, over three days, with jitter', () => {
  const totalMs = webhookDelaysMs.reduce((sum, delay) => sum + delay, 0)
  assert.ok(totalMs > 3 * dayMs && totalMs < 3.5 * dayMs)
  const waits = webhookDelaysMs.map((_, index) => {
    const step = stepAfter(outcome(500), index + 1, nowMs)
    return step.is === 'again' ? step.afterMs : 0
  })
  waits.forEach((waitMs, index) => {
    const delayMs = webhookDelaysMs[index] ?? 0
    assert.ok(waitMs >= 0.9 * delayMs && waitMs <= 1.1 * delayMs)
  })
  assert.equal(stepAfter(outcome(500), webhookDelaysMs.length + 1, nowMs).is, 'dead')
  const some = new Set(
    Array.from({ length: 20 }, () => JSON.stringify(stepAfter(outcome(500), 9, nowMs))),
  )
  assert.ok(some.size > 10)
})

test('Retry-After is heeded, as seconds or as a date, up to a day', () => {
  const after = (retryAfter: string): number => {
    const step = stepAfter(outcome(503, { retryAfter }), 1, nowMs)
    return step.is === 'again' ? step.afterMs : -1
  }
  assert.equal(after('120'), 120_000)
  assert.equal(after('Thu, 01 Jan 2026 01:00:00 GMT'), 3_600_000)
  assert.equal(after('999999999'), dayMs)
  for (const nothing of ['soon', '-5', 'Thu, 01 Jan 2015 01:00:00 GMT', '1e9']) {
    assert.ok(after(nothing) < 6_000, nothing)
  }
})

test('an endpoint is given up after five days of nothing but failures', () => {
  assert.equal(isGivenUp(null, nowMs), false)
  assert.equal(isGivenUp('2025-12-28T00:00:00Z', nowMs), false)
  assert.equal(isGivenUp('2025-12-27T00:00:00Z', nowMs), true)
})
