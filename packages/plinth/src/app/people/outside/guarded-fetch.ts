/** Owns the calls of the OpenID library: each goes through the one guarded client. */

import type { CustomFetch } from 'openid-client'
import { limits } from '../../../base/limits.ts'
import { ask, Unanswered } from '../../../outbound/ask.ts'
import type { OutboundPolicy } from '../../../outbound/target.ts'

// Statuses that bring no body: `Response` refuses one.
const bodyless: ReadonlySet<number> = new Set([204, 205, 304])

/** What the library calls others by, under a policy: no redirects, a limit on time and length. */
export function guardedFetch(policy: OutboundPolicy): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    if (method !== 'GET' && method !== 'POST') throw new Unanswered(`No provider takes ${method}.`)
    const answer = await ask(
      {
        ...{ method, url, headers, body: bytesOf(body), aborted: signal },
        timeoutMs: limits.providerTimeoutMs,
      },
      policy,
    )
    const { status } = answer
    // Nobody else's answer is a reason to fall over.
    if (status < 200 || status > 599) throw new Unanswered(`Answered ${status}.`)
    const content = bodyless.has(status) ? null : answer.body
    return new Response(content, { status, headers: answer.headers })
  }
}

function bytesOf(body: Parameters<CustomFetch>[1]['body']): Uint8Array {
  if (body === null || body === undefined) return new Uint8Array()
  if (typeof body === 'string') return new TextEncoder().encode(body)
  if (body instanceof URLSearchParams) return new TextEncoder().encode(body.toString())
  if (body instanceof Uint8Array) return body
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  throw new Unanswered('The library sends no streams.')
}
