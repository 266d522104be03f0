/** Owns the sending of one POST whose answer is an outcome: no redirects, hard caps. */

import type { IncomingMessage } from 'node:http'
import { limits } from '../base/limits.ts'
import { monotonicMs } from '../base/time.ts'
import { type Calling, codeOf, exchangeWith } from './exchange.ts'
import { type OutboundPolicy, TargetRefused } from './target.ts'

/** What is sent. */
export interface Post {
  readonly url: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Aborted: the call is given up. */
  readonly aborted?: AbortSignal
  /** Over everything. Default: that of the policy. */
  readonly timeoutMs?: number
}

/** What came of it. Never an exception: a call that fails is an outcome like any other. */
export interface PostOutcome {
  /**
   * `answered`: a whole status line came, whatever it says; `refused`: nothing was sent, because
   * the text of the address is not one that may be called; `failed`: the connection could not be
   * made or broke, or the name leads nowhere; `timed_out`.
   */
  readonly is: 'answered' | 'refused' | 'failed' | 'timed_out'
  readonly status: number | undefined
  /** One sentence for whoever chose the address. */
  readonly detail: string
  /** What only the operator may know of it, such as where a name leads; undefined: nothing. */
  readonly why?: string | undefined
  /** The first bytes of the answer, as text; empty where there is none. */
  readonly answer: string
  readonly retryAfter: string | undefined
  readonly latencyMs: number
}

/**
 * Sends one POST to an address that somebody else has chosen. The name is resolved once and the
 * connection goes to the judged addresses, one after the other until one takes it; what the socket
 * says about its other end is judged again before a byte is written. Redirects are answers like
 * any other, nothing is decompressed, no more than `outboundAnswerBytesMax` is read, and the whole
 * takes at most `timeoutMs`.
 */
export async function post(given: Post, policy: OutboundPolicy): Promise<PostOutcome> {
  const startedMs = monotonicMs()
  const timeoutMs = given.timeoutMs ?? policy.timeoutMs ?? limits.outboundTimeoutMs
  const ended = AbortSignal.timeout(timeoutMs)
  const stop = given.aborted ? AbortSignal.any([given.aborted, ended]) : ended
  const sent = { ...given, method: 'POST' } as const
  const calling = { given: sent, policy, stop, endMs: startedMs + timeoutMs }
  const outcome = await attempt(calling).catch((error: unknown): Partial => {
    if (error instanceof TargetRefused) return refusalOf(error)
    if (ended.aborted) return { is: 'timed_out', detail: `No answer within ${timeoutMs} ms.` }
    return { is: 'failed', detail: `The connection failed (${codeOf(error)}).` }
  })
  return {
    ...{ status: undefined, answer: '', retryAfter: undefined },
    latencyMs: Math.round(monotonicMs() - startedMs),
    ...outcome,
  }
}

type Partial = Pick<PostOutcome, 'is' | 'detail'> & {
  readonly [K in keyof PostOutcome]?: PostOutcome[K]
}

/** Of a name nothing is told, not even how long it took to find out. */
function refusalOf({ passing, message, why }: TargetRefused): Partial {
  return {
    is: passing ? 'failed' : 'refused',
    detail: message,
    latencyMs: 0,
    ...(why === undefined ? {} : { why }),
  }
}

async function attempt(calling: Calling): Promise<Partial> {
  const response = await exchangeWith(calling)
  const answer = await firstBytes(response, calling.stop)
  const status = response.statusCode ?? 0
  const after = response.headers['retry-after']
  const redirect = status >= 300 && status < 400
  const detail = redirect ? `Redirects are not followed (${status}).` : `Answered ${status}.`
  return { is: 'answered', status, detail, answer, retryAfter: after }
}

/** Reads what is kept of an answer, and hangs up on the rest. */
function firstBytes(response: IncomingMessage, stop: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let count = 0
  return new Promise((resolve) => {
    const finish = (): void => {
      stop.removeEventListener('abort', finish)
      response.destroy()
      resolve(readable(Buffer.concat(chunks)))
    }
    // The status has come, and it decides: an answer whose body stalls or breaks is an answer.
    stop.addEventListener('abort', finish)
    response.on('error', finish).on('end', finish).on('close', finish)
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, limits.outboundAnswerKeptBytes))
      count += chunk.length
      if (count >= limits.outboundAnswerBytesMax) finish()
    })
    if (stop.aborted) finish()
  })
}

/** The kept part as text that any table and any page can hold. */
function readable(bytes: Buffer): string {
  const kept = bytes.subarray(0, limits.outboundAnswerKeptBytes)
  const text = new TextDecoder().decode(kept)
  return text.replace(/\p{Cc}/gu, (control) => ('\n\t'.includes(control) ? control : '\ufffd'))
}
