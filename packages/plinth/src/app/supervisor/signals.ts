/** Owns what signals mean to the supervisor's process. */

import type { LogEntry } from '../../http/server.ts'
import type { Supervisor } from './supervisor.ts'

const hangMs = 3_000

/** What happens around the end of the process. */
export interface SignalOptions {
  readonly supervisor: Supervisor
  readonly log: (entry: LogEntry) => void
  /** Ends what the workers stood on, such as the embedded database. Called when they are gone. */
  readonly afterStop: () => Promise<void>
}

/**
 * SIGHUP restarts without refusing anybody. SIGTERM and SIGINT drain, run `afterStop` and exit with
 * 0; a second one ends the workers at once, and the process with 1 where `afterStop` still hangs.
 */
export function obeySignals(options: SignalOptions): void {
  let ending = false
  process.on('SIGHUP', () => {
    options.supervisor.restart().then(
      () => options.log({ level: 'information', message: 'Restarted.' }),
      (cause: unknown) => {
        options.log({ level: 'error', message: 'Not restarted: the old worker goes on.', cause })
      },
    )
  })
  const end = (): void => {
    const atOnce = ending
    ending = true
    void finish(options, atOnce)
  }
  process.on('SIGTERM', end).on('SIGINT', end)
}

async function finish(options: SignalOptions, atOnce: boolean): Promise<void> {
  try {
    await options.supervisor.stop({ atOnce })
    if (atOnce) {
      // The first signal is on its way through `afterStop`: only a hang is cut short.
      setTimeout(() => process.exit(1), hangMs).unref()
      return
    }
    await options.afterStop()
    process.exit(0)
  } catch (cause) {
    options.log({ level: 'error', message: 'The server could not stop in order.', cause })
    process.exit(1)
  }
}
