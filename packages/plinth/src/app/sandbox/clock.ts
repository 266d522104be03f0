/** Owns the clock of a sandbox: moved by an operator, followed by all nodes. Not in production. */

import { Failure } from '../../base/failure.ts'
import { type Clock, instantText, type ShiftedClock } from '../../base/time.ts'
import type { Database } from '../../database/database.ts'
import { readClockShift, storeClockShift } from '../../effects/clock.ts'
import type { RunningApp } from '../compose.ts'

const followEveryMs = 1_000
const farthestMs = 100 * 366 * 86_400_000

/** What sets a clock to what `plinth clock` said last, before anything works with time. */
export function sandboxStart(clock: ShiftedClock): (database: Database) => Promise<void> {
  return async (database) => clock.shift(await readClockShift(database))
}

/** The app with a clock that follows what `plinth clock` says, until the app is closed. */
export function withSandboxClock(running: RunningApp, clock: ShiftedClock): RunningApp {
  const { database, log } = running.runtime
  const follow = sandboxStart(clock)
  const timer = setInterval(() => {
    follow(database).catch((cause: unknown) => {
      log({
        level: 'warning',
        message: 'The sandbox clock was not read; it stays as it is.',
        cause,
      })
    })
  }, followEveryMs)
  timer.unref()
  return {
    ...running,
    async close() {
      clearInterval(timer)
      await running.close()
    },
  }
}

/** How a sandbox's clock is moved: by a length of time, to a moment, or back to the machine's. */
export type ClockMove = { readonly by: string } | { readonly to: string } | { readonly reset: true }

/**
 * Moves the clock of an app's sandbox and returns the moment it then shows. Fails with `usage`
 * where the words are no time, and with `configuration_invalid` in production.
 */
export async function moveSandboxClock(
  running: RunningApp,
  { move, machine, production }: { move: ClockMove; machine: Clock; production: boolean },
): Promise<string> {
  if (production) {
    const detail = 'The clock of a production app is the machine’s: unset NODE_ENV=production.'
    throw new Failure('configuration_invalid', { detail })
  }
  const { database } = running.runtime
  const shift = await readClockShift(database)
  const target = targetOf(move, { machineMs: machine.now(), shift })
  if (Math.abs(target) > farthestMs) {
    throw new Failure('usage', { detail: 'A clock can be moved by at most a hundred years.' })
  }
  await storeClockShift(database, target)
  return instantText(machine.now() + target)
}

/** Where the clock of an app's sandbox stands. */
export async function sandboxClock(
  running: RunningApp,
  machine: Clock,
): Promise<{ readonly now: string; readonly shiftMs: number }> {
  const shiftMs = await readClockShift(running.runtime.database)
  return { now: instantText(machine.now() + shiftMs), shiftMs }
}

interface Standing {
  readonly machineMs: number
  readonly shift: number
}

function targetOf(move: ClockMove, { machineMs, shift }: Standing): number {
  if ('reset' in move) return 0
  if ('to' in move) return read(move.to, instantMs) - machineMs
  const now = Temporal.Instant.fromEpochMilliseconds(machineMs + shift).toZonedDateTimeISO('UTC')
  const moved = read(move.by, (text) => now.add(Temporal.Duration.from(text)))
  return moved.epochMilliseconds - machineMs
}

function instantMs(text: string): number {
  return Temporal.Instant.from(text).epochMilliseconds
}

function read<T>(text: string, parse: (text: string) => T): T {
  try {
    return parse(text)
  } catch (cause) {
    const detail = `"${text}" is no time: give a length such as P30D, PT90M or -PT1H, or a moment.`
    throw new Failure('usage', { detail, cause })
  }
}
