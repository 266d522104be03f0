import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../../database/database.ts'
import { Watch } from './watch.ts'

/** A session whose every statement counts so many rows. */
function counting(count: number): Session {
  return { query: () => Promise.resolve({ rows: [[String(count)]], count: 1 }) }
}

test('all workers are told of jobs that the dead have left, and of nothing else', async () => {
  let told = 0
  const returned = (): void => void told++
  const watch = new Watch({ number: 1, log: () => undefined, held: () => [], returned })
  const sweep = watch.chores.find(({ name }) => name === 'sweep')
  assert.equal(await sweep?.run(counting(0), 0), false)
  assert.equal(told, 0)
  assert.equal(await sweep?.run(counting(2), 0), true)
  assert.equal(told, 1)
})
