/** Owns the last net under all requests: what a handler throws after its answer ends no process. */

import type { LogEntry } from './exchange.ts'

/**
 * Logs exceptions and rejections that nobody caught instead of ending the process. What a request
 * does to data it does in a transaction, so a callback that throws late leaves nothing half done;
 * ending the process would fail every other request. Returns a function that takes the net away.
 */
export function catchStrays(log: (entry: LogEntry) => void): () => void {
  const onException = (cause: unknown): void => {
    log({ level: 'error', message: 'A callback threw after its request was answered.', cause })
  }
  const onRejection = (cause: unknown): void => {
    log({ level: 'error', message: 'A promise was rejected and nobody was waiting.', cause })
  }
  process.on('uncaughtException', onException).on('unhandledRejection', onRejection)
  return () => {
    process.off('uncaughtException', onException).off('unhandledRejection', onRejection)
  }
}
