/** Owns the few words that supervisor and worker exchange. */

import { type FailureCode, failureKinds, type Problem } from '../../base/failure.ts'
import type { ListenAddress } from '../../http/server.ts'

/** What the supervisor says. */
export type Order =
  /** The first word: where to listen, once the worker is ready to serve. */
  | { readonly type: 'listen'; readonly address: ListenAddress }
  /** Stop accepting, answer what is open, then exit. */
  | { readonly type: 'drain' }
  /** Say that you still take turns. */
  | { readonly type: 'ask' }

/** What the worker says. */
export type Report =
  | { readonly type: 'ready'; readonly host: string; readonly port: number }
  | { readonly type: 'alive' }
  | FailedReport

/** Why a worker does not serve; with a code where it is an expected failure. */
export interface FailedReport {
  readonly type: 'failed'
  readonly message: string
  readonly code?: FailureCode
  readonly problems?: readonly Problem[]
}

/** The descriptor under which a worker finds the listening socket, after the channel's. */
export const inheritedSocketDescriptor = 4

/** Reads a message of the other side; undefined for anything that is not one of ours. */
export function readReport(message: unknown): Report | undefined {
  if (!isRecord(message)) return undefined
  const { type, host, port, message: text } = message
  if (type === 'ready' && typeof host === 'string' && typeof port === 'number') {
    return { type, host, port }
  }
  if (type === 'alive') return { type }
  if (type !== 'failed' || typeof text !== 'string') return undefined
  const { code, problems } = message
  if (typeof code !== 'string' || !Object.hasOwn(failureKinds, code)) return { type, message: text }
  const list = Array.isArray(problems) ? (problems as readonly Problem[]) : []
  return { type, message: text, code: code as FailureCode, problems: list }
}

/** Reads an order; undefined for anything that is not one. */
export function readOrder(message: unknown): Order | undefined {
  if (!isRecord(message)) return undefined
  if (message.type === 'drain' || message.type === 'ask') return { type: message.type }
  const { type, address } = message
  if (type !== 'listen' || !isRecord(address)) return undefined
  const { fd, host, port } = address
  if (typeof fd === 'number') return { type, address: { fd } }
  if (typeof host !== 'string' || typeof port !== 'number') return undefined
  return { type, address: { host, port } }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
