import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, instantText, waitText } from '../time.ts'

/** The same by the language's own words, slowly. */
function plainly(ms: number): string {
  const [whole = '', milliseconds = ''] = new Date(ms).toISOString().slice(0, -1).split('.')
  const fraction = milliseconds.replace(/0+$/, '')
  return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`
}

test('how long somebody waits is told as people say it, never too short', () => {
  const said = [1, 45, 89, 90, 815, 3_540, 5_400, 7_200, 86_400].map(waitText)
  const minutes = ['2 minutes', '14 minutes', '59 minutes']
  const hours = ['about 2 hours', 'about 2 hours', 'about 24 hours']
  assert.deepEqual(said, ['1 second', '45 seconds', '89 seconds', ...minutes, ...hours])
})

test('instants are written as PostgreSQL prints them', () => {
  assert.equal(instantText(Date.UTC(2026, 10, 22)), '2026-11-22T00:00:00Z')
  assert.equal(instantText(Date.UTC(2026, 10, 22, 9, 5, 3, 40)), '2026-11-22T09:05:03.04Z')
  const ends = [0, 1, -1, dayMs - 1, dayMs, -dayMs, 8.64e15, -8.64e15, 253_402_300_800_000]
  const steps = [1, 10, 100, 1_000, 60_000, 3_600_000, dayMs]
  for (const end of ends) assert.equal(instantText(end), plainly(end))
  for (let each = 0; each < 2_000; each++) {
    const ms = (each * 7_919_000_613) % 4_000_000_000_000
    for (const step of steps) {
      const at = ms - (ms % step)
      assert.equal(instantText(at), plainly(at))
    }
  }
})

test('what is no instant is not written', () => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 8.65e15]) {
    assert.throws(() => instantText(ms), RangeError)
  }
})
