import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { atTurnEnd } from './turn.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('work waits for the end of the turn, and what it asks for comes in the same one', async () => {
  const order: string[] = []
  const seen = (): readonly string[] => [...order]
  atTurnEnd(() => {
    order.push('first')
    atTurnEnd(() => order.push('asked for meanwhile'))
  })
  atTurnEnd(() => order.push('second'))
  queueMicrotask(() => order.push('before the end'))
  assert.deepEqual(seen(), [])
  await nextTurn()
  assert.deepEqual(seen(), ['before the end', 'first', 'second', 'asked for meanwhile'])
  atTurnEnd(() => order.push('another turn'))
  await nextTurn()
  assert.equal(seen().at(-1), 'another turn')
})

test('one that throws leaves the others to the next turn', () => {
  // In a process of its own: what is thrown there belongs to no test.
  const code = `
    import { atTurnEnd } from ${JSON.stringify(import.meta.resolve('./turn.ts'))}
    process.on('uncaughtException', ({ message }) => console.log(message))
    atTurnEnd(() => { throw new Error('a bug') })
    atTurnEnd(() => console.log('the other'))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code])
  assert.deepEqual(String(stdout).split('\n'), ['a bug', 'the other', ''])
})
