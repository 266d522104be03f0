/** Owns how much memory everything together holds: all processes, shared parts once. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../table.ts'
import { clientLoad } from '../traffic/client.ts'
import { treeOf } from '../tree.ts'
import { type Scratch, startStore } from '../world.ts'

const goalMegabytes = 250
const idleSeconds = 3

/** Measures the memory of a store that has just started, and of one that has worked. */
export async function measureMemory(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  if (process.platform !== 'linux') {
    tell('memory: shared parts are told apart on Linux only; not measured here')
    return []
  }
  const { url, process: running } = await startStore(join(scratch.path, 'memory'))
  try {
    await sleep(idleSeconds * 1_000)
    const idle = await memoryOf(running.pid, tell)
    const target = '/api/products?limit=20&include=category'
    const requests = [{ method: 'GET', target, token: undefined }] as const
    await clientLoad({ url, requests, seconds: 3, connections: 16, label: 'memory' })
    await sleep(idleSeconds * 1_000)
    const worked = await memoryOf(running.pid, tell)
    return [figure('idle memory after a start', idle), figure('idle memory after work', worked)]
  } finally {
    await running.stop()
  }
}

function figure(name: string, megabytes: number): Figure {
  const reached = megabytes <= goalMegabytes
  return { name, value: `${megabytes.toFixed(0)} MB`, goal: `≤ ${goalMegabytes} MB`, reached }
}

async function memoryOf(pid: number, tell: (line: string) => void): Promise<number> {
  const byName = new Map<string, number>()
  for (const { pid: each, part } of await treeOf(pid)) {
    const text = await readFile(`/proc/${each}/smaps_rollup`, 'utf8').catch(() => '')
    const kilobytes = Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0)
    byName.set(part, (byName.get(part) ?? 0) + kilobytes / 1_024)
  }
  const shown = [...byName].map(([name, megabytes]) => `${name} ${megabytes.toFixed(1)}`)
  tell(`memory (MB, shared parts divided): ${shown.join(', ')}`)
  return [...byName.values()].reduce((sum, each) => sum + each, 0)
}
