import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Passing } from './passing.ts'

interface Member {
  readonly name: string
  readonly ballast?: object
}

test('who entered is there until they leave, and places are used again', () => {
  const passing = new Passing<Member>()
  const names = (): readonly string[] => [...passing].map(({ name }) => name).sort()
  const [ann, bob, eve] = ['ann', 'bob', 'eve'].map((name) => passing.enter({ name }))
  assert.deepEqual(names(), ['ann', 'bob', 'eve'])
  passing.leave(bob ?? 0)
  assert.deepEqual(names(), ['ann', 'eve'])
  assert.equal(passing.enter({ name: 'joe' }), bob, 'the free place')
  passing.leave(ann ?? 0)
  passing.leave(eve ?? 0)
  assert.deepEqual(names(), ['joe'])
})

test('members may leave while all are looked at', () => {
  const passing = new Passing<Member>()
  const places = ['ann', 'bob', 'eve'].map((name) => passing.enter({ name }))
  const seen: string[] = []
  for (const { name } of passing) {
    seen.push(name)
    passing.leave(places[seen.length - 1] ?? 0)
  }
  assert.deepEqual(seen, ['ann', 'bob', 'eve'])
  assert.deepEqual([...passing], [])
})

test('what has left is not kept by what is old', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void
  const passing = new Passing<Member>()
  const inside = Array.from({ length: 32 }, () => passing.enter({ name: 'first' }))
  // From here on what holds them is old.
  for (let each = 0; each < 3; each++) collect()
  const seen: WeakRef<Member>[] = []
  for (let each = 0; each < 2_000; each++) {
    const member = { name: `member ${each}`, ballast: new Array(100).fill(each) }
    seen.push(new WeakRef(member))
    inside.push(passing.enter(member))
    passing.leave(inside.shift() ?? 0)
    // In a turn of its own, or the references themselves would keep them.
    if (each % 100 === 0) await new Promise(setImmediate)
  }
  await new Promise(setImmediate)
  for (let each = 0; each < 3; each++) collect({ type: 'minor' })
  const kept = seen.filter((member) => member.deref() !== undefined).length
  assert.ok(kept <= 64, `${kept} of 2000 are kept, 32 are there`)
})
