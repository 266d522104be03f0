/** Owns the connections that one caller holds at a time: for transactions. */

import { Failure } from '../base/failure.ts'
import { Waiters } from './waiters.ts'
import type { Wire } from './wire/wire.ts'

/** How the pool is built. */
export interface PoolOptions {
  readonly connectionsMax: number
  /** Callers that wait for a connection. More are refused with `overloaded`. */
  readonly queueMax: number
  /** How long one waits before it is refused with `overloaded`. */
  readonly acquireTimeoutMs: number
  /** A connection that nobody has needed for this long is closed. Default 30 s. */
  readonly idleMs?: number
  readonly connect: (broken: () => void) => Promise<Wire>
}

const idleMs = 30_000

// Kept for the next call: opening one takes milliseconds.
const kept = 2

interface Waiter {
  readonly caller: string
  readonly resolve: (wire: Wire) => void
  readonly reject: (reason: unknown) => void
}

/** Hands out connections, the last one used first, and queues who finds none. */
export class Pool {
  readonly #options: PoolOptions
  readonly #idle: Wire[] = []
  readonly #waiters = new Waiters<Waiter>()
  #open = 0
  #closed: (() => void) | undefined
  #spare = 0
  #sweeping: ReturnType<typeof setInterval> | undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /**
   * A connection of one's own until it is given back. Where none is free, callers get one in turn:
   * one who asks for many stands behind another who asks for one.
   */
  acquire(caller = ''): Promise<Wire> {
    if (this.#closed) {
      return Promise.reject(new Failure('unavailable', { detail: 'The server is stopping.' }))
    }
    const wire = this.#idle.pop()
    this.#spare = Math.min(this.#spare, this.#idle.length)
    if (wire) return Promise.resolve(wire)
    if (this.#open < this.#options.connectionsMax) return this.#connect()
    return this.#wait(caller)
  }

  /** Takes a connection back. One that is broken, or in doubt, must have been destroyed. */
  release(wire: Wire): void {
    if (!wire.isOpen) return
    const waiter = this.#waiters.next()
    if (waiter) waiter.resolve(wire)
    else if (this.#closed) wire.close()
    else this.#idle.push(wire)
  }

  /** Closes idle connections, and the busy ones as they come back. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve
      clearInterval(this.#sweeping)
      if (this.#open === 0) resolve()
      for (const wire of this.#idle.splice(0)) wire.close()
    })
  }

  /** What lay idle through a whole span is more than the load of it needed. */
  #sweep(): void {
    const leaving = Math.min(this.#spare, this.#idle.length - kept)
    if (leaving > 0) for (const wire of this.#idle.splice(0, leaving)) wire.close()
    this.#spare = this.#idle.length
  }

  async #connect(): Promise<Wire> {
    this.#open += 1
    this.#sweeping ??= setInterval(() => this.#sweep(), this.#options.idleMs ?? idleMs).unref()
    let wire: Wire | undefined
    try {
      wire = await this.#options.connect(() => this.#lost(wire))
      return wire
    } finally {
      if (wire === undefined) this.#free()
    }
  }

  #lost(wire: Wire | undefined): void {
    if (wire === undefined) return
    const index = this.#idle.indexOf(wire)
    if (index >= 0) this.#idle.splice(index, 1)
    this.#free()
  }

  /** A place is free: the next in the queue gets a new connection in it. */
  #free(): void {
    this.#open -= 1
    const waiter = this.#waiters.next()
    if (waiter) this.#connect().then(waiter.resolve, waiter.reject)
    else if (this.#open === 0) this.#closed?.()
  }

  #wait(caller: string): Promise<Wire> {
    if (this.#waiters.size >= this.#options.queueMax) {
      const last = this.#waiters.makeRoomFor(caller)
      if (last === undefined) return Promise.reject(overloaded('acquireQueueMax'))
      last.reject(overloaded('acquireQueueMax'))
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        caller,
        resolve(wire) {
          clearTimeout(timer)
          resolve(wire)
        },
        reject(reason) {
          clearTimeout(timer)
          reject(reason)
        },
      }
      const timer = setTimeout(() => {
        this.#waiters.remove(waiter)
        reject(overloaded('acquireTimeoutMs'))
      }, this.#options.acquireTimeoutMs)
      this.#waiters.add(waiter)
    })
  }
}

/** The failure of whoever finds no place; `limit` is the name of the cap. */
export function overloaded(limit: string): Failure {
  return new Failure('overloaded', {
    detail: `Too many changes are under way (${limit}). Try again in a moment.`,
    retryAfterSeconds: 1,
  })
}
