/** Owns the worker's side: listens and drains when told, never outlives its parent. */

import { assert } from '../../base/assert.ts'
import { Failure, type FailureCode } from '../../base/failure.ts'
import { catchStrays } from '../../http/server/last-resort.ts'
import type { HttpServer, LogEntry } from '../../http/server.ts'
import { type Order, type Report, readOrder } from './protocol.ts'

/** What a worker serves. */
export interface Service {
  readonly server: HttpServer
  /** Ends beside the server what takes its time to end, such as jobs. */
  drain?(): Promise<void>
  /** Ends everything behind the server, such as jobs and the pool. Called after draining. */
  stop(): Promise<void>
}

/** How a worker runs. */
export interface WorkerOptions {
  /** Builds everything up to the point where requests can be served. */
  readonly start: () => Promise<Service>
  readonly log: (entry: LogEntry) => void
}

/**
 * Runs this process as a worker of a supervisor: resolves once it serves, exits with 0 when it was
 * drained, with 1 when it could not start or the supervisor died. Signals are left to the
 * supervisor: a terminal sends them to the whole group.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  assert(process.send !== undefined, 'a worker is started by a supervisor')
  // Before anything that takes time: a parent may die while we start.
  process.once('disconnect', () => process.exit(1))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leaveToParent)
  catchStrays(options.log)
  const orders = receiveOrders()
  try {
    const listen = await orders.listen
    const service = await options.start()
    const bound = await service.server.listen(listen.address)
    void orders.drain.then(() => leave(service, options.log))
    await report({ type: 'ready', ...bound })
  } catch (cause) {
    await reportFailure(cause, options.log)
    process.exit(1)
  }
}

/** A failure is told by the supervisor, once and in full; a bug is logged where it happened. */
async function reportFailure(cause: unknown, log: (entry: LogEntry) => void): Promise<void> {
  if (cause instanceof Failure) {
    const { detail: message, problems } = cause
    // Nothing that an app declares runs while it starts.
    const code = cause.code as FailureCode
    await report({ type: 'failed', message, code, problems })
    return
  }
  log({ level: 'error', message: 'The worker could not start.', cause })
  await report({ type: 'failed', message: cause instanceof Error ? cause.message : String(cause) })
}

async function leave(service: Service, log: (entry: LogEntry) => void): Promise<void> {
  try {
    await Promise.all([service.server.drain(), service.drain?.()])
    await service.stop()
    process.exit(0)
  } catch (cause) {
    log({ level: 'error', message: 'The worker could not stop in order.', cause })
    process.exit(1)
  }
}

interface Orders {
  readonly listen: Promise<Extract<Order, { type: 'listen' }>>
  readonly drain: Promise<void>
}

// Orders may come at any time, also before anybody waits for them: a worker that is told to drain
// while it starts does so as soon as it has started.
function receiveOrders(): Orders {
  const listen = Promise.withResolvers<Extract<Order, { type: 'listen' }>>()
  const drain = Promise.withResolvers<void>()
  process.on('message', (message) => {
    const order = readOrder(message)
    if (order?.type === 'listen') listen.resolve(order)
    if (order?.type === 'drain') drain.resolve()
    if (order?.type === 'ask') void report({ type: 'alive' })
  })
  return { listen: listen.promise, drain: drain.promise }
}

// Resolves when the word has left, or cannot leave any more: then `disconnect` ends this process.
function report(word: Report): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(word, undefined, undefined, () => resolve())
  })
}

function leaveToParent(): void {}
