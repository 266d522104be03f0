/** Owns the answers to what never became a request: written onto the socket, then closed. */

import type { Socket } from 'node:net'
import { Failure, type FailureCode } from '../../base/failure.ts'
import { apiHeaders } from '../headers.ts'
import { problemResponse } from '../problem.ts'
import { startTrace } from '../trace.ts'

// As in the server: an import would make more than is asked for.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** What node:http reports about a request that it could not read. */
export interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

const codes: Readonly<Record<string, FailureCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** The failure that answers a parse error; undefined where nobody is left to answer. */
export function failureOfParseError(error: ParseError): Failure | undefined {
  const code = error.code ?? ''
  const known = codes[code]
  if (known !== undefined) return new Failure(known, { cause: error })
  if (!code.startsWith('HPE_')) return undefined
  // A well formed request line with a verb of somebody's own, as opposed to noise.
  const unknownVerb =
    code === 'HPE_INVALID_METHOD' &&
    /^[A-Za-z-]+ \S+ HTTP\/1\.[01]\r\n/.test(
      error.rawPacket?.subarray(0, 1024).toString('latin1') ?? '',
    )
  if (unknownVerb) return new Failure('method_not_allowed', { cause: error })
  return new Failure('malformed_request', {
    detail: 'This is not well formed HTTP/1.1; the connection ends here.',
    cause: error,
  })
}

/**
 * Answers on a bare socket and ends it. What the client still sends is thrown away for a while, so
 * that a reset does not overtake the answer.
 */
export function refuse(socket: Socket, failure: Failure, waitMs: number): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const { status, headers, body } = problemResponse(failure, { trace: startTrace() })
  const all: Record<string, string | readonly string[]> = { ...apiHeaders('http'), ...headers }
  all['content-length'] = String(Buffer.byteLength(body ?? ''))
  all.connection = 'close'
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${String(value)}\r\n`)
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`
  socket.end(text + String(body ?? ''))
  const timer = setTimeout(() => socket.destroy(), waitMs)
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer))
  socket.resume()
}
