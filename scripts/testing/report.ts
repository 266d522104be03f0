/** Owns what a run of tests tells: a line for each file, every failure in full, and the totals. */

import type { Outcome } from './reporter.ts'

/** A file that ended. */
export interface EndedFile {
  readonly path: string
  readonly outcomes: readonly Outcome[]
  readonly durationMs: number
}

/** What is told of a run. */
export interface Report {
  /** Tells how a file ended, and counts its tests. */
  record(ended: EndedFile): void
  /** A file that failed, then passed alone: its tests count as they ended the second time. */
  recordUnsteady(first: EndedFile, second: EndedFile): void
  /** Tells all failures and the totals. True where the run is green. */
  close(): boolean
}

/**
 * So many files, of some 350, may fail once and pass the second time; with more the run is red. On
 * a machine that others use as well a few time-bound files do, each run others. None is hidden by
 * it: each is told with all that it said, what fails twice has failed, and a file whose single
 * failure is a find (see `order.ts`) is never tried again.
 */
export const unsteadyMax = 5

/** Begins a report whose lines go where they are said. */
export function openReport(say: (line: string) => void): Report {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  const failures: string[] = []
  const unsteady: string[] = []
  const count = ({ outcomes }: EndedFile): void => {
    for (const { state } of outcomes) totals[state]++
  }
  return {
    record(ended) {
      count(ended)
      failures.push(...failuresOf(ended))
      tell(ended, say)
    },
    recordUnsteady(first, second) {
      count(second)
      const { path } = first
      say(`~ ${path} failed, then passed alone: unsteady`)
      unsteady.push(`~ ${path}\n\n${failuresOf(first).join('\n\n')}`)
    },
    close() {
      if (unsteady.length > 0) say(`\n${unsteady.length} unsteady:\n\n${unsteady.join('\n\n')}\n`)
      if (unsteady.length > unsteadyMax) {
        totals.failed += 1
        failures.push(`✖ ${unsteady.length} files are unsteady, at most ${unsteadyMax} may be`)
      }
      if (failures.length > 0) say(`\n${failures.length} failed:\n\n${failures.join('\n\n')}\n`)
      const { passed, failed, skipped } = totals
      const parts = [`${passed} passed`, `${failed} failed`]
      if (skipped > 0) parts.push(`${skipped} skipped`)
      if (unsteady.length > 0) parts.push(`${unsteady.length} unsteady`)
      say(parts.join(', '))
      return failed === 0 && passed > 0
    },
  }
}

/** Tells a file in a line, and each test of it that failed. */
export function tell(ended: EndedFile, say: (line: string) => void): void {
  const { path, outcomes, durationMs } = ended
  const failed = failedOf(ended)
  const mark = failed.length > 0 ? `✖ ${failed.length} of` : '✔'
  say(`${mark} ${outcomes.length} ${path} (${(durationMs / 1000).toFixed(1)} s)`)
  for (const { name, line } of failed) say(`    ${path}:${line} ${name}`)
}

/** The tests of a file that failed. */
export function failedOf({ outcomes }: EndedFile): readonly Outcome[] {
  return outcomes.filter(({ state }) => state === 'failed')
}

function failuresOf(ended: EndedFile): readonly string[] {
  return failedOf(ended).map(({ name, line, reason = '' }) => {
    return `✖ ${ended.path}:${line} ${name}\n${indent(reason)}`
  })
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ')
}
