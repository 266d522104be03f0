/** Owns the deciding of where a call may go: scheme, port, and every address that a name has. */

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { limits } from '../base/limits.ts'
import { type AddressClass, classOf, type Networks } from './address.ts'

/** What may be called. */
export interface OutboundPolicy {
  /** True: only `https`. */
  readonly secureOnly: boolean
  /** Undefined: any. */
  readonly ports: ReadonlySet<number> | undefined
  /** Classes beside `public` that may be called; never `metadata` or `reserved`. */
  readonly classes: ReadonlySet<'loopback' | 'private' | 'link-local'>
  /** Networks that may be called whatever their class. */
  readonly allowed: Networks
  /** How names become addresses. Default: as the operating system does it. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
  /** How long a call takes at most. Default `outboundTimeoutMs` of base/limits. */
  readonly timeoutMs?: number
}

const usualPorts: readonly number[] = Object.freeze([443, 8443])
const nothing: Networks = Object.freeze({ has: () => false })

/** What an operator decides about calls. */
export interface PolicyOptions {
  readonly production: boolean
  readonly allowed?: Networks
  /** Empty: in production 443 and 8443, else any. */
  readonly ports?: readonly number[]
}

/**
 * The usual policy: in production only `https` to public addresses; in development this machine
 * too, on any port.
 */
export function outboundPolicy(options: PolicyOptions): OutboundPolicy {
  const { production, allowed = nothing, ports = [] } = options
  const limited = production || ports.length > 0
  return Object.freeze({
    secureOnly: production,
    ports: limited ? new Set(ports.length > 0 ? ports : usualPorts) : undefined,
    classes: new Set(production ? [] : (['loopback'] as const)),
    allowed,
  })
}

/** A checked place: the call goes to these very addresses, whatever the name says later. */
export interface Target {
  readonly url: URL
  /** In the order of the resolver, at most `outboundAddressesMax` of base/limits. */
  readonly addresses: readonly string[]
  readonly port: number
}

/** A refusal to call, or a name that leads nowhere. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused'
  /** True: it may pass, because names change. */
  readonly passing: boolean
  /** What only the operator may know; undefined: `message` says it all. */
  readonly why: string | undefined

  constructor(message: string, why?: string) {
    super(message)
    this.passing = why !== undefined
    this.why = why
  }
}

/**
 * The refusal of a name, in the same words whether it has no address or a private one: whoever
 * chose the name must not learn from us what exists inside of our network.
 */
function nowhere(why: string): TargetRefused {
  return new TargetRefused('Its name leads to no address that may be called.', why)
}

const hostLengthMax = 253

/**
 * Checks an address of the web without calling anything: its scheme, its port, and its host where
 * that is an IP address. Returns what is wrong with it in a sentence, or undefined.
 */
export function urlProblem(text: string, policy: OutboundPolicy): string | undefined {
  const url = URL.parse(text)
  if (!url) return 'It is no web address.'
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'https' && (policy.secureOnly || scheme !== 'http')) {
    return policy.secureOnly
      ? 'It must begin with https://.'
      : 'It must begin with https:// or http://.'
  }
  if (url.username !== '' || url.password !== '') return 'It may hold no user name or password.'
  if (url.hostname === '' || url.hostname.length > hostLengthMax) return 'Its host is missing.'
  const port = portOf(url)
  if (policy.ports && !policy.ports.has(port)) return `Its port ${port} is not one that is called.`
  const address = bareHost(url)
  return isIP(address) === 0 ? undefined : addressProblem(address, policy)
}

/**
 * Finds the addresses to call: resolved once, every address judged. Where any of them is not public
 * the name is refused, because whoever owns it decides which one comes first.
 *
 * @throws TargetRefused
 */
export async function targetOf(text: string, policy: OutboundPolicy): Promise<Target> {
  const wrong = urlProblem(text, policy)
  if (wrong !== undefined) throw new TargetRefused(wrong)
  const url = new URL(text)
  const host = bareHost(url)
  const found = isIP(host) === 0 ? await addressesOf(host, policy) : [host]
  for (const address of found) {
    const problem = addressProblem(address, policy)
    if (problem !== undefined) throw nowhere(problem)
  }
  const addresses = [...new Set(found)].slice(0, limits.outboundAddressesMax)
  if (addresses.length === 0) throw nowhere('It has no address.')
  return { url, addresses, port: portOf(url) }
}

/** Judges where a socket really ended up. Its refusal says no more than that of a name. */
export function judgeEnd(address: string, policy: OutboundPolicy): TargetRefused | undefined {
  const problem = addressProblem(address, policy)
  return problem === undefined ? undefined : nowhere(problem)
}

/** What is wrong with an address; undefined where it may be called. Names no address. */
function addressProblem(address: string, policy: OutboundPolicy): string | undefined {
  const is: AddressClass = classOf(address)
  if (is === 'public' || policy.allowed.has(address)) return undefined
  const allowed = is !== 'metadata' && is !== 'reserved' && policy.classes.has(is)
  return allowed ? undefined : `It leads to a ${is} address, which is not called.`
}

async function addressesOf(host: string, policy: OutboundPolicy): Promise<readonly string[]> {
  try {
    return await (policy.resolve ?? systemResolve)(host)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw nowhere(`It has no address (${code}).`)
  }
}

async function systemResolve(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, order: 'ipv4first' })
  return found.map(({ address }) => address)
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

/** The host without the brackets of IPv6. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}
