import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkListAppend } from '../list-append.ts'
import type { ListOperation, ListTransaction } from '../lists.ts'

/** A small generator of numbers that one seed decides (mulberry32). */
function drawing(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

interface World {
  readonly transactions: ListTransaction[]
  readonly lists: Map<string, readonly number[]>
}

interface Faults {
  /** So many of 100 reads are answered from an older state. */
  readonly stale?: number
  /** So many of 100 acknowledged appends are forgotten. */
  readonly lost?: number
}

/** A reference that runs one transaction after another, while their spans overlap. */
function serial(seed: number, count: number, faults: Faults = {}): World {
  const draw = drawing(seed)
  const lists = new Map<string, readonly number[]>()
  const older = new Map<string, readonly number[]>()
  const transactions: ListTransaction[] = []
  let value = 0
  for (let at = 0; at < count; at++) {
    // Some end without a word: they happened, or they did not.
    const fate = draw(20)
    const outcome = fate === 0 ? 'fail' : fate < 3 ? 'unknown' : 'ok'
    const happens = outcome === 'ok' || (outcome === 'unknown' && draw(2) === 0)
    const working = new Map(lists)
    const operations: ListOperation[] = []
    for (let step = draw(4); step >= 0; step--) {
      const key = `k${Math.floor(at / 40)}-${draw(3)}`
      const now = working.get(key) ?? []
      if (draw(2) === 0) {
        operations.push({ append: key, value: ++value })
        if (draw(100) >= (faults.lost ?? 0)) working.set(key, [...now, value])
      } else {
        const seen = draw(100) < (faults.stale ?? 0) ? (older.get(key) ?? []) : now
        operations.push({ read: key, list: outcome === 'ok' ? seen : undefined })
      }
    }
    const span = { begunAt: at * 10 - draw(60), endedAt: at * 10 + 1 + draw(60) }
    const endedAt = outcome === 'unknown' ? Number.POSITIVE_INFINITY : span.endedAt
    transactions.push({ id: `T${at}`, outcome, ...span, endedAt, operations })
    if (!happens) continue
    for (const [key, list] of working) {
      if (list !== lists.get(key)) older.set(key, lists.get(key) ?? [])
      lists.set(key, list)
    }
  }
  return { transactions, lists }
}

test('300 histories of a serial reference: no false alarm', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { transactions, lists } = serial(seed, 120)
    assert.deepEqual(checkListAppend(transactions, lists), [], `seed ${seed}`)
  }
})

test('the order in which a history is written down does not matter', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { transactions, lists } = serial(seed, 120)
    assert.deepEqual(checkListAppend(transactions.toReversed(), lists), [], `seed ${seed}`)
  }
})

test('reads of older states are noticed', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { transactions, lists } = serial(seed, 400, { stale: 10 })
    const found = checkListAppend(transactions, lists).map(({ kind }) => kind)
    assert.ok(found.length > 0, `seed ${seed}`)
  }
})

test('forgotten appends are noticed', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { transactions, lists } = serial(seed, 400, { lost: 3 })
    const found = checkListAppend(transactions, lists).map(({ kind }) => kind)
    assert.ok(found.includes('lost append'), `seed ${seed}: ${found}`)
  }
})

test('20,000 transactions are judged in seconds', () => {
  const { transactions, lists } = serial(7, 20_000)
  const startMs = performance.now()
  assert.deepEqual(checkListAppend(transactions, lists), [])
  assert.ok(performance.now() - startMs < 20_000)
})
