/** Owns what a receiver remembers: one line for each delivery, in a file of its own. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** One delivery, as it came. */
export interface Delivery {
  /** `charges`, `parcels`, `recalls`, `webhooks`, `mail`. */
  readonly route: string
  /** What the sender calls it: the same for every attempt at one effect. */
  readonly key: string
  readonly body: unknown
  /** True where it was the first of its key: only then it had an effect. */
  readonly effective: boolean
  /** Milliseconds since 1970 at which it came, and at which it was answered. */
  readonly begunAt: number
}

/** How long somebody waited for the answer to a delivery. */
export interface Span {
  readonly route: string
  readonly key: string
  /** The process that asked. */
  readonly by: number
  /** Milliseconds since 1970. */
  readonly begunAt: number
  /** When it was answered, or whoever asked was gone. */
  readonly endedAt: number
}

/** The deliveries of one receiver. A kill loses none: each is written before it is answered. */
export class Ledger {
  readonly #file: string
  readonly #known = new Set<string>()

  constructor(file: string) {
    this.#file = file
    for (const { route, key } of readDeliveries(file)) this.#known.add(`${route} ${key}`)
  }

  /** Writes a delivery down. Returns whether it was the first of its key. */
  take(delivery: Omit<Delivery, 'effective'>): boolean {
    const name = `${delivery.route} ${delivery.key}`
    const effective = !this.#known.has(name)
    this.#known.add(name)
    appendFileSync(this.#file, `${JSON.stringify({ ...delivery, effective })}\n`)
    return effective
  }

  /** Writes down that nobody waits for an answer any more. */
  end(span: Span): void {
    appendFileSync(`${this.#file}.spans`, `${JSON.stringify(span)}\n`)
  }
}

/** Reads the file of a receiver. */
export function readDeliveries(file: string): readonly Delivery[] {
  return readLines(file) as readonly Delivery[]
}

/** Reads for how long it was asked. */
export function readSpans(file: string): readonly Span[] {
  return readLines(`${file}.spans`) as readonly Span[]
}

function readLines(file: string): readonly unknown[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as unknown)
}
