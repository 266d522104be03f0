/** Owns the library's calls to others: through the one guarded client, as answers of `fetch`. */

import { limits } from '../../../base/limits.ts'
import { ask } from '../../../outbound/ask.ts'
import type { OutboundPolicy } from '../../../outbound/target.ts'

/**
 * Gets what an address says that a program has named: its description, or its keys. Only https,
 * judged addresses alone, no redirects, a limit on time and on length.
 */
export function guardedFetch(
  policy: OutboundPolicy,
  count: (url: string) => Promise<void>,
): (url: string | URL, options: RequestInit) => Promise<Response> {
  return async (url, options) => {
    const method = options.method ?? 'GET'
    if (method !== 'GET') throw new TypeError('Nothing is sent to others here.')
    await count(String(url))
    const timeoutMs = limits.oauthDocumentTimeoutMs
    const answerBytesMax = limits.oauthDocumentBytesMax
    const question = {
      ...{ url: String(url), method: 'GET' as const, headers: { accept: 'application/json' } },
      ...{ body: new Uint8Array(0), timeoutMs, answerBytesMax },
    }
    const { status, headers, body } = await ask(question, { ...policy, secureOnly: true })
    // A status without a body is told without one: `Response` insists on that.
    const empty = status === 204 || status === 304
    return new Response(empty ? null : body, { status, headers })
  }
}
