/** Owns where those are led who have to set up a second factor before anything else. */

import { readParameter } from '../http/form/read-form.ts'
import type { HttpResponse } from '../http/message.ts'
import { addressOf } from './next.ts'
import { leadTo, type Visit } from './visit.ts'

const factorsPath = '/account/factors'

// What leads to a second factor, and out; and what anybody may see without a session. The
// operations behind all others refuse them, whatever a page would show.
const open: ReadonlySet<string> = new Set([
  ...['factors', 'set-up-totp', 'confirm-totp', 'add-passkey', 'remove-passkey'],
  ...['set-second-factor', 'step-up', 'sign-out', 'sign-out-everywhere'],
  ...['send-verification', 'verify-email', 'change-email', 'confirm-email'],
  ...['sign-in', 'second-factor', 'send-link', 'enter-code', 'sign-in-by-link', 'with'],
  ...['forgot-password', 'reset-password'],
])

/** Leads whoever is held to the setting up, and afterwards to where they wanted. */
export async function heldElsewhere(visit: Visit): Promise<HttpResponse | undefined> {
  const { request } = visit
  const [first, second = ''] = request.segments
  if (first === 'account' && open.has(second)) return undefined
  if ((await visit.known())?.held !== true) return undefined
  const done = readParameter(request.search, 'done')
  return leadTo(visit, addressOf(factorsPath, { next: visit.next ?? placeOf(visit), done }))
}

/** Where they come back to: what was looked at, not what was sent. */
function placeOf({ request: { method, path, search } }: Visit): string | undefined {
  if (method !== 'GET' || path === '/account') return undefined
  return search === '' ? path : `${path}?${search}`
}
