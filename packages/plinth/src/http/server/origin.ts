/** Owns who is asking and by which name: the client's address, scheme and host past proxies. */

import type { IncomingMessage } from 'node:http'
import { isIP, SocketAddress } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Failure } from '../../base/failure.ts'

const hostForm = /^(?:[a-z0-9_](?:[a-z0-9._-]{0,253})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/

/** Checks a host with its optional port. Failure `malformed_request`. */
export function readHost(value: string): string {
  const host = value.toLowerCase()
  if (!hostForm.test(host)) {
    throw new Failure('malformed_request', {
      detail: 'The Host header must be one host name or address, with a port where needed.',
    })
  }
  return host
}

/** An IP address in its one canonical text; undefined for anything else. */
export function canonicalAddress(text: string): string | undefined {
  const bare = text.replace(/^\[([^\]]*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
  const family = isIP(bare)
  if (family === 4) return bare
  if (family !== 6) return undefined
  const zoneless = bare.replace(/%.*$/, '')
  const { address } = new SocketAddress({ address: zoneless, family: 'ipv6' })
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '')
}

/**
 * The client's address. With so many trusted proxies in front, the entry which the outermost of
 * them added to `X-Forwarded-For`; where there are fewer entries than proxies, the socket's own, so
 * that nobody who goes around a proxy can choose an address.
 */
export function clientAddress(
  request: IncomingMessage,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string {
  const named = trustedEntry(forwardedFor, trustedProxies)
  return (named === undefined ? undefined : canonicalAddress(named)) ?? peerOf(request)
}

/** The address of whoever has connected: the client's, or that of a proxy. */
export function peerOf({ socket }: IncomingMessage): string {
  return canonicalAddress(socket.remoteAddress ?? '') ?? 'unknown'
}

/** The entry of a forwarded list which the outermost trusted proxy added. */
export function trustedEntry(list: string | undefined, trustedProxies: number): string | undefined {
  if (trustedProxies === 0 || list === undefined) return undefined
  return list.split(',').at(-trustedProxies)?.trim()
}

/** `https` where the socket is encrypted or a trusted proxy says so. */
export function schemeOf(
  request: IncomingMessage,
  forwardedScheme: string | undefined,
): 'http' | 'https' {
  if (forwardedScheme !== undefined) return forwardedScheme === 'https' ? 'https' : 'http'
  return request.socket instanceof TLSSocket ? 'https' : 'http'
}
