import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { operationsOf, readHistory } from '../history.ts'

const begins = { t: 1, client: 0, id: 'a', op: 'order', phase: 'invoke', request: 1 } as const
const line = (rest: object): string => `${JSON.stringify({ ...begins, ...rest })}\n`

test('a repeat of an operation whose end was unknown gives its last word', () => {
  const text = [
    line({}),
    line({ t: 2, phase: 'unknown' }),
    line({ t: 3 }),
    line({ t: 4, phase: 'ok', response: 9 }),
  ].join('')
  const [operation, ...others] = operationsOf(readHistory(text))
  assert.deepEqual(others, [])
  assert.deepEqual(
    [operation?.outcome, operation?.begunAt, operation?.endedAt, operation?.response],
    ['ok', 1, 4, 9],
  )
})

test('what has no end stays unknown, without an end', () => {
  const [operation] = operationsOf(readHistory(line({}) + line({ t: 2, phase: 'unknown' })))
  assert.deepEqual([operation?.outcome, operation?.endedAt], ['unknown', Number.POSITIVE_INFINITY])
})

test('a line that a kill has torn is left out', () => {
  assert.equal(readHistory(`${line({})}{"t":5,"cli`).length, 1)
})

test('the checkers import nothing of what they judge', () => {
  const folder = join(import.meta.dirname, '..')
  const files = globSync('*.ts', { cwd: folder })
  assert.ok(files.length > 8)
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8')
    const imported = [...text.matchAll(/from '([^']+)'/g)].map(([, from = '']) => from)
    const foreign = imported.filter((from) => !/^(?:node:|\.\/[a-z-]+\.ts$)/.test(from))
    assert.deepEqual(foreign, [], file)
  }
})
