/** Owns the processes of a run: started, found, killed by their ids, and never left behind. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createWriteStream, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** How a program is started. */
export interface ProgramOptions {
  readonly program: string
  readonly words: readonly string[]
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where everything that it says is kept. */
  readonly logFile: string
}

/** A program that we have started. */
export class Program {
  readonly pid: number
  /** Resolves when it is gone. */
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  #told = ''
  #gone = false

  constructor({ program, words, folder, environment, logFile }: ProgramOptions) {
    this.#child = spawn(program, [...words], {
      cwd: folder,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.pid = this.#child.pid ?? 0
    const log = createWriteStream(logFile, { flags: 'a' })
    const keep = (chunk: Buffer): void => {
      this.#told = (this.#told + chunk.toString()).slice(-20_000)
      log.write(chunk)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.gone = new Promise((resolve) => {
      const end = (): void => {
        this.#gone = true
        log.end()
        resolve()
      }
      this.#child.once('exit', end)
      this.#child.once('error', end)
    })
  }

  get isGone(): boolean {
    return this.#gone
  }

  /** The end of what it said. */
  get told(): string {
    return this.#told
  }

  /** Waits until it has said something. Fails where it ends first, or takes too long. */
  async untilTold(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpExecArray> {
    const endMs = performance.now() + timeoutMs
    for (;;) {
      const found = pattern.exec(this.#told)
      if (found) return found
      if (this.#gone) throw new Error(`It ended before it said ${pattern}:\n${this.#told}`)
      if (performance.now() > endMs) throw new Error(`It did not say ${pattern}:\n${this.#told}`)
      await pause(10)
    }
  }

  /** Sends a signal; SIGKILL where nothing is said. Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.#gone) this.#child.kill(signal)
    await this.gone
  }
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** One process of the machine. */
export interface Found {
  readonly pid: number
  /** Its command line, with spaces between the words. */
  readonly command: string
}

/** The processes below one of ours, at any depth. */
export function processesBelow(pid: number): readonly Found[] {
  const parents = new Map<number, number[]>()
  for (const { child, parent } of allProcesses()) {
    parents.set(parent, [...(parents.get(parent) ?? []), child])
  }
  const below: number[] = []
  const waiting = [pid]
  for (let at = 0; at < waiting.length; at++) {
    const children = parents.get(waiting[at] ?? 0) ?? []
    waiting.push(...children)
    below.push(...children)
  }
  return below.map((each) => ({ pid: each, command: commandOf(each) }))
}

function allProcesses(): readonly { readonly child: number; readonly parent: number }[] {
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    return stdout.split('\n').map((line) => {
      const [child = 0, parent = 0] = line.trim().split(/\s+/).map(Number)
      return { child, parent }
    })
  }
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.map((name) => {
    const status = quietly(() => readFileSync(`/proc/${name}/stat`, 'utf8')) ?? ''
    // The name in parentheses may hold anything: what follows it is counted.
    const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1])
    return { child: Number(name), parent }
  })
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    const text = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? ''
    return text.replaceAll('\0', ' ').trim()
  }
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim()
}

/** True where no such process lives; one that has ended and was not fetched is not alive. */
export function isDead(pid: number): boolean {
  if (process.platform === 'linux') {
    const status = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return status === undefined || /^\s*[ZX]/.test(status.slice(status.lastIndexOf(')') + 1))
  }
  return quietly(() => process.kill(pid, 0)) === undefined
}

/** Waits until all of these are dead: a start beside one that still dies is a false failure. */
export async function untilDead(pids: readonly number[], timeoutMs = 30_000): Promise<void> {
  const endMs = performance.now() + timeoutMs
  for (const pid of pids) {
    while (!isDead(pid)) {
      if (performance.now() > endMs) throw new Error(`Process ${pid} does not end.`)
      await pause(2)
    }
  }
}

/** Sends a signal to one process of ours that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  quietly(() => process.kill(pid, name))
}

/** The processes whose working directory is, or is inside of, a folder of this run. */
export function processesIn(folder: string): readonly number[] {
  if (process.platform !== 'linux') return []
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.map(Number).filter((pid) => {
    const place = quietly(() => readlinkSync(`/proc/${pid}/cwd`)) ?? ''
    return place === folder || place.startsWith(`${folder}/`)
  })
}

/** A process may be gone between two looks at it: then there is nothing to see. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
