/** Owns the listening socket and the workers behind it: restarts and crashes refuse nobody. */

import { lookup } from 'node:dns/promises'
import { BoundSocket } from 'node:net'
import { assert } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { randomFraction } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { monotonicMs, sleep } from '../../base/time.ts'
import type { BoundAddress, LogEntry } from '../../http/server.ts'
import { type InheritedSocket, type WorkerCommand, WorkerProcess } from './worker-process.ts'

/** How a supervisor is made. */
export interface SupervisorOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly worker: WorkerCommand
  readonly log: (entry: LogEntry) => void
  /** How long a worker may take until it serves. Default 60,000. */
  readonly readyTimeoutMs?: number
  /** How long an old worker may drain before it is ended. Default `drainTimeoutMs` + 5,000. */
  readonly drainTimeoutMs?: number
  /** How long a worker may stand still before another takes its place. Default 30,000. */
  readonly stuckAfterMs?: number
  /**
   * True: a first worker that cannot start is tried again for ever, as a crashed one is. Default
   * false: `start` rejects, so that a person sees at once what is wrong.
   */
  readonly keepTrying?: boolean
}

const readyTimeoutMs = 60_000
const drainMarginMs = 5_000
const bindPauseMs = 100
// A worker that served this long crashed by accident; one that did not is in a crash loop.
const settledMs = 10_000
const backoffFirstMs = 100
const backoffMaxMs = 5_000

/**
 * Keeps one worker serving.
 *
 * The socket is bound here and handed to each worker as an inherited descriptor; workers accept on
 * it themselves. While no worker lives, connections wait in the kernel's queue, because the socket
 * stays open here. Chosen over passing each accepted socket on by message: no cost per
 * connection, and no connection can be lost between a parent that gave and a worker that died.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  #bound: BoundSocket | undefined
  #socket: InheritedSocket | undefined
  #current: WorkerProcess | undefined
  readonly #alive = new Set<WorkerProcess>()
  #turn: Promise<unknown> = Promise.resolve()
  #crashes = 0
  #stopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /**
   * Binds the socket and waits for the first worker. Failures: `configuration_invalid` where the
   * address cannot be had, `unavailable` with the worker's last words where it does not start.
   */
  async start(): Promise<BoundAddress> {
    const socket = await this.#bind()
    if (this.#options.keepTrying === true) await this.#inTurn(() => this.#startUntilReady())
    else await this.#inTurn(() => this.#replace())
    return { host: socket.host, port: socket.port }
  }

  /**
   * Puts a new worker in the place of the old without refusing anybody: resolves when the new one
   * serves; the old one drains meanwhile. Rejects with `unavailable` where the new one does not
   * become ready: then the old one goes on.
   */
  restart(): Promise<void> {
    return this.#inTurn(() => this.#replace())
  }

  /** Refuses new connections, drains the workers and ends; at once: without draining. */
  async stop(options: { readonly atOnce?: boolean } = {}): Promise<void> {
    this.#stopping = true
    this.#bound?.close()
    this.#bound = undefined
    const workers = [...this.#alive]
    if (options.atOnce === true) for (const worker of workers) worker.kill()
    await Promise.all(workers.map((worker) => worker.drain(this.#drainTimeoutMs)))
  }

  /** Where it listens, once the socket is bound. */
  get address(): BoundAddress | undefined {
    return this.#socket && { host: this.#socket.host, port: this.#socket.port }
  }

  /** The process that serves now, for health and tests. */
  get workerProcessId(): number | undefined {
    return this.#current?.processId
  }

  get #drainTimeoutMs(): number {
    return this.#options.drainTimeoutMs ?? limits.drainTimeoutMs + drainMarginMs
  }

  async #bind(): Promise<InheritedSocket> {
    const { host, port } = this.#options
    try {
      const { address } = await lookup(host)
      this.#bound = await this.#bindInTime({ host: address, port })
    } catch (cause) {
      throw new Failure('configuration_invalid', {
        detail: `The address ${host}:${port} cannot be used: free it, or set PORT or HOST.`,
        cause,
      })
    }
    const own = this.#bound.address()
    this.#socket = { fd: this.#bound.fd(), host: own.address, port: own.port }
    if (this.#socket.fd < 0) {
      // Windows hands no sockets on: the worker binds the address, and a restart leaves a gap.
      this.#bound.close()
      this.#bound = undefined
    }
    return this.#socket
  }

  // The workers of a supervisor that was killed hold its socket until they notice: who starts it
  // again at once shall not be refused by its own past.
  async #bindInTime(address: {
    readonly host: string
    readonly port: number
  }): Promise<BoundSocket> {
    const endsAt = monotonicMs() + limits.addressWaitMs
    for (;;) {
      try {
        return new BoundSocket(address)
      } catch (cause) {
        const inUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
        if (!inUse || this.#stopping || monotonicMs() > endsAt) throw cause
      }
      await sleep(bindPauseMs)
    }
  }

  // One change of workers at a time: a crash in the middle of a restart waits for its end.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #replace(): Promise<void> {
    const old = this.#current
    if (this.#socket?.fd === -1) await old?.drain(this.#drainTimeoutMs)
    const next = this.#spawn()
    await this.#untilReady(next)
    this.#current = next
    this.#follow(next)
    if (old !== undefined) void old.drain(this.#drainTimeoutMs)
    if (this.#stopping) await next.drain(this.#drainTimeoutMs)
  }

  #spawn(): WorkerProcess {
    assert(this.#socket !== undefined, 'the socket is bound before workers start')
    if (this.#stopping) throw new Failure('unavailable', { detail: 'The server is stopping.' })
    const worker = new WorkerProcess(this.#options.worker, this.#socket)
    this.#alive.add(worker)
    void worker.gone.then(() => this.#alive.delete(worker))
    return worker
  }

  async #untilReady(worker: WorkerProcess): Promise<void> {
    const timer = setTimeout(() => worker.kill(), this.#options.readyTimeoutMs ?? readyTimeoutMs)
    try {
      await worker.ready
    } finally {
      clearTimeout(timer)
    }
  }

  #follow(worker: WorkerProcess): void {
    const readyAtMs = monotonicMs()
    worker.watch(this.#options.stuckAfterMs ?? limits.stuckWorkerMs, () => {
      this.#report('The worker stands still, in a loop without end: it is ended.', undefined)
      worker.kill()
    })
    void worker.gone.then(() => {
      if (this.#stopping || this.#current !== worker) return
      this.#current = undefined
      if (monotonicMs() - readyAtMs > settledMs) this.#crashes = 0
      this.#report('The worker crashed; connections wait for the next one.', worker.lastWords)
      void this.#inTurn(() => this.#startUntilReady())
    })
  }

  async #startUntilReady(): Promise<void> {
    while (!this.#stopping && this.#current === undefined) {
      await this.#backOff()
      try {
        await this.#replace()
      } catch (cause) {
        this.#report(`The worker does not start (${this.#crashes} in a row).`, cause)
      }
    }
  }

  // The first crash costs nothing but the start of the next worker.
  async #backOff(): Promise<void> {
    const waitMs =
      this.#crashes === 0 ? 0 : Math.min(backoffMaxMs, backoffFirstMs * 2 ** (this.#crashes - 1))
    this.#crashes += 1
    if (waitMs > 0) await sleep(waitMs * (0.75 + randomFraction() / 2))
  }

  #report(message: string, cause: unknown): void {
    if (!this.#stopping) this.#options.log({ level: 'error', message, cause })
  }
}
