import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UserCaller } from '../../../access/caller.ts'
import { limits } from '../../../base/limits.ts'
import { movableClock } from '../../../base/time.ts'
import { isAsGuessed, Recall } from './recall.ts'

const whole: Required<UserCaller> = {
  ...{ is: 'user', id: 'u1', sessionId: 's1', roles: new Set(['staff', 'editor']) },
  proof: { assurance: 2, agoMs: 10_000 },
  ...{ guest: false, impersonator: 'u2', held: true },
  organisation: { id: 'o1', role: 'owner' },
  via: { sort: 'key', id: 'k1', scopes: undefined },
  profile: { email: null, name: null, roles: [] },
}

/** For each thing that there is to know of a caller, what it could be besides. */
const others: { readonly [K in keyof Required<UserCaller>]: readonly UserCaller[K][] } = {
  is: [],
  id: ['u3'],
  sessionId: ['s2'],
  roles: [new Set(['staff']), new Set(['staff', 'editor', 'admin']), new Set(['staff', 'admin'])],
  proof: [
    { assurance: 1, agoMs: 10_000 },
    { assurance: 2, agoMs: 11_000 },
    { assurance: 2, agoMs: 9_000 },
    { assurance: 2, agoMs: Number.POSITIVE_INFINITY },
  ],
  guest: [true],
  impersonator: ['u3', undefined],
  organisation: [{ id: 'o1', role: 'member' }, { id: 'o2', role: 'owner' }, undefined],
  via: [undefined, { sort: 'agent', id: 'k1', scopes: undefined }],
  held: [],
  profile: [{ email: 'ann@shop.example', name: null, roles: [] }],
}

test('a guess counts where nothing is different', () => {
  assert.ok(isAsGuessed(whole, { ...whole, roles: new Set(['editor', 'staff']) }))
  assert.ok(isAsGuessed(whole, { ...whole, organisation: { id: 'o1', role: 'owner' } }))
  assert.ok(isAsGuessed(whole, { ...whole, proof: { assurance: 2, agoMs: 10_900 } }), 'a moment')
  const bare = { is: 'user', id: 'u1', roles: new Set<string>() } as const
  assert.ok(isAsGuessed(bare, { ...bare }))
})

test('a guess counts for nothing where anything is different, or there or not', () => {
  for (const [name, values] of Object.entries(others)) {
    for (const value of values) {
      const other = { ...whole, [name]: value }
      assert.ok(!isAsGuessed(whole, other), name)
      assert.ok(!isAsGuessed(other, whole), name)
    }
    const { [name as 'guest']: _, ...without } = whole
    if (name === 'id' || name === 'is' || name === 'roles') continue
    assert.ok(!isAsGuessed(whole, without), `without ${name}`)
    assert.ok(!isAsGuessed(without, whole), `without ${name}`)
  }
  assert.ok(!isAsGuessed(whole, { is: 'anonymous' }))
  assert.ok(!isAsGuessed({ is: 'unrestricted', reason: 'a test' }, whole))
})

test('what was proved is as long ago as it is by now', () => {
  const clock = movableClock()
  const recall = new Recall(clock)
  recall.keep('hash', whole)
  clock.advance(5_000)
  assert.equal(recall.find('hash')?.proof?.agoMs, 15_000)
  recall.keep('hash', { ...whole, roles: new Set(['admin']) })
  assert.deepEqual([...(recall.find('hash')?.roles ?? [])], ['admin'])
  assert.equal(recall.find('hash')?.proof?.agoMs, 10_000)
  recall.forget('hash')
  assert.equal(recall.find('hash'), undefined)
})

test('those who are not seen again make room for others', () => {
  const recall = new Recall(movableClock())
  const most = limits.recalledSessionsMax
  recall.keep('often', whole)
  for (let each = 1; each < most; each++) recall.keep(`once ${each}`, whole)
  for (let each = 0; each < most; each++) {
    recall.keep('often', whole)
    recall.keep(`new ${each}`, whole)
  }
  assert.ok(recall.find('often'), 'it was seen again and again')
  assert.equal(recall.find('once 1'), undefined)
  assert.equal(recall.find(`once ${most - 1}`), undefined)
  assert.ok(recall.find(`new ${most - 1}`))
})
