import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import { movableClock } from '../base/time.ts'
import { callLimiter, rateOf } from './limiter.ts'

function takes(run: () => unknown): 'granted' | Failure {
  try {
    run()
    return 'granted'
  } catch (error) {
    assert.ok(error instanceof Failure)
    return error
  }
}

test('so many calls a minute, each caller for itself', () => {
  const clock = movableClock()
  const limiter = callLimiter(clock, 3)
  assert.deepEqual(limiter.take('a'), {
    ...{ policy: 'calls', limit: 3, remaining: 2, resetSeconds: 60, windowSeconds: 60 },
  })
  clock.advance(20_500)
  limiter.take('a')
  assert.equal(limiter.take('a').remaining, 0)
  const refused = takes(() => limiter.take('a'))
  assert.ok(refused instanceof Failure)
  assert.equal(refused.code, 'rate_limited')
  assert.equal(refused.retryAfterSeconds, 40)
  assert.deepEqual(rateOf(refused), {
    ...{ policy: 'calls', limit: 3, remaining: 0, resetSeconds: 40, windowSeconds: 60 },
  })
  assert.equal(limiter.take('b').remaining, 2)
  clock.advance(39_499)
  assert.notEqual(
    takes(() => limiter.take('a')),
    'granted',
  )
  clock.advance(1)
  assert.equal(limiter.take('a').remaining, 2)
})

test('a clock that is set back locks nobody out', () => {
  const clock = movableClock()
  const limiter = callLimiter(clock, 1)
  limiter.take('a')
  clock.advance(-86_400_000)
  assert.equal(
    takes(() => limiter.take('a')),
    'granted',
  )
  assert.notEqual(
    takes(() => limiter.take('a')),
    'granted',
  )
})

test('more callers than can be counted cost no more memory, and the newest are counted', () => {
  const clock = movableClock()
  const limiter = callLimiter(clock, 1)
  limiter.take('first')
  for (let index = 0; index < limits.callersCountedMax; index++) limiter.take(`n${index}`)
  assert.equal(
    takes(() => limiter.take('first')),
    'granted',
    'the first one was dropped',
  )
  const last = `n${limits.callersCountedMax - 1}`
  assert.notEqual(
    takes(() => limiter.take(last)),
    'granted',
  )
})
