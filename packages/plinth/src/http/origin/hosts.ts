/** Owns the names a server on one's own machine answers to: no page elsewhere can borrow them. */

import { Failure } from '../../base/failure.ts'
import type { Handler, HttpRequest } from '../message.ts'
import { problemResponse } from '../problem.ts'
import type { LinkHandler } from '../socket/upgrades.ts'

/**
 * A handler that answers only to names of this machine, and to one public name where the app has
 * one. A page of another site whose name was made to resolve to 127.0.0.1 (DNS rebinding) is
 * refused with `misdirected` (421): to the browser it would be of the same origin as this server.
 */
export function answeringTo(handler: Handler, publicUrl: string | undefined): Handler {
  const isOwn = ownNames(publicUrl)
  return (request) => {
    if (isOwn(request)) return handler(request)
    return problemResponse(misdirected(), { trace: request.trace, instance: request.path })
  }
}

/** The same for WebSockets: a page by a borrowed name would pass for one of our own. */
export function opensFor(handler: LinkHandler, publicUrl: string | undefined): LinkHandler {
  const isOwn = ownNames(publicUrl)
  return (request) => {
    if (isOwn(request)) return handler(request)
    throw misdirected()
  }
}

function ownNames(publicUrl: string | undefined): (request: HttpRequest) => boolean {
  const publicHost = publicUrl === undefined ? undefined : hostnameOf(new URL(publicUrl).host)
  return (request) => {
    const hostname = hostnameOf(request.host)
    return isOwnMachine(hostname) || hostname === publicHost
  }
}

function misdirected(): Failure {
  const detail =
    'This server answers to localhost only: call it by that name, or set PLINTH_URL to the ' +
    'address by which it is meant to be reached.'
  return new Failure('misdirected', { detail })
}

function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '')
}

function isOwnMachine(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  return hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** True for an address at which only programs of the same machine can call. */
export function isLoopback(host: string): boolean {
  return isOwnMachine(host) || host === '::1'
}
