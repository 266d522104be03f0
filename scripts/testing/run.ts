/** Owns a run of test files: its lanes, and the second try of a file that failed. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inOrder, mayRunAgain } from './order.ts'
import { type EndedFile, failedOf, type Report, tell } from './report.ts'
import type { Outcome } from './reporter.ts'
import type { LaneServers } from './servers.ts'
import { runTestFile } from './test-file.ts'

/** What is run, and how. */
export interface Run {
  /** Paths from the folder. */
  readonly files: readonly string[]
  readonly folder: string
  /** How many files run side by side. */
  readonly lanes: number
  /** A file that uses much of the sources: it is run before all others, alone. */
  readonly first?: string
  /** Files that wait most of their time: one lane more begins with them. */
  readonly waits: (path: string) => boolean
  /** Starts what the files of a lane share. */
  readonly serve: () => Promise<LaneServers>
  /** How long a file may take. */
  readonly timeoutMs: number
  readonly report: Report
  readonly say: (line: string) => void
}

/** More than this many failures are no accident of the machine: nothing is tried again. */
const againMax = 6

/** Runs all files; those that failed once more, alone, where that says anything. */
export async function runFiles(run: Run): Promise<void> {
  const [early, files] = begun(run)
  const slow = files.filter(run.waits).values()
  const rest = files.filter((path) => !run.waits(path)).values()
  const failed: EndedFile[] = []
  const end = (ended: EndedFile): void => {
    if (failedOf(ended).length > 0 && mayRunAgain(ended.path, textOf(run, ended))) {
      tell(ended, run.say)
      failed.push(ended)
    } else run.report.record(ended)
  }
  await work(run, early.values(), end)
  const lanes = Array.from({ length: run.lanes }, () => work(run, both(rest, slow), end))
  await Promise.all([...lanes, work(run, both(slow, rest), end)])
  if (failed.length > againMax) for (const ended of failed) run.report.record(ended)
  else await runAgain(run, failed)
}

/**
 * What is run first, and the others. The first process leaves behind, compiled, each function that
 * it used: one that only imports them would leave no more than their heads, and every file after
 * it would compile the rest anew.
 */
function begun({ files, first }: Run): readonly [readonly string[], readonly string[]] {
  const early = files.filter((path) => path === first && files.length > 1)
  return [early, inOrder(files.filter((path) => !early.includes(path)))]
}

/** One file at a time, nothing beside it: what fails here too was not the machine's noise. */
async function runAgain(run: Run, failed: readonly EndedFile[]): Promise<void> {
  const firsts = new Map(failed.map((ended) => [ended.path, ended]))
  const again = failed.map(({ path, outcomes }) => ({ path, options: seedsOf(outcomes) })).values()
  await work(run, again, (second) => {
    const first = firsts.get(second.path) ?? second
    if (failedOf(second).length > 0) run.report.record(withReasons(first, second))
    else run.report.recordUnsteady(first, second)
  })
}

/** Both reasons of a test that failed twice. */
function withReasons(first: EndedFile, second: EndedFile): EndedFile {
  const again = failedOf(second).map(({ name, reason }) => `${name}\n${reason ?? ''}`)
  const outcomes = first.outcomes.map((outcome): Outcome => {
    if (outcome.state !== 'failed') return outcome
    return { ...outcome, reason: `${outcome.reason ?? ''}\n\nThe second try:\n${again.join('\n')}` }
  })
  return { ...first, outcomes }
}

/** A test that names its seed is tried again with the same one. */
function seedsOf(outcomes: readonly Outcome[]): readonly string[] {
  for (const { name, state } of outcomes) {
    const seed = state === 'failed' ? /\(seed (\d+)\)/.exec(name)?.[1] : undefined
    if (seed !== undefined) return [`--seed=${seed}`]
  }
  return []
}

interface Try {
  readonly path: string
  readonly options: readonly string[]
}

/** A lane takes the next file until none is left; its files share servers, one at a time. */
async function work(
  { folder, serve, timeoutMs }: Run,
  waiting: Iterator<string | Try>,
  end: (ended: EndedFile) => void,
): Promise<void> {
  let servers: LaneServers | undefined
  try {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      servers ??= await serve()
      const { environment } = servers
      const { path, options } = tryOf(next.value)
      const start = performance.now()
      const outcomes = await runTestFile(path, { timeoutMs, environment, folder, options })
      end({ path, outcomes, durationMs: performance.now() - start })
    }
  } finally {
    await servers?.stop()
  }
}

function tryOf(file: string | Try): Try {
  return typeof file === 'string' ? { path: file, options: [] } : file
}

function* both<T>(first: Iterator<T>, second: Iterator<T>): Generator<T> {
  for (const each of [first, second]) {
    for (let next = each.next(); !next.done; next = each.next()) yield next.value
  }
}

function textOf({ folder }: Run, { path }: EndedFile): string {
  return readFileSync(join(folder, path), 'utf8')
}
