/** Owns how much memory everything together holds: all processes, shared parts once. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../table.ts'
import { clientLoad } from '../traffic/client.ts'
import { treeOf } from '../tree.ts'
import { type Scratch, startStore } from '../world.ts'

const goalMegabytes = 250
const goalBackendMegabytes = 40
const shapeCount = 360
const idleSeconds = 3
// The server gives back what a load has left once a whole span of 5 s was quiet.
const settleSeconds = 16

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
    await sleep(settleSeconds * 1_000)
    const worked = await memoryOf(running.pid, tell)
    await askInManyShapes(url)
    const backend = await largestBackendOf(running.pid)
    return [
      figure('idle memory after a start', idle),
      figure('idle memory after work', worked),
      figure(`largest backend after ${shapeCount} heavy shapes`, backend, goalBackendMegabytes),
    ]
  } finally {
    await running.stop()
  }
}

/** Reads of many tables, each with other filters: every one is a text of its own. */
async function askInManyShapes(url: string): Promise<void> {
  const includes = 'category.products.category,category.products.reviews,reviews.product,tags'
  const terms = ['createdAt', 'updatedAt', 'version'].flatMap((field) =>
    ['lt', 'lte', 'gt', 'gte'].map((operator) => `filter[${field}][${operator}]`),
  )
  for (let shape = 0; shape < shapeCount; shape++) {
    const chosen = terms.filter((_, bit) => ((shape + 1) >> bit) & 1)
    const values = chosen.map(
      (term) => `${term}=${term.includes('version') ? 1 : '2026-01-01T00:00:00Z'}`,
    )
    const target = `/api/products?limit=1&include=${includes}&${values.join('&')}`
    // Often enough that PostgreSQL makes the plan that it keeps.
    for (let time = 0; time < 8; time++) {
      const { status } = await fetch(new URL(target, url))
      if (status !== 200) throw new Error(`${target} was answered ${status}.`)
    }
  }
}

async function largestBackendOf(pid: number): Promise<number> {
  const members = (await treeOf(pid)).filter(({ part }) => part === 'postgres')
  const sizes = await Promise.all(members.map(({ pid: each }) => privateMegabytesOf(each)))
  return Math.max(...sizes)
}

async function privateMegabytesOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Private_Dirty:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1_024
}

function figure(name: string, megabytes: number, goal = goalMegabytes): Figure {
  const reached = megabytes <= goal
  return { name, value: `${megabytes.toFixed(0)} MB`, goal: `≤ ${goal} MB`, reached }
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
