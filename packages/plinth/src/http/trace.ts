/** Owns W3C Trace Context: reading `traceparent` strictly and continuing or starting a trace. */

import { hex, randomBytes } from '../base/ids.ts'

/** Where a request stands in a trace (W3C Trace Context 1, level 1). */
export interface Trace {
  /** 32 lower-case hexadecimal digits, shared by all parts of the trace. */
  readonly traceId: string
  /** 16 digits: our own part. */
  readonly spanId: string
  /** 16 digits: the caller's part, where there was one. */
  readonly parentId: string | undefined
  /** True where the caller records this trace. */
  readonly sampled: boolean
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

/**
 * Continues the trace of a `traceparent` header, or starts a new one where the header is absent or
 * not well formed: a broken header of a tracing tool must not fail the request it rides on.
 */
export function traceFrom(header: string | undefined): Trace {
  const match = header === undefined ? null : form.exec(header)
  const [, version = 'ff', traceId = noTrace, parentId = noSpan, flags = '00', rest] = match ?? []
  const understood =
    version !== 'ff' &&
    traceId !== noTrace &&
    parentId !== noSpan &&
    !(version === '00' && rest !== undefined)
  if (!understood) return startTrace()
  const sampled = (Number.parseInt(flags, 16) & 1) === 1
  return { traceId, spanId: spanId(), parentId, sampled }
}

/** Starts a trace of its own. */
export function startTrace(): Trace {
  return { traceId: hex(randomBytes(16)), spanId: spanId(), parentId: undefined, sampled: false }
}

/** The `traceparent` value that names our part of the trace, for responses and outgoing calls. */
export function traceparent(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`
}

function spanId(): string {
  const text = hex(randomBytes(8))
  return text === noSpan ? '0000000000000001' : text
}
