import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { boundedPasswords } from './passwords.ts'

const rules = { charactersMin: 15, title: 'App', common: { open: async () => () => undefined } }

test('so many hashes at once, so many wait, the others are refused', async () => {
  const pending: (() => void)[] = []
  let running = 0
  let most = 0
  const passwords = boundedPasswords(
    {
      async hash() {
        running += 1
        most = Math.max(most, running)
        await new Promise<void>((resolve) => {
          pending.push(resolve)
        })
        running -= 1
        return 'hash'
      },
      verify: () => Promise.resolve(true),
      isOld: () => false,
    },
    rules,
  )
  const room = limits.passwordHashesAtOnce + limits.passwordHashQueueMax
  const outcomes: Promise<string>[] = []
  for (let index = 0; index < room + 7; index++) {
    outcomes.push(passwords.hash('x').catch((reason: Failure) => reason.code))
  }
  let ended = false
  const all = Promise.all(outcomes).finally(() => {
    ended = true
  })
  while (!ended) {
    for (const release of pending.splice(0)) release()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const codes = await all
  assert.equal(codes.filter((code) => code === 'overloaded').length, 7)
  assert.equal(codes.filter((code) => code === 'hash').length, room)
  assert.equal(most, limits.passwordHashesAtOnce)
})

test('a hash that failed once is tried anew', async () => {
  let calls = 0
  const passwords = boundedPasswords(
    {
      hash: () =>
        ++calls === 1 ? Promise.reject(new Error('no memory')) : Promise.resolve('hash'),
      verify: (stored) => Promise.resolve(stored === 'hash'),
      isOld: () => false,
    },
    rules,
  )
  await assert.rejects(passwords.verify(undefined, 'x'), /no memory/)
  assert.equal(await passwords.verify(undefined, 'x'), false, 'nobody has the decoy')
  assert.equal(await passwords.verify('hash', 'x'), true)
})
