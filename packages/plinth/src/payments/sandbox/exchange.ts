/** Owns the forms in which the sandbox's server asks and answers itself. */

import type { Book } from './book.ts'
import type { Deliveries } from './deliveries.ts'
import type { Answer } from './operations.ts'

/** What the server works on. */
export interface SandboxParts {
  readonly book: Book
  readonly deliveries: Deliveries
  /** What callers prove themselves with: `Authorization: Bearer …`. */
  readonly key: string
}

/** A request, read. */
export interface SandboxRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly idempotencyKey: string | undefined
  readonly input: unknown
}

/** An answer that says what is wrong. */
export function failure(status: number, message: string): Answer {
  return { status, body: JSON.stringify({ message }) }
}

/** An answer with something in it. */
export function fine(body: unknown): Answer {
  return { status: 200, body: JSON.stringify(body) }
}
