/** Owns the real server of a run: `plinth start`, its processes, and how they die. */

import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Found, Program, pause, processesBelow, signal, untilDead } from './processes.ts'

const command = join(import.meta.dirname, '../../../packages/plinth/bin/plinth.js')

const portPatienceMs = 30_000
// Below those that systems give to outgoing connections: nobody takes one while its server is dead.
const portMin = 20_000
const portMax = 30_000

/** How it is started. */
export interface ServerOptions {
  /** Its log, and the plan of its failpoints. */
  readonly folder: string
  readonly appFile: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  /** Names of planted bugs. */
  readonly sabotages: readonly string[]
}

/** What a failpoint did. */
export interface Fired {
  readonly point: string
  readonly pid: number
}

/** One node: a supervisor with its worker, and the embedded PostgreSQL where it has one. */
export class Server {
  readonly base: string
  readonly #options: ServerOptions
  #program: Program | undefined
  #deaths = 0

  constructor(options: ServerOptions) {
    this.#options = options
    this.base = `http://127.0.0.1:${options.port}`
    mkdirSync(join(this.#faults, 'fired'), { recursive: true })
  }

  get #faults(): string {
    return join(this.#options.folder, 'faults')
  }

  /** The end of what it said. */
  get told(): string {
    return this.#program?.told ?? ''
  }

  /** How often its worker has died since it was started: it comes back more slowly each time. */
  get deaths(): number {
    return this.#deaths
  }

  /** Notes that its worker has died by a failpoint. */
  noteDeath(): void {
    this.#deaths += 1
  }

  /** Starts it; resolves when it serves. */
  async start(): Promise<void> {
    const { folder, port } = this.#options
    this.#deaths = 0
    const endMs = performance.now() + portPatienceMs
    for (;;) {
      this.#program = this.#run(['start'], join(folder, `server-${port}.log`))
      try {
        await this.#program.untilTold(/Ctrl-C ends it/, 120_000)
        return
      } catch (error) {
        // A worker of a supervisor that was killed lets go of the address a moment later.
        const isTaken = /The address \S+ cannot be used/.test(this.#program.told)
        if (!isTaken || performance.now() > endMs) throw error
        await pause(250)
      }
    }
  }

  /** Moves the clock of the app forwards, e.g. by `PT1H`. */
  async advanceClock(length: string): Promise<void> {
    const { folder } = this.#options
    await this.#run(['clock', 'advance', length], join(folder, 'clock.log')).gone
  }

  #run([first = '', ...words]: readonly string[], logFile: string): Program {
    const { folder, appFile, port, environment, sabotages } = this.#options
    const [verb, ...rest] = words
    const before = verb === undefined ? [first] : [first, verb]
    return new Program({
      program: process.execPath,
      words: [command, ...before, appFile, ...rest],
      ...{ folder, logFile },
      environment: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        PORT: String(port),
        NO_COLOR: '1',
        PLINTH_LOG: 'warning',
        PLINTH_CALLS_PER_MINUTE: '100000000',
        PLINTH_DATA: join(folder, 'data'),
        PLINTH_FAULTS: this.#faults,
        SABOTAGE: sabotages.join(','),
        ...environment,
      },
    })
  }

  /** Sets failpoints in its processes while they run; those set before are gone. */
  plan(points: readonly string[]): void {
    for (const point of points) rmSync(join(this.#faults, 'fired', point), { force: true })
    // Renamed into place: no process reads half of it.
    writeFileSync(join(this.#faults, 'plan.new'), points.join(';'))
    renameSync(join(this.#faults, 'plan.new'), join(this.#faults, 'plan'))
  }

  /** What has fired so far. */
  fired(): readonly Fired[] {
    let text = ''
    try {
      text = readFileSync(join(this.#faults, 'fired.jsonl'), 'utf8')
    } catch {
      return []
    }
    const lines = text.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Fired)
  }

  /** Waits until as many failpoints have fired. False where they did not in time. */
  async untilFired(count: number, timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs
    while (this.fired().length < count) {
      if (performance.now() > endMs) return false
      await pause(5)
    }
    return true
  }

  /** Kills the process that serves; the supervisor starts another. False where there is none. */
  killWorker(name: NodeJS.Signals = 'SIGKILL'): boolean {
    const worker = this.#find(/worker-entry/)
    if (worker) signal(worker.pid, name)
    if (name === 'SIGKILL') this.#deaths += 1
    return worker !== undefined
  }

  /** Kills the supervisor; what it leaves behind must end by itself. Resolves when all is gone. */
  async killSupervisor(): Promise<void> {
    const all = this.#processes()
    await this.#program?.kill()
    await untilDead(all.map(({ pid }) => pid))
  }

  /** Lets the embedded PostgreSQL stop at once; the supervisor starts it again. */
  stopPostgresAtOnce(): boolean {
    const postgres = this.#find(/postgres.* -D /)
    if (postgres) signal(postgres.pid, 'SIGQUIT')
    return postgres !== undefined
  }

  /** Kills everything: supervisor, worker, PostgreSQL. Resolves when all is gone. */
  async killAll(): Promise<void> {
    const all = this.#processes()
    const supervisor = this.#program
    for (const { pid } of all) signal(pid, 'SIGKILL')
    await supervisor?.kill()
    await untilDead(all.map(({ pid }) => pid))
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    const all = this.#processes()
    await this.#program?.kill('SIGTERM')
    await untilDead(all.map(({ pid }) => pid))
  }

  /** Its processes, itself first. */
  #processes(): readonly Found[] {
    if (this.#program === undefined || this.#program.isGone) return []
    const self = { pid: this.#program.pid, command: 'plinth start' }
    return [self, ...processesBelow(this.#program.pid)]
  }

  #find(pattern: RegExp): Found | undefined {
    return this.#processes().findLast((each) => pattern.test(each.command))
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(portMin, portMax)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
