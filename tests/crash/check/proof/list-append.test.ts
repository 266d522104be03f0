import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkListAppend } from '../list-append.ts'
import type { ListOperation, ListTransaction } from '../lists.ts'

const r = (read: string, ...list: number[]): ListOperation => ({ read, list })
const a = (append: string, value: number): ListOperation => ({ append, value })

interface Written extends Partial<ListTransaction> {
  readonly does: readonly ListOperation[]
}

/** Transactions that all run at the same time, unless they say otherwise. */
function history(...written: readonly Written[]): readonly ListTransaction[] {
  return written.map(({ does, ...rest }, index) => {
    const id = `T${index + 1}`
    return { id, outcome: 'ok', begunAt: 0, endedAt: 100, operations: does, ...rest }
  })
}

function kinds(
  transactions: readonly ListTransaction[],
  final: Readonly<Record<string, readonly number[]>>,
): readonly string[] {
  return checkListAppend(transactions, new Map(Object.entries(final))).map(({ kind }) => kind)
}

test('a serial history has no anomaly', () => {
  const serial = history(
    { does: [a('x', 1), r('y')], begunAt: 0, endedAt: 1 },
    { does: [r('x', 1), a('x', 2), r('x', 1, 2), a('y', 1)], begunAt: 2, endedAt: 3 },
    { does: [r('x', 1, 2), r('y', 1)], begunAt: 4, endedAt: 5 },
  )
  assert.deepEqual(kinds(serial, { x: [1, 2], y: [1] }), [])
})

test('G0: two transactions append in opposite orders', () => {
  const found = history({ does: [a('x', 1), a('y', 1)] }, { does: [a('x', 2), a('y', 2)] })
  assert.deepEqual(kinds(found, { x: [1, 2], y: [2, 1] }), ['G0'])
})

test('G1a: what a failed transaction appended is read', () => {
  const found = history({ does: [a('x', 1)], outcome: 'fail' }, { does: [r('x', 1)] })
  assert.deepEqual(kinds(found, { x: [] }), ['G1a'])
})

test('G1b: a state in the middle of a transaction is read', () => {
  const found = history({ does: [a('x', 1), a('x', 2)] }, { does: [r('x', 1)] })
  // It came in the middle: before the second append, and after the first.
  assert.deepEqual(kinds(found, { x: [1, 2] }), ['G1b', 'G-single'])
})

test('G1c: each of two reads what the other appended', () => {
  const found = history({ does: [a('x', 1), r('y', 1)] }, { does: [a('y', 1), r('x', 1)] })
  assert.deepEqual(kinds(found, { x: [1], y: [1] }), ['G1c'])
})

test('G-single: one reads a part of what another did', () => {
  const found = history({ does: [a('x', 1), a('y', 1)] }, { does: [r('x', 1), r('y')] })
  assert.deepEqual(kinds(found, { x: [1], y: [1] }), ['G-single'])
})

test('G2-item: write skew, each misses what the other appended', () => {
  const found = history({ does: [r('x'), a('y', 1)] }, { does: [r('y'), a('x', 1)] })
  assert.deepEqual(kinds(found, { x: [1], y: [1] }), ['G2-item'])
})

test('real time: a read that ended before misses nothing that began later, and no other', () => {
  const stale = history(
    { does: [a('x', 1)], begunAt: 0, endedAt: 1 },
    { does: [r('x')], begunAt: 2, endedAt: 3 },
  )
  assert.deepEqual(kinds(stale, { x: [1] }), ['G-single-realtime'])
  const overlapping = history(
    { does: [a('x', 1)], begunAt: 0, endedAt: 2 },
    { does: [r('x')], begunAt: 1, endedAt: 3 },
  )
  assert.deepEqual(kinds(overlapping, { x: [1] }), [])
})

test('real time reaches through transactions in between', () => {
  const stale = history(
    { does: [a('x', 1)], begunAt: 0, endedAt: 1 },
    { does: [r('z')], begunAt: 2, endedAt: 3 },
    { does: [r('z')], begunAt: 4, endedAt: 5 },
    { does: [r('x')], begunAt: 6, endedAt: 7 },
  )
  assert.deepEqual(kinds(stale, { x: [1] }), ['G-single-realtime'])
  const appends = history(
    { does: [a('x', 1)], begunAt: 4, endedAt: 5 },
    { does: [a('x', 2)], begunAt: 0, endedAt: 1 },
    { does: [a('z', 1)], begunAt: 2, endedAt: 3 },
  )
  assert.deepEqual(kinds(appends, { x: [1, 2], z: [1] }), ['G0-realtime'])
})

test('a lost append: acknowledged and not there at the end', () => {
  assert.deepEqual(kinds(history({ does: [a('x', 1)] }), { x: [] }), ['lost append'])
  assert.deepEqual(kinds(history({ does: [a('x', 1)] }), {}), ['lost append'])
})

test('what was read and is gone at the end contradicts the order', () => {
  const found = history({ does: [a('x', 1)], outcome: 'unknown' }, { does: [r('x', 1)] })
  assert.deepEqual(kinds(found, { x: [] }), [])
  const other = history({ does: [a('x', 1)] }, { does: [a('x', 2)] }, { does: [r('x', 1)] })
  assert.deepEqual(kinds(other, { x: [2] }), ['incompatible order', 'lost append'])
})

test('a duplicate: one append, there twice', () => {
  assert.deepEqual(kinds(history({ does: [a('x', 1)] }), { x: [1, 1] }), ['duplicate'])
})

test('an unknown value: nobody appended it', () => {
  assert.deepEqual(kinds(history({ does: [a('x', 1)] }), { x: [1, 9] }), ['unknown value'])
})

test('incompatible order: two readers disagree', () => {
  const found = history(
    { does: [a('x', 1)] },
    { does: [a('x', 2)] },
    { does: [r('x', 1, 2)] },
    { does: [r('x', 2)] },
  )
  assert.ok(kinds(found, { x: [1, 2] }).includes('incompatible order'))
})

test('internal: a transaction that does not see its own append, or sees it change', () => {
  assert.deepEqual(kinds(history({ does: [a('x', 1), r('x')] }), { x: [1] }), ['internal'])
  const moved = history({ does: [r('x'), r('x', 1)] }, { does: [a('x', 1)] })
  assert.ok(kinds(moved, { x: [1] }).includes('internal'))
})

test('only what is unknown may have happened or not', () => {
  const open = { outcome: 'unknown', endedAt: Number.POSITIVE_INFINITY } as const
  const happened = history({ does: [a('x', 1)], ...open }, { does: [r('x', 1)] })
  assert.deepEqual(kinds(happened, { x: [1] }), [])
  assert.deepEqual(kinds(history({ does: [a('x', 1)], ...open }), { x: [] }), [])
})

test('the story of a circle names each of its steps', () => {
  const found = history({ does: [r('x'), a('y', 1)] }, { does: [r('y'), a('x', 1)] })
  const [anomaly] = checkListAppend(found, new Map(Object.entries({ x: [1], y: [1] })))
  assert.match(anomaly?.detail ?? '', /T\d → T\d \(rw\): [xy]: 1 was not seen\n/)
})
