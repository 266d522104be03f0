/** Owns what the operating system knows of a tree of processes: who belongs to it, what it used. */

import { readdir, readFile } from 'node:fs/promises'

/** Whose work a process does. */
export type Part = 'supervisor' | 'server' | 'postgres'

/** A process of a tree. */
export interface Member {
  readonly pid: number
  readonly part: Part
}

/** A process and all that descend from it; Linux only. */
export async function treeOf(pid: number): Promise<readonly Member[]> {
  const children = new Map<number, number[]>()
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const status = await readFile(`/proc/${entry}/status`, 'utf8').catch(() => '')
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0)
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const tree = [pid]
  for (const each of tree) tree.push(...(children.get(each) ?? []))
  return Promise.all(tree.map(async (each) => ({ pid: each, part: await partOf(each) })))
}

async function partOf(pid: number): Promise<Part> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  if (/worker-entry|peer\.ts/.test(command)) return 'server'
  return command.includes('postgres') ? 'postgres' : 'supervisor'
}

/** Milliseconds of processor time that a tree has used so far, by part. */
export async function processorTimeOf(pid: number): Promise<ReadonlyMap<Part, number>> {
  const used = new Map<Part, number>()
  for (const { pid: each, part } of await treeOf(pid)) {
    const stat = await readFile(`/proc/${each}/stat`, 'utf8').catch(() => '')
    // The name may hold anything; what follows its bracket is numbers.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
    used.set(part, (used.get(part) ?? 0) + ticks * msPerTick)
  }
  return used
}

// USER_HZ, which is 100 on every Linux that Node runs on.
const msPerTick = 10
