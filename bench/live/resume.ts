/** Owns the figure of resume: a connection is cut all the time while rows change; what is lost. */

import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Figure, grouped } from '../table.ts'
import { openStream } from './stream.ts'

const rows = 200
const cutMs = 500

/** What resume is measured with. */
export interface ResumeParts {
  readonly url: string
  /** One connection for each writer. */
  readonly clients: readonly [pg.Client, ...pg.Client[]]
  readonly tell: (line: string) => void
  /** How many changes are made. */
  readonly changes: number
}

interface Change {
  readonly is: string
  readonly row?: { readonly id: string; readonly stock: number }
}

const target = `/api/products?filter[sku][lt]=SKU-000223&sort=sku&limit=${rows}&fields=sku,stock`
const update = {
  name: 'bench_change',
  text: 'update catalog.product set stock = stock + 1, version = version + 1 where sku = $1',
}
const wantedRows = 'select sku from catalog.product where published order by sku limit $1'

/** Cuts and resumes while the rows of a read change; then compares with what is there. */
export async function measureResume(parts: ResumeParts): Promise<Figure> {
  const { url, clients, tell, changes } = parts
  const [client] = clients
  const follower = new Follower(url)
  // As many changes as the machine can make: nobody waits for the disk.
  for (const each of clients) await each.query('set synchronous_commit = off')
  await client.query('update catalog.product set stock = 0')
  const found = await client.query<{ readonly sku: string }>(wantedRows, [rows])
  const skus = found.rows.map(({ sku }) => sku)
  follower.connect()
  let made = 0
  const writing = clients.map(async (writer) => {
    for (let at = made++; at < changes; at = made++) {
      await writer.query({ ...update, values: [skus[at % skus.length]] })
    }
  })
  while (made < changes) {
    await sleep(cutMs)
    follower.cut()
  }
  await Promise.all(writing)
  const counted = await client.query('select sum(stock)::text as sum from catalog.product')
  const wanted = Number(counted.rows[0].sum)
  for (let tries = 0; follower.sum !== wanted && tries < 500; tries++) await sleep(10)
  const lost = wanted - follower.sum
  const facts = `${follower.cuts} cuts, ${follower.gaps} gaps, ${follower.backwards} backwards`
  tell(`live: ${grouped(changes)} changes to ${rows} rows, ${facts}, ${lost} lost`)
  follower.end()
  return {
    name: `changes lost of ${grouped(changes)} over ${follower.cuts} cuts`,
    value: String(lost),
    goal: '0',
    reached: lost === 0 && follower.backwards === 0,
  }
}

/** A follower that comes back with its cursor. Each change of a row adds one to its stock. */
class Follower {
  cuts = 0
  gaps = 0
  /** Times at which a row went back to an older form, or a message came twice. */
  backwards = 0
  readonly #url: string
  readonly #stock = new Map<string, number>()
  readonly #seen = new Set<string>()
  #cursor: string | undefined
  #end: () => void = () => undefined

  constructor(url: string) {
    this.#url = url
  }

  get sum(): number {
    let sum = 0
    for (const stock of this.#stock.values()) sum += stock
    return sum
  }

  connect(): void {
    let text = ''
    const { socket } = openStream({
      url: this.#url,
      target,
      after: this.#cursor,
      told: (piece) => {
        text += piece
        const parts = text.split('\n\n')
        text = parts.pop() ?? ''
        for (const part of parts) this.#take(part)
      },
    })
    this.#end = () => socket.destroy()
  }

  cut(): void {
    this.#end()
    this.cuts += 1
    this.connect()
  }

  end(): void {
    this.#end()
  }

  #take(part: string): void {
    const type = /^event: (\w+)$/m.exec(part)?.[1]
    if (type === 'gap') this.gaps += 1
    const data = /^data: (.*)$/m.exec(part)?.[1]
    if (type === undefined || data === undefined) return
    const cursor = /^id: (.*)$/m.exec(part)?.[1]
    if (type === 'changes' && cursor !== undefined) {
      if (this.#seen.has(cursor)) this.backwards += 1
      this.#seen.add(cursor)
    }
    this.#cursor = cursor ?? this.#cursor
    const told = JSON.parse(data) as { changes?: Change[]; rows?: Change['row'][] }
    for (const { row } of told.changes ?? []) this.#note(row)
    for (const row of told.rows ?? []) this.#note(row)
  }

  #note(row: Change['row']): void {
    if (!row) return
    if (row.stock < (this.#stock.get(row.id) ?? 0)) this.backwards += 1
    this.#stock.set(row.id, row.stock)
  }
}
