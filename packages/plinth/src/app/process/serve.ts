/** Owns the process of `plinth dev` and `plinth start`: PostgreSQL, the socket, the workers. */

import { dirname, extname, join } from 'node:path'
import { Failure } from '../../base/failure.ts'
import type { BoundAddress } from '../../http/server.ts'
import type { Config } from '../config/config.ts'
import type { Log } from '../log.ts'
import { obeySignals } from '../supervisor/signals.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import type { WorkerCommand } from '../supervisor/worker-process.ts'
import { exposureOf } from './exposure.ts'
import { plantFaults } from './faults.ts'
import { KeptPostgres } from './postgres.ts'
import type { WorkerTask } from './task.ts'
import { watchSources } from './watch.ts'

/** How a server process runs. */
export interface ServeOptions {
  readonly config: Config
  readonly command: 'dev' | 'start'
  /** True: the first schema change may lose values. */
  readonly acceptLoss: boolean
  /** True: logs are for people. */
  readonly plain: boolean
  readonly log: Log
  /** Shows why the app does not start, and what is wrong with a saved change. */
  readonly showFailure: (failure: unknown) => void
  /** Asks a person whether values may be lost. Undefined: nobody is there to be asked. */
  readonly confirmLoss?: () => Promise<boolean>
  /** Called with every save that is noticed, in development. */
  readonly saved?: () => void
  /** Called once the app serves. */
  readonly ready: (bound: BoundAddress) => void | Promise<void>
}

/**
 * Serves an app until a signal ends the process. Rejects where the first start fails; in
 * development a mistake in the app is shown instead, and the next save tries again.
 */
export async function serveApp(options: ServeOptions): Promise<void> {
  const { config, log, command } = options
  plantFaults(config.faults)
  const postgres = config.database ? undefined : postgresOf(config, log)
  const task = new Task(options)
  const supervisor = new Supervisor({ host: config.host, port: config.port, worker: task, log })
  const afterStop = async (): Promise<void> => postgres?.stop()
  obeySignals({ supervisor, log, afterStop })
  endWithParent()
  const serving = new Serving({ supervisor, task, options })
  // Before a worker reads the sources: a save while the first one starts is followed too.
  const unwatch = command === 'dev' ? await watchApp(config, serving) : undefined
  try {
    // Side by side: PostgreSQL starts while the worker reads its modules and waits for it.
    const first = serving.first()
    first.catch(() => undefined)
    await postgres?.start()
    await first
  } catch (error) {
    if (command === 'start' || !isMendable(error)) {
      await supervisor.stop({ atOnce: true })
      await postgres?.stop()
      unwatch?.()
      throw error
    }
    options.showFailure(error)
  }
  await serving.follow()
}

function watchApp(config: Config, serving: Serving): Promise<() => void> {
  return watchSources(dirname(config.appFile), () => void serving.saved())
}

function postgresOf(config: Config, log: Log): KeptPostgres {
  return new KeptPostgres({
    directory: config.dataDirectory,
    log,
    lost(cause) {
      log({ level: 'error', message: 'PostgreSQL cannot be started again.', cause })
      process.kill(process.pid, 'SIGTERM')
    },
  })
}

/** The worker's command. What it is told changes with what a person agreed to. */
class Task implements WorkerCommand {
  readonly path = join(import.meta.dirname, `worker-entry${extname(import.meta.filename)}`)
  readonly execArgv = childOptions()
  acceptLoss: boolean
  readonly #options: ServeOptions

  constructor(options: ServeOptions) {
    this.#options = options
    this.acceptLoss = options.acceptLoss
  }

  get args(): readonly string[] {
    const { command, config, plain } = this.#options
    const { acceptLoss } = this
    const task: WorkerTask = { command, appFile: config.appFile, acceptLoss, plain }
    return [JSON.stringify(task)]
  }
}

interface Parts {
  readonly supervisor: Supervisor
  readonly task: Task
  readonly options: ServeOptions
}

/** The app's way from not serving to serving, again with every save. */
class Serving {
  readonly #parts: Parts
  #announced = false
  // Busy from the beginning: saves are followed once the first start has ended.
  #busy = true
  #again = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async first(): Promise<void> {
    await this.#asking(() => this.#parts.supervisor.start())
  }

  /** A save in the middle of a restart is followed by one more. */
  async saved(): Promise<void> {
    this.#parts.options.saved?.()
    this.#again = true
    if (!this.#busy) await this.follow()
  }

  /** Follows what was saved since it was busy. */
  async follow(): Promise<void> {
    this.#busy = true
    while (this.#again) {
      this.#again = false
      await this.#restart()
    }
    this.#busy = false
  }

  async #restart(): Promise<void> {
    const { supervisor, options } = this.#parts
    try {
      const known = this.#announced
      await this.#asking(() => supervisor.restart())
      if (known) options.log({ level: 'information', message: 'Saved: the new version serves.' })
    } catch (error) {
      options.showFailure(error)
    }
  }

  /** Asks once where values would be lost, and tries again with the answer. */
  async #asking(attempt: () => Promise<unknown>): Promise<void> {
    const { supervisor, task, options } = this.#parts
    try {
      await attempt()
    } catch (error) {
      if (!losesValues(error) || options.confirmLoss === undefined) throw error
      options.showFailure(error)
      if (!(await options.confirmLoss())) throw kept()
      task.acceptLoss = true
      await supervisor.restart()
    } finally {
      task.acceptLoss = false
    }
    await this.#announce()
  }

  async #announce(): Promise<void> {
    const { supervisor, options } = this.#parts
    const { address } = supervisor
    if (this.#announced || !address) return
    this.#announced = true
    const exposure = exposureOf(options.config)
    for (const message of options.config.unknown) options.log({ level: 'warning', message })
    if (exposure) options.log({ level: 'warning', message: exposure })
    await options.ready(address)
  }
}

function kept(): Failure {
  return new Failure('migration_refused', {
    detail: 'Nothing was lost. Declare it again, or name its new name by `was`, and save.',
  })
}

function losesValues(error: unknown): boolean {
  return (
    error instanceof Failure &&
    error.code === 'migration_refused' &&
    error.problems.some(({ code }) => code === 'destructive')
  )
}

/** What the next save can mend: the app itself. A port or a directory is not. */
function isMendable(error: unknown): boolean {
  const codes = ['declaration_invalid', 'migration_refused', 'unavailable']
  return error instanceof Failure && codes.includes(error.code)
}

/** Workers run the sources where we do. */
export function childOptions(): readonly string[] {
  const source = '--conditions=source'
  const fromSources = extname(import.meta.filename) === '.ts'
  const own = process.execArgv
  return fromSources && !own.includes(source) ? [...own, source] : own
}

/** Started by a launcher that holds a channel to us: its end is ours. */
function endWithParent(): void {
  if (!process.connected) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
}
