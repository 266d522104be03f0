/** Owns the processes that a benchmark starts: each is ended by its id, whatever happens. */

import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a process is started. */
export interface ProcessOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A process under way. */
export interface Running {
  readonly pid: number
  /** The first match in what it prints, now or later; fails where it ends before. */
  match(pattern: RegExp): Promise<RegExpExecArray>
  /** Asks it to end, and makes it end where it does not within ten seconds. */
  stop(): Promise<void>
}

const patienceMs = 10_000
const started = new Set<Running>()

/** Starts a process. */
export function start(
  program: string,
  parameters: readonly string[],
  options: ProcessOptions = {},
): Running {
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  })
  const output = outputOf(child)
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const running: Running = {
    pid: child.pid ?? 0,
    match: (pattern) => output.match(pattern),
    async stop() {
      started.delete(running)
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const patience = new AbortController()
      const late = sleep(patienceMs, true, { signal: patience.signal }).catch(() => false)
      if (await Promise.race([gone.then(() => false), late])) child.kill('SIGKILL')
      patience.abort()
      await gone
    },
  }
  started.add(running)
  return running
}

/** Ends everything that was started. */
export async function stopAll(): Promise<void> {
  await Promise.all([...started].reverse().map((running) => running.stop()))
}

/** What a program prints, once it has ended well. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: ProcessOptions = {},
): Promise<string> {
  const child = spawn(program, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  })
  let printed = ''
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  if (code === 0) return printed
  throw new Error(`${program} ended with ${code}: ${(complaint + printed).slice(-2_000)}`)
}

/** Whether there is a program of this name. */
export async function isInstalled(program: string): Promise<boolean> {
  return run('sh', ['-c', `command -v ${program}`]).then(
    () => true,
    () => false,
  )
}

interface Output {
  match(pattern: RegExp): Promise<RegExpExecArray>
}

function outputOf(child: ChildProcess): Output {
  let text = ''
  let ended = false
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const each of waiting) each()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      wake()
    })
  }
  child.once('close', () => {
    ended = true
    wake()
  })
  return {
    match: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(text)
          if (!found && !ended) return
          waiting.delete(look)
          if (found) resolve(found)
          else reject(new Error(`A process ended before it was ready:\n${text.slice(-2_000)}`))
        }
        waiting.add(look)
        look()
      }),
  }
}
