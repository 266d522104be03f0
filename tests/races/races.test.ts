import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { plantSabotages } from '../../packages/plinth/src/base/failpoint.ts'
import { isRight, runRaces } from './races.ts'

afterEach(() => plantSabotages([]))

test('of fifty at once exactly the limit gets through, whatever is limited', async () => {
  const outcomes = await runRaces()
  assert.equal(outcomes.length, 14)
  assert.deepEqual(
    outcomes.filter((outcome) => !isRight(outcome)),
    [],
  )
})

test('who looks first and takes then is caught, at each limited thing', async () => {
  plantSabotages(['two-step-take'])
  // What the database itself holds is taken away as well.
  const outcomes = await runRaces({
    words: ['committed', 'key', 'unique', 'sign-in'],
    without: `drop index market.badge__code__unique;
      alter table plinth.idempotency drop constraint idempotency_pkey`,
  })
  assert.equal(outcomes.length, 9)
  assert.deepEqual(
    outcomes.filter(isRight).map(({ name }) => name),
    [],
  )
})
