import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchangeOf } from '../wire/exchange.ts'
import { callerOf, Turns } from './turns.ts'

function exchange(caller: string, text = '') {
  const ignore = (): void => undefined
  return exchangeOf({ text, values: [], caller }, {}, { resolve: ignore, reject: ignore })
}

function textsOf(turns: Turns, mayGo: Parameters<Turns['take']>[0] = () => true): string[] {
  const texts: string[] = []
  for (;;) {
    const taken = turns.take(mayGo)
    if (!taken) return texts
    texts.push(taken.query.text)
  }
}

test('callers take turns, each with its own in their order', () => {
  const turns = new Turns()
  for (const text of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) {
    turns.add(exchange(text.charAt(0), text))
  }
  assert.equal(turns.size, 6)
  assert.deepEqual(textsOf(turns), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
  assert.equal(turns.size, 0)
})

test('who comes late does not wait for all that another one asked for before', () => {
  const turns = new Turns()
  for (let n = 0; n < 100; n++) turns.add(exchange('heavy', `heavy ${n}`))
  assert.equal(turns.take(() => true)?.query.text, 'heavy 0')
  turns.add(exchange('late', 'late'))
  assert.deepEqual(textsOf(turns).slice(0, 2), ['heavy 1', 'late'])
})

test('who may not go is passed over and keeps its place', () => {
  const turns = new Turns()
  for (const text of ['a1', 'a2', 'b1']) turns.add(exchange(text.charAt(0), text))
  assert.deepEqual(
    textsOf(turns, (one) => callerOf(one) !== 'a'),
    ['b1'],
  )
  assert.deepEqual(textsOf(turns), ['a1', 'a2'])
})

test('what goes back stands before the others of its caller', () => {
  const turns = new Turns()
  turns.add(exchange('a', 'a2'))
  turns.addFirst(exchange('a', 'a1'))
  assert.deepEqual(textsOf(turns), ['a1', 'a2'])
})

test('the longest queue makes room, and only for a shorter one', () => {
  const turns = new Turns()
  for (const text of ['a1', 'b1', 'b2', 'b3']) turns.add(exchange(text.charAt(0), text))
  assert.equal(turns.dropOfLongest(3), undefined)
  assert.equal(turns.dropOfLongest(2)?.query.text, 'b3')
  assert.equal(turns.size, 3)
  assert.equal(turns.countOf('b'), 2)
})

test('what has waited too long is taken out', () => {
  const turns = new Turns()
  for (const [index, text] of ['a1', 'b2', 'a3'].entries()) {
    const one = exchange(text.charAt(0), text)
    one.waitsSinceMs = index
    turns.add(one)
  }
  const dropped = turns.dropWaitingSince(2)
  assert.deepEqual(
    dropped.map(({ query }) => query.text),
    ['a1', 'b2'],
  )
  assert.deepEqual(textsOf(turns), ['a3'])
})
