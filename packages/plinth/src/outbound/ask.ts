/** Owns the asking of addresses that others have chosen, where the whole answer is wanted. */

import type { IncomingMessage } from 'node:http'
import { limits } from '../base/limits.ts'
import { monotonicMs } from '../base/time.ts'
import { codeOf, exchangeWith, type Sent } from './exchange.ts'
import { type OutboundPolicy, TargetRefused } from './target.ts'

/** A question. */
export interface Question extends Sent {
  /** Aborted: the question is given up. */
  readonly aborted?: AbortSignal | undefined
  /** Over everything. Default `outboundTimeoutMs` of base/limits. */
  readonly timeoutMs?: number
  /** The longest answer. Default `outboundWholeAnswerBytesMax` of base/limits. */
  readonly answerBytesMax?: number
}

/** A whole answer, whatever its status; a redirect is one that was not followed. */
export interface WholeAnswer {
  readonly status: number
  /** By lower-case name; what came in several lines is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

/** A question that got no whole answer. `message` is a sentence for the operator. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

/**
 * Asks an address that somebody else has chosen, by the same guards as `post`: judged addresses
 * alone, no redirects, nothing decompressed, a limit on time and on length. An answer that breaks
 * off or is too long is none.
 *
 * @throws Unanswered
 */
export async function ask(question: Question, policy: OutboundPolicy): Promise<WholeAnswer> {
  const timeoutMs = question.timeoutMs ?? policy.timeoutMs ?? limits.outboundTimeoutMs
  const ended = AbortSignal.timeout(timeoutMs)
  const stop = question.aborted ? AbortSignal.any([question.aborted, ended]) : ended
  const endMs = monotonicMs() + timeoutMs
  try {
    const response = await exchangeWith({ given: question, policy, stop, endMs })
    const bytesMax = question.answerBytesMax ?? limits.outboundWholeAnswerBytesMax
    const body = await wholeBody(response, bytesMax)
    return { status: response.statusCode ?? 0, headers: headersOf(response), body }
  } catch (error) {
    if (error instanceof Unanswered) throw error
    throw new Unanswered(reasonOf(error, ended.aborted ? timeoutMs : undefined), { cause: error })
  }
}

function reasonOf(error: unknown, timeoutMs: number | undefined): string {
  if (error instanceof TargetRefused) return [error.message, error.why ?? ''].join(' ').trim()
  if (timeoutMs !== undefined) return `No whole answer within ${timeoutMs} ms.`
  return `The connection failed (${codeOf(error)}).`
}

async function wholeBody(
  response: IncomingMessage,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let count = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      count += chunk.length
      if (count > bytesMax) throw new Unanswered(`The answer is longer than ${bytesMax} bytes.`)
      chunks.push(chunk)
    }
  } finally {
    response.destroy()
  }
  if (!response.complete) throw new Unanswered('The answer broke off.')
  return new Uint8Array(Buffer.concat(chunks))
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(pairs)
}
