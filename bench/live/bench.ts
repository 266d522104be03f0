/** Owns the figures of live queries: memory for each follower, latency, and resume under load. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Figure, grouped, median } from '../table.ts'
import { connectTo, fill } from '../traffic/data.ts'
import { treeOf } from '../tree.ts'
import { addressOf, type Scratch, startStore } from '../world.ts'
import { measureResume } from './resume.ts'
import { openStream, type Stream } from './stream.ts'

const sizes = {
  whole: { followers: 10_000, changes: 100_000 },
  part: { followers: 3_000, changes: 10_000 },
} as const
const queries = 1_000
const perAddress = 100
const openAtOnce = 50
const changesPerSecond = 100
const seconds = 10
// The server gives back what opening streams has left once a whole span of 5 s was quiet: in 8 s
// there may be none.
const settleMs = 16_000
const goals = { bytes: 20 * 1024, p50Ms: 10, p99Ms: 50 }

/**
 * Measures on the store: many followers, many different reads, changes at a steady pace. `whole`:
 * as many as the goals name; else enough to see whether they are still reached.
 */
export async function measureLive(
  scratch: Scratch,
  { tell, whole }: { readonly tell: (line: string) => void; readonly whole: boolean },
): Promise<readonly Figure[]> {
  const { followers, changes } = whole ? sizes.whole : sizes.part
  const data = join(scratch.path, 'live')
  const { url, process: running } = await startStore(data)
  try {
    const address = await addressOf(data)
    await fill(address)
    const client = await connectTo(address)
    const server = async (): Promise<number> => memoryOf(await serverOf(running.pid))
    const room = new Room(url)
    // All reads are planned and asked once before memory is looked at.
    await room.open(queries)
    await sleep(settleMs)
    const before = await server()
    await room.open(followers)
    await sleep(settleMs)
    const each = (((await server()) - before) * 1024) / Math.max(1, followers - queries)
    tell(`live: ${grouped(followers)} followers of ${queries} reads, ${grouped(each)} bytes each`)
    const delays = await room.change(client)
    const at = (part: number): number => delays[Math.floor(delays.length * part)] ?? Number.NaN
    const [p50, p99] = [median(delays), at(0.99)]
    const shown = [p50, at(0.95), p99].map((ms) => ms.toFixed(1)).join(', ')
    tell(`live: ${grouped(delays.length)} changes told; p50, p95, p99 in ms: ${shown}`)
    room.close()
    const others = await Promise.all([1, 2, 3].map(() => connectTo(address)))
    const resumed = await measureResume({ url, clients: [client, ...others], tell, changes })
    for (const each of [client, ...others]) await each.end()
    return [
      figure('memory of a follower', `${grouped(each)} bytes`, {
        goal: `≤ ${grouped(goals.bytes)} bytes`,
        reached: each <= goals.bytes,
      }),
      figure('commit to follower, p50', `${p50.toFixed(1)} ms`, {
        goal: `≤ ${goals.p50Ms} ms`,
        reached: p50 <= goals.p50Ms,
      }),
      figure('commit to follower, p99', `${p99.toFixed(1)} ms`, {
        goal: `≤ ${goals.p99Ms} ms`,
        reached: p99 <= goals.p99Ms,
      }),
      resumed,
    ]
  } finally {
    await running.stop()
  }
}

function figure(name: string, value: string, rest: Pick<Figure, 'goal' | 'reached'>): Figure {
  return { name, value, ...rest }
}

/** Kilobytes that a process has resident: heap, buffers, code; not the kernel's sockets. */
async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0)
}

async function serverOf(pid: number): Promise<number> {
  const server = (await treeOf(pid)).find(({ part }) => part === 'server')
  if (!server) throw new Error('The store has no server process.')
  return server.pid
}

/** Followers of many different reads. */
class Room {
  readonly #url: string
  readonly #streams: Stream[] = []
  /** When a product was changed, by its number. */
  readonly #changedAt = new Map<number, number>()
  readonly #delays: number[] = []

  constructor(url: string) {
    this.#url = url
  }

  /** Opens streams until there are so many. */
  async open(count: number): Promise<void> {
    while (this.#streams.length < count) {
      const some = Math.min(openAtOnce, count - this.#streams.length)
      const opened = Array.from({ length: some }, () => this.#one())
      await Promise.all(opened.map(({ begun }) => begun))
    }
  }

  #one(): Stream {
    const number = this.#streams.length
    const network = Math.floor(number / perAddress)
    const product = numberOf(number % queries)
    const stream = openStream({
      url: this.#url,
      target: `/api/products?filter[sku]=SKU-${String(product).padStart(6, '0')}`,
      from: `127.0.${1 + Math.floor(network / 250)}.${1 + (network % 250)}`,
      told: (text, atMs) => {
        const changedAt = this.#changedAt.get(product)
        if (changedAt === undefined || !text.includes('event: changes')) return
        this.#delays.push(atMs - changedAt)
      },
    })
    this.#streams.push(stream)
    return stream
  }

  /** Changes a product after the other; returns how long each follower waited, sorted. */
  async change(client: pg.Client): Promise<readonly number[]> {
    const update =
      'update catalog.product set stock = stock + 1, version = version + 1 where sku = $1'
    for (let at = 0; at < changesPerSecond * seconds; at++) {
      const product = numberOf((at * 7) % queries)
      const startedMs = performance.now()
      await client.query(update, [`SKU-${String(product).padStart(6, '0')}`])
      this.#changedAt.set(product, performance.now())
      await sleep(Math.max(0, 1_000 / changesPerSecond - (performance.now() - startedMs)))
    }
    await sleep(2_000)
    return this.#delays.sort((a, b) => a - b)
  }

  close(): void {
    for (const { socket } of this.#streams) socket.destroy()
  }
}

/** The number of a published product. */
function numberOf(at: number): number {
  return at + 1 + Math.floor(at / 9)
}
