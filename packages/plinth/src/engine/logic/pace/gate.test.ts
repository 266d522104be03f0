import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gates } from './gate.ts'

test('a gate lets all through until they collide, then fewer, then more', async () => {
  const gates = new Gates()
  let running = 0
  let most = 0
  const work = async (): Promise<void> => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 2))
    running -= 1
  }
  const fire = async (count: number): Promise<number> => {
    most = 0
    await Promise.all(Array.from({ length: count }, () => gates.pass('shop.buy', work)))
    return most
  }
  assert.equal(await fire(30), 30)
  await gates.pass('shop.buy', async () => {
    for (let time = 0; time < 3; time++) gates.narrow('shop.buy')
  })
  assert.equal(await fire(30), 1)
  for (let time = 0; time < 40; time++) gates.widen('shop.buy')
  const wider = await fire(30)
  assert.ok(wider > 3 && wider < 12, String(wider))
  assert.equal(running, 0)
})

test('what fails leaves its place, and other names have gates of their own', async () => {
  const gates = new Gates()
  gates.narrow('a.b')
  await assert.rejects(gates.pass('a.b', () => Promise.reject(new Error('x'))))
  assert.equal(await gates.pass('a.b', async () => 1), 1)
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const both = [gates.pass('c.d', () => one.promise), gates.pass('c.d', () => two.promise)]
  two.resolve()
  await both[1]
  one.resolve()
  await both[0]
})
