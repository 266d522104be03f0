import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBank } from '../bank.ts'
import type { Anomaly } from '../history.ts'
import { checkHeld, checkQueue } from '../queue.ts'
import { checkRegister, type RegisterOperation } from '../register.ts'
import { checkSet } from '../set.ts'

function kinds(anomalies: readonly Anomaly[]): readonly string[] {
  return anomalies.map(({ kind }) => kind)
}

function balances(...amounts: readonly number[]): ReadonlyMap<string, number> {
  return new Map(amounts.map((amount, index) => [`account ${index}`, amount]))
}

test('bank: the sum stands still and nobody owes', () => {
  assert.deepEqual(checkBank([{ id: 'R', balances: balances(5, 0, 5) }], 10), [])
  assert.deepEqual(kinds(checkBank([{ id: 'R', balances: balances(5, 4) }], 10)), ['wrong total'])
  assert.deepEqual(kinds(checkBank([{ id: 'R', balances: balances(11, -1) }], 10)), ['below zero'])
})

test('set: what was acknowledged before a look is in it, and nothing else', () => {
  const add = (element: string, outcome: 'ok' | 'fail' | 'unknown', endedAt = 1) => {
    return { element, outcome, endedAt }
  }
  const look = (...elements: readonly string[]) => [{ id: 'R', begunAt: 2, elements }]
  const adds = [add('a', 'ok'), add('b', 'unknown'), add('c', 'ok', 3), add('d', 'fail')]
  assert.deepEqual(checkSet(adds, look('a')), [])
  assert.deepEqual(checkSet(adds, look('a', 'b', 'c')), [])
  assert.deepEqual(kinds(checkSet(adds, look('b'))), ['lost'])
  assert.deepEqual(kinds(checkSet(adds, look('a', 'd'))), ['failed and there'])
  assert.deepEqual(kinds(checkSet(adds, look('a', 'z'))), ['never added'])
  assert.deepEqual(kinds(checkSet(adds, look('a', 'a'))), ['duplicate'])
})

test('queue: each comes out once', () => {
  const ins = [
    { element: 'a', outcome: 'ok' },
    { element: 'b', outcome: 'unknown' },
    { element: 'c', outcome: 'fail' },
  ] as const
  const out = (...elements: readonly string[]) => elements.map((element) => ({ element }))
  assert.deepEqual(checkQueue(ins, out('a')), [])
  assert.deepEqual(checkQueue(ins, out('a', 'b')), [])
  assert.deepEqual(kinds(checkQueue(ins, out('b'))), ['lost'])
  assert.deepEqual(kinds(checkQueue(ins, out('a', 'a'))), ['out twice'])
  assert.deepEqual(kinds(checkQueue(ins, out('a', 'c'))), ['failed and out'])
  assert.deepEqual(kinds(checkQueue(ins, out('a', 'z'))), ['never put in'])
})

test('queue: nobody holds what another holds', () => {
  const held = (taker: string, begunAt: number, endedAt: number) => {
    return { element: 'a', taker, begunAt, endedAt }
  }
  const ins = [{ element: 'a', outcome: 'ok' }] as const
  const apart = kinds(checkQueue(ins, [held('one', 0, 1), held('two', 1, 2)]))
  assert.deepEqual(apart, ['out twice'])
  const together = kinds(checkQueue(ins, [held('one', 0, 3), held('two', 1, 2)]))
  assert.deepEqual(together, ['out twice', 'held by two'])
  assert.deepEqual(kinds(checkHeld([held('one', 0, 3), held('two', 1, 2)])), ['held by two'])
  assert.deepEqual(checkHeld([held('one', 0, 1), held('two', 1, 2)]), [])
  assert.deepEqual(checkHeld([held('one', 0, 3), held('one', 1, 2)]), [])
})

let count = 0
function did(does: RegisterOperation['does'], begunAt: number, endedAt: number): RegisterOperation {
  const outcome = endedAt === Number.POSITIVE_INFINITY ? 'unknown' : 'ok'
  return { id: `O${++count}`, outcome, begunAt, endedAt, does }
}

test('register: some order explains every answer', () => {
  const open = Number.POSITIVE_INFINITY
  assert.deepEqual(checkRegister([did({ write: 1 }, 0, 1), did({ read: 1 }, 2, 3)], 0), [])
  assert.deepEqual(checkRegister([did({ write: 1 }, 0, 5), did({ read: 0 }, 2, 3)], 0), [])
  assert.deepEqual(checkRegister([did({ write: 1 }, 0, open), did({ read: 0 }, 2, 3)], 0), [])
  assert.deepEqual(checkRegister([did({ write: 1 }, 0, open), did({ read: 1 }, 2, 3)], 0), [])
  assert.deepEqual(
    checkRegister([did({ from: 0, to: 1 }, 0, 9), did({ from: 1, to: 2 }, 0, 9)], 0),
    [],
  )
})

test('register: what no order explains is found', () => {
  const stale = [did({ write: 1 }, 0, 1), did({ read: 0 }, 2, 3)]
  assert.deepEqual(kinds(checkRegister(stale, 0)), ['not linearizable'])
  const twice = [did({ from: 0, to: 1 }, 0, 9), did({ from: 0, to: 2 }, 0, 9)]
  assert.deepEqual(kinds(checkRegister(twice, 0)), ['not linearizable'])
  const back = [did({ write: 1 }, 0, 9), did({ read: 1 }, 1, 2), did({ read: 0 }, 3, 4)]
  assert.deepEqual(kinds(checkRegister(back, 0)), ['not linearizable'])
})
