/** Owns how much others can make us keep or fetch: counted in the database, for all nodes. */

import { limits } from '../../../base/limits.ts'
import { networkOf } from '../../../base/network.ts'
import { instantText, minuteMs } from '../../../base/time.ts'
import { type Allowance, takeWithinLimit } from '../../../effects/allowance.ts'
import type { Runtime } from '../../../engine/runtime.ts'
import type { Context, Library } from '../library/library.ts'

/** What counting works with. */
export interface CountingParts {
  readonly runtime: Pick<Runtime, 'database' | 'clock'>
  readonly library: Library
}

/** An authorization that begins: of a client that has proved itself by it, of others by network. */
export function takeRequest(parts: CountingParts, proved: boolean): Promise<void> {
  const context = parts.library.Provider.ctx
  const { clientId = '', clientAuthMethod = 'none' } = context?.oidc?.client ?? {}
  if (proved && clientAuthMethod !== 'none') {
    const limit = limits.oauthRequestsPerMinutePerClient
    return take(parts, { key: `oauth-request:client:${clientId}`, limit, windowMs: minuteMs })
  }
  return take(parts, requestsFrom(context))
}

function requestsFrom(context: Context | undefined): Allowance {
  const limit = limits.oauthRequestsPerMinutePerNetwork
  return { key: `oauth-request:${placeOf(context)}`, limit, windowMs: minuteMs }
}

/** Whether something may begin that is kept for a while: counted with the authorizations. */
export async function mayBegin(parts: CountingParts, context: Context): Promise<boolean> {
  try {
    await take(parts, requestsFrom(context))
    return true
  } catch (error) {
    if (error instanceof parts.library.TemporarilyUnavailable) return false
    throw error
  }
}

/** A device that begins to wait. */
export function takeDevice(parts: CountingParts): Promise<void> {
  const limit = limits.oauthDevicesPerMinutePerNetwork
  const key = `oauth-device:${placeOf(parts.library.Provider.ctx)}`
  return take(parts, { key, limit, windowMs: minuteMs })
}

/** An exchange of a refresh token, of one grant: each is kept, to know one that comes again. */
export function takeRefresh(parts: CountingParts, grantKey: string): Promise<void> {
  const limit = limits.oauthRefreshesPerQuarterHour
  return take(parts, { key: `oauth-refresh:${grantKey}`, limit, windowMs: 15 * minuteMs })
}

/** A call to where a program describes itself: nobody sends us there again and again. */
export async function takeDocument(parts: CountingParts, url: string): Promise<void> {
  const network = limits.oauthDocumentsPerMinutePerNetwork
  const host = limits.oauthDocumentsPerMinutePerHost
  const key = `oauth-document:${placeOf(parts.library.Provider.ctx)}`
  await take(parts, { key, limit: network, windowMs: minuteMs })
  const { hostname } = new URL(url)
  await take(parts, { key: `oauth-document:host:${hostname}`, limit: host, windowMs: minuteMs })
}

function placeOf(context: Context | undefined): string {
  return `network:${networkOf(context?.ip ?? '')}`
}

async function take({ runtime, library }: CountingParts, allowance: Allowance): Promise<void> {
  const { database, clock } = runtime
  const { granted, retryAfterSeconds } = await takeWithinLimit(
    database,
    allowance,
    instantText(clock.now()),
  )
  if (granted) return
  const error = new library.TemporarilyUnavailable(`too many of these: wait ${retryAfterSeconds} s`)
  library.Provider.ctx?.set('retry-after', String(retryAfterSeconds))
  throw Object.assign(error, { status: 429, statusCode: 429 })
}
