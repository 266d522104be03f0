/** Owns a PostgreSQL of our own: one that dies whole, all its processes in one instant. */

import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { plantSabotages, type Sabotage } from '../../../packages/plinth/src/base/failpoint.ts'
import { chooseAccount } from '../../../packages/plinth/src/database/embedded/account.ts'
import { prepareProgramsOf } from '../../../packages/plinth/src/database/embedded/programs.ts'
import { serverParameters } from '../../../packages/plinth/src/database/embedded/settings.ts'
import { isDead, Program, pause, processesBelow, signal } from './processes.ts'

/** Why a whole PostgreSQL cannot be killed in one instant here; undefined where it can. */
export function whyNoNamespace(): string | undefined {
  if (process.platform !== 'linux') return 'PID namespaces need Linux'
  if (process.getuid?.() !== 0) return 'PID namespaces need root'
  const { status, stderr, error } = spawnSync('unshare', ['--pid', '--fork', 'true'], {
    encoding: 'utf8',
  })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

/** How it is made. */
export interface PostgresOptions {
  /** The data directory of an app that was started on it before; may be the mounted disk. */
  readonly data: string
  /** Keeps its socket and its log. */
  readonly folder: string
  readonly sabotages: readonly Sabotage[]
}

const port = 5432

/** PostgreSQL in a PID namespace of its own; the first process of the namespace is the server. */
export class WholePostgres {
  readonly #options: PostgresOptions
  #program: Program | undefined
  #server = 0

  constructor(options: PostgresOptions) {
    this.#options = options
  }

  /** Where it is. */
  get url(): string {
    return `postgres://plinth@/postgres?host=${this.#socket}&port=${port}`
  }

  get #socket(): string {
    return join(this.#options.folder, 'socket')
  }

  /** True where it has ended, by whatever. */
  get isGone(): boolean {
    return this.#program?.isGone ?? true
  }

  /** Starts it; resolves when it answers. */
  async start(): Promise<void> {
    const { data, folder, sabotages } = this.#options
    const account = await chooseAccount()
    const programs = await prepareProgramsOf({
      packageRoot: undefined,
      account,
      copyDirectory: '/var/cache/plinth',
    })
    const place = join(data, 'postgres-18', 'data')
    // Its account walks to the socket, and sees nothing on the way.
    chmodSync(folder, 0o711)
    mkdirSync(this.#socket, { recursive: true, mode: 0o755 })
    if (account) chownSync(this.#socket, account.uid, account.gid)
    rmSync(join(place, 'postmaster.pid'), { force: true })
    plantSabotages(sabotages)
    const settings = serverParameters({ socketDirectory: this.#socket, port })
    plantSabotages([])
    const drop = account
      ? ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
      : []
    this.#program = new Program({
      program: 'unshare',
      words: [
        ...['--pid', '--fork', '--', ...drop],
        ...[programs.postgres, '-D', '/proc/self/cwd', ...settings, '-c', 'max_connections=150'],
      ],
      folder: place,
      environment: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH },
      logFile: join(folder, 'postgres.log'),
    })
    await this.#program.untilTold(/ready to accept connections/)
    this.#server = processesBelow(this.#program.pid)[0]?.pid ?? 0
  }

  /** Kills all of it in one instant. Resolves when nothing of it is left. */
  async kill(): Promise<void> {
    signal(this.#server, 'SIGKILL')
    // The kernel lets the first process go only after every other one of the namespace is gone.
    await this.#program?.gone
  }

  /** Its own immediate stop: processes end at once, nothing is written down. */
  async stopAtOnce(): Promise<void> {
    signal(this.#server, 'SIGQUIT')
    await this.#program?.gone
  }

  /** Ends one of its sessions, as a network would. */
  killSession(nth: number): boolean {
    const sessions = processesBelow(this.#server).filter(({ command }) =>
      / \[local\] /.test(command),
    )
    const chosen = sessions[nth % Math.max(1, sessions.length)]
    if (chosen) signal(chosen.pid, 'SIGTERM')
    return chosen !== undefined
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    signal(this.#server, 'SIGINT')
    for (let waited = 0; waited < 400 && !isDead(this.#server); waited++) await pause(25)
    await this.kill()
    if (existsSync(this.#socket)) rmSync(this.#socket, { recursive: true, force: true })
  }
}
