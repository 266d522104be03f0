/** Owns how long a start takes: from the command to the first answer that the app is ready. */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, median } from '../table.ts'
import { type Scratch, startStore } from '../world.ts'

const goals = { newSeconds: 5, existingSeconds: 0.8 } as const

/** Measures starts on new data directories and on an existing one. */
export async function measureStartup(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const fresh: number[] = []
  const existing: number[] = []
  for (let round = 0; round < 3; round++) {
    const directory = join(scratch.path, `start-${round}`)
    fresh.push(await secondsToReady(directory))
    for (let again = 0; again < 3; again++) existing.push(await secondsToReady(directory))
  }
  const list = (values: readonly number[]): string =>
    values.map((value) => value.toFixed(2)).join(' ')
  tell(`ready on a new data directory after (s): ${list(fresh)}`)
  tell(`ready on an existing data directory after (s): ${list(existing)}`)
  return [
    figure('ready on a new data directory', median(fresh), goals.newSeconds),
    figure('ready on an existing data directory', median(existing), goals.existingSeconds),
  ]
}

function figure(name: string, seconds: number, goal: number): Figure {
  const value = `${seconds.toFixed(2)} s`
  return { name, value, goal: `≤ ${goal} s`, reached: seconds <= goal }
}

async function secondsToReady(directory: string): Promise<number> {
  const startMs = performance.now()
  const { url, process } = await startStore(directory)
  const response = await fetch(new URL('/health/ready', url))
  if (!response.ok) throw new Error(`The store is not ready: ${response.status}.`)
  await response.arrayBuffer()
  const elapsedMs = performance.now() - startMs
  await process.stop()
  await sleep(100)
  return elapsedMs / 1_000
}
