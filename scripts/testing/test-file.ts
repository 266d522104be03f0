/** Owns running one test file in its own process group, with an end that it cannot miss. */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { preloads } from './preload/preloads.ts'
import type { Outcome } from './reporter.ts'

/** How a command ended. */
export interface Ended {
  /** The exit code; null when it was killed. */
  readonly code: number | null
  readonly timedOut: boolean
  /** The end of what it wrote to standard output and standard error. */
  readonly output: string
}

/** What to run, and for how long at most. */
export interface Command {
  readonly program: string
  readonly options: readonly string[]
  readonly timeoutMs: number
  /** Where it runs. Default: where this process does. */
  readonly folder?: string
  /** Beside that of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined
}

const outputCharactersMax = 20_000
const running = new Set<number>()

/** Ends every process group that is still running; for signals to the runner itself. */
export function endAll(): void {
  for (const pid of running) endGroup(pid)
}

/** Runs a command to its end, or ends it and its children when the time is over. */
export function runCommand(command: Command): Promise<Ended> {
  const { program, options, timeoutMs, environment, folder } = command
  const env = { ...process.env, ...environment }
  return new Promise((resolve, reject) => {
    // A group of its own, so that what a hanging test has started ends with it.
    const child = spawn(program, options, {
      ...{ detached: true, env, cwd: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const pid = child.pid ?? 0
    let output = ''
    let timedOut = false
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-outputCharactersMax)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    if (pid !== 0) running.add(pid)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(pid)
    }, timeoutMs)
    child.on('error', reject)
    // On exit, not on close: an orphan that holds the pipes must not hold the run.
    child.on('exit', (code) => {
      clearTimeout(timer)
      endGroup(pid)
      running.delete(pid)
      setImmediate(() => resolve({ code, timedOut, output }))
    })
  })
}

function endGroup(pid: number): void {
  if (pid === 0) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // The group has ended: that is what was wanted.
  }
}

/** How a test file is run; the options are its own. */
export type Trying = Omit<Command, 'program'>

/** Runs a test file and tells every outcome; a file that proves nothing has failed. */
export async function runTestFile(
  path: string,
  { options: given, ...rest }: Trying,
): Promise<Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-test-'))
  const lines = join(folder, 'outcomes.jsonl')
  const reporter = join(import.meta.dirname, 'reporter.ts')
  const options = ['--conditions=source', '--enable-source-maps', ...preloads(path)]
  // A little less than the file has: a test that hangs is then told by its name.
  options.push(`--test-timeout=${Math.round(rest.timeoutMs * 0.9)}`)
  options.push(
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${lines}`,
    path,
    ...given,
  )
  try {
    const ended = await runCommand({ ...rest, program: process.execPath, options })
    const outcomes = existsSync(lines) ? readOutcomes(readFileSync(lines, 'utf8')) : []
    const problem = problemOf(ended, outcomes, rest.timeoutMs)
    if (!problem) return outcomes
    return [...outcomes, { name: 'the file itself', line: 1, state: 'failed', reason: problem }]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function problemOf(
  ended: Ended,
  outcomes: readonly Outcome[],
  timeoutMs: number,
): string | undefined {
  const { code, timedOut, output } = ended
  if (timedOut) return `did not end within ${timeoutMs} ms: something was left open\n${output}`
  if (code !== 0 && !outcomes.some(({ state }) => state === 'failed')) {
    return `ended with ${code ?? 'a signal'}\n${output}`
  }
  return outcomes.length === 0 ? 'holds no tests' : undefined
}

function readOutcomes(text: string): Outcome[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Outcome)
}
