/** Owns the embedded PostgreSQL: from an empty directory to a server that answers, and its end. */

import { readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { monotonicMs, sleep } from '../../base/time.ts'
import type { DatabaseAddress } from '../database.ts'
import { type Account, chooseAccount } from './account.ts'
import { createData, dataParameter, type Layout, openLayout, roleName } from './cluster.ts'
import { type Guarded, startGuarded, unrefGuarded } from './guardian.ts'
import { type Ownership, takeOwnership } from './owner.ts'
import { servesDirectory } from './processes.ts'
import { type Programs, prepareProgramsOf } from './programs.ts'
import { run } from './run.ts'
import { isProblem, serverParameters } from './settings.ts'
import { type Door, openDoor, socketPort } from './socket.ts'

/** How the embedded server is started. */
export interface EmbeddedOptions {
  /** The app's data directory, such as `.plinth`. Created (0700) where it is missing. */
  readonly directory: string
  /** Called with each line of PostgreSQL's log that tells of a problem. */
  readonly log: (line: string) => void
  /** Folder of the platform's package. Default: the installed one. */
  readonly packageRoot?: string
}

/** How a server ended. */
export interface EmbeddedEnd {
  /** True where `stop` asked for it. */
  readonly expected: boolean
  /** `code 0`, or the name of a signal. */
  readonly how: string
}

/** A running embedded server. */
export interface EmbeddedServer {
  readonly address: DatabaseAddress
  readonly pid: number
  /** Stops it in order: running transactions are rolled back, what is committed is on disk. */
  stop(): Promise<void>
  /** Lets this process end while the server runs; the server then ends by itself. */
  unref(): void
  /** Settles when it has ended, whether asked to or not. */
  readonly exited: Promise<EmbeddedEnd>
}

const readyTimeoutMs = 60_000
const fastStopMs = 10_000
const immediateStopMs = 5_000
const leftoverPatienceMs = 3_000
const leftoverTimeoutMs = 20_000

/**
 * Starts PostgreSQL on a data directory, which is made on the first start. Fails with
 * `data_directory` where the directory cannot be used, and with `configuration_invalid` where
 * there is no PostgreSQL that runs on this machine.
 *
 * @example const server = await startEmbedded({ directory: '.plinth', log: console.error })
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const account = await chooseAccount()
  const layout = await openLayout(options.directory)
  const ownership = await takeOwnership(layout.folder)
  try {
    const programs = await prepareProgramsOf({
      packageRoot: options.packageRoot,
      account,
      // Under root the data may be out of the account's reach, and so would be a copy inside.
      copyDirectory: account ? '/var/cache/plinth' : join(layout.folder, 'programs'),
    })
    await createData(layout, programs, account)
    await endLeftover(layout.data)
    return await launch({ options, account, layout, programs, ownership })
  } catch (error) {
    await ownership.release()
    throw error
  }
}

interface Parts {
  readonly options: EmbeddedOptions
  readonly account: Account | undefined
  readonly layout: Layout
  readonly programs: Programs
  readonly ownership: Ownership
}

async function launch(parts: Parts): Promise<EmbeddedServer> {
  const { data } = parts.layout
  const door = await openDoor(data, parts.account)
  // Both name a process that is gone; its number may be another program's by now, or a zombie's,
  // which PostgreSQL would take for a running server.
  await rm(join(data, 'postmaster.pid'), { force: true })
  await rm(join(door.host, `.s.PGSQL.${socketPort}.lock`), { force: true })
  const startMs = monotonicMs()
  for (;;) {
    const attempt = await launchOnce(parts, door)
    if ('server' in attempt) return attempt.server
    // Sessions of a server that was killed live on for a moment and hold its memory.
    const held = attempt.words.includes('is still in use')
    if (!held || monotonicMs() - startMs > leftoverTimeoutMs)
      throw failedStart(parts, attempt.words)
    await sleep(100)
  }
}

type Attempt = { readonly server: EmbeddedServer } | { readonly words: string }

async function launchOnce(parts: Parts, door: Door): Promise<Attempt> {
  const { layout, programs } = parts
  const recent: string[] = []
  const guarded = startGuarded({
    program: programs.postgres,
    parameters: ['-D', dataParameter(layout.data), ...serverParameters(door.listening)],
    directory: layout.data,
    account: parts.account,
    line(line) {
      recent.push(line)
      if (recent.length > 20) recent.shift()
      if (isProblem(line)) parts.options.log(line)
    },
  })
  const server = new RunningServer(parts, guarded, door)
  if (await isReady(layout.data, guarded)) return { server: server.ready(await passwordOf(layout)) }
  await server.stop()
  return { words: recent.join('\n') }
}

function failedStart(parts: Parts, words: string): Failure {
  return new Failure('data_directory', {
    detail:
      `PostgreSQL did not start on ${parts.layout.data}. ` +
      'Its own words are in the log; check the free space and the permissions of the directory.',
    cause: new Error(words),
  })
}

class RunningServer {
  readonly #parts: Parts
  readonly #guarded: Guarded
  readonly #door: Door
  readonly #exited: Promise<EmbeddedEnd>
  #ready = false
  #stopping: Promise<void> | undefined

  constructor(parts: Parts, guarded: Guarded, door: Door) {
    this.#parts = parts
    this.#guarded = guarded
    this.#door = door
    this.#exited = guarded.ended.then(async (how) => {
      // Before it is ready the start itself holds the lock, and may try again.
      if (this.#ready) await this.#cleanUp()
      return { expected: this.#stopping !== undefined, how }
    })
  }

  ready(password: string | undefined): EmbeddedServer {
    this.#ready = true
    const address: DatabaseAddress = {
      host: this.#door.host,
      port: this.#door.port,
      user: roleName,
      database: 'postgres',
      ...(password === undefined ? {} : { password }),
    }
    const pid = this.#guarded.child.pid ?? 0
    const unref = (): void => unrefGuarded(this.#guarded)
    return { address, pid, stop: () => this.stop(), unref, exited: this.#exited }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const ladder = [
      { signal: 'SIGINT', waitMs: fastStopMs },
      { signal: 'SIGQUIT', waitMs: immediateStopMs },
      { signal: 'SIGKILL', waitMs: immediateStopMs },
    ] as const
    for (const { signal, waitMs } of ladder) {
      if (signal === 'SIGINT' && process.platform === 'win32') await this.#stopOnWindows()
      else this.#guarded.child.kill(signal)
      if (await endsWithin(this.#guarded, waitMs)) break
    }
    await this.#exited
  }

  async #stopOnWindows(): Promise<void> {
    const { data } = this.#parts.layout
    await run(this.#parts.programs.control, ['stop', '-D', data, '-m', 'fast', '-W'], {
      account: undefined,
      directory: data,
      timeoutMs: fastStopMs,
    })
  }

  async #cleanUp(): Promise<void> {
    // What is left there belongs to nobody: a later start makes or takes the directory again.
    if (this.#door.outside) await rmdir(this.#door.outside).catch(() => undefined)
    await this.#parts.ownership.release()
  }
}

async function endsWithin(guarded: Guarded, waitMs: number): Promise<boolean> {
  let ended = false
  const end = guarded.ended.then(() => {
    ended = true
  })
  const startMs = monotonicMs()
  while (!ended && monotonicMs() - startMs < waitMs) await Promise.race([sleep(20), end])
  return ended
}

/** Waits for the word that the server writes into its own file. False where it ended instead. */
async function isReady(data: string, guarded: Guarded): Promise<boolean> {
  let ended = false
  const end = guarded.ended.then(() => {
    ended = true
  })
  const startMs = monotonicMs()
  while (!ended && monotonicMs() - startMs < readyTimeoutMs) {
    const lines = await statusLines(data)
    if (lines[0] === String(guarded.child.pid) && lines[7]?.trim() === 'ready') return true
    await Promise.race([sleep(4), end])
  }
  return false
}

async function statusLines(data: string): Promise<readonly string[]> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')
}

/**
 * Waits for the server of an app that was killed: its guardian is stopping it. Where the guardian
 * was killed too, the server is stopped from here.
 */
async function endLeftover(data: string): Promise<void> {
  const pid = Number((await statusLines(data))[0])
  if (!Number.isInteger(pid) || pid <= 1) return
  const startMs = monotonicMs()
  let asked = false
  while (await servesDirectory(pid, data)) {
    const waitedMs = monotonicMs() - startMs
    if (waitedMs > leftoverTimeoutMs) {
      throw new Failure('data_directory', {
        detail: `An earlier PostgreSQL (process ${pid}) still runs on ${data}. End that process.`,
      })
    }
    if (waitedMs > leftoverPatienceMs && !asked) {
      asked = true
      if (await servesDirectory(pid, data)) process.kill(pid, 'SIGINT')
    }
    await sleep(10)
  }
}

async function passwordOf(layout: Layout): Promise<string | undefined> {
  if (process.platform !== 'win32') return undefined
  return (await readFile(join(layout.folder, 'password'), 'utf8')).trim()
}
