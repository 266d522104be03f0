/** Tests that progress is told: a bar on a terminal, plain lines elsewhere, never too often. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movableClock } from '../../base/time.ts'
import { duration, startProgress } from './progress.ts'

function told(terminal: boolean): { lines: string[]; run(): void } {
  const lines: string[] = []
  const clock = movableClock()
  const write = (text: string) => lines.push(text)
  return {
    lines,
    run() {
      const progress = startProgress('reading', 1_000, { write, terminal, clock, columns: 90 })
      for (let done = 10; done <= 1_000; done += 10) {
        clock.advance(150)
        progress.update({ done, rows: done * 10 })
      }
      progress.end({ done: 1_000, rows: 10_000 })
    },
  }
}

test('a terminal gets one line, drawn over and over, with rate and time left', () => {
  const { lines, run } = told(true)
  run()
  assert.equal(lines.length, 101)
  assert.ok(lines.every((line) => line.startsWith('\r') && line.length <= 91))
  assert.match(
    lines[49] ?? '',
    /reading \[#{15}-{15}\] {2,}50 % {2}5,000 rows {2}667 rows\/s {2}7\.5 s left/,
  )
  assert.match(lines[100] ?? '', /100 % {2}10,000 rows {2}667 rows\/s {2}in 15 s *\n$/)
})

test('anything else gets a plain line every few seconds and one at the end', () => {
  const { lines, run } = told(false)
  run()
  assert.equal(lines.length, 3)
  assert.match(lines[0] ?? '', /^reading {2,}34 % {2}3,400 rows {2}667 rows\/s {2}9\.9 s left\n$/)
  assert.match(lines[2] ?? '', /^reading 100 % .* in 15 s\n$/)
})

test('an empty total is done at once', () => {
  const lines: string[] = []
  const outlet = {
    write: (text: string) => lines.push(text),
    terminal: false,
    clock: movableClock(),
  }
  startProgress('storing', 0, outlet).end({ done: 0, rows: 0 })
  assert.deepEqual(lines, ['storing 100 %  0 rows  0 rows/s  in 0.0 s\n'])
})

test('time spans are short to read', () => {
  assert.equal(duration(840), '0.8 s')
  assert.equal(duration(12_400), '12 s')
  assert.equal(duration(185_000), '3 min 5 s')
})
