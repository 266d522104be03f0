/** Owns what a server notices of proxies in front that its settings do not fit: said once each. */

import { isLoopback } from '../origin/hosts.ts'
import type { LogEntry } from './exchange.ts'

/** What a server is told of what stands in front of it. */
export interface FrontSettings {
  readonly trustedProxies: number
  /** Where the world reaches it, such as `https://shop.example`. */
  readonly publicUrl: string | undefined
}

/** A request as it came. */
export interface Arrived {
  readonly scheme: 'http' | 'https'
  readonly host: string
  headers(): Readonly<Record<string, string>>
}

const setting = 'PLINTH_TRUSTED_PROXIES'
const believed = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'] as const
const hearsay = ['x-forwarded-proto', 'forwarded', 'x-forwarded-for', 'x-forwarded-host'] as const

interface Noticed {
  readonly about: 'untrusted' | 'fewer' | 'unread' | 'name' | 'visited'
  readonly message: string
}

/**
 * Looks at a request of each connection, and writes down what does not fit: once for each thing, so
 * that nobody fills a log by it. What an untrusted caller says stays unbelieved.
 */
export function noticeFront(
  { trustedProxies, publicUrl }: FrontSettings,
  log: (entry: LogEntry) => void,
): (request: Arrived, peer: string) => void {
  const said = new Set<Noticed['about']>()
  const settings = { trustedProxies, publicOrigin: publicUrl && new URL(publicUrl).origin }
  return (request, peer) => {
    const noticed = noticedOf(request, { ...settings, peer })
    if (noticed === undefined || said.has(noticed.about)) return
    said.add(noticed.about)
    log({ level: 'warning', message: noticed.message })
  }
}

interface Place {
  readonly trustedProxies: number
  readonly publicOrigin: string | undefined
  /** The address of whoever has connected. */
  readonly peer: string
}

function noticedOf(request: Arrived, place: Place): Noticed | undefined {
  const sent = request.headers()
  return ofProxies(sent, place) ?? ofPublicUrl(sent, request, place)
}

type Sent = Readonly<Record<string, string>>

function ofProxies(sent: Sent, { trustedProxies, peer }: Place): Noticed | undefined {
  if (trustedProxies === 0) {
    const header = hearsay.find((name) => name in sent)
    if (header === undefined) return undefined
    const message =
      `${named(header)} comes from ${peer} and is not believed, as ${setting} is 0. If a proxy ` +
      `of yours stands there, set ${setting} to how many stand in front, such as 1: without it ` +
      'cookies of pages under https are refused, and everybody counts as the one address. If ' +
      'none does, a caller has made it up, and nothing is to be done.'
    return { about: 'untrusted', message }
  }
  const short = believed.find((name) => {
    const list = sent[name]
    return list !== undefined && list.split(',').length < trustedProxies
  })
  if (short !== undefined) {
    const message =
      `${named(short)} from ${peer} holds fewer entries than ${setting}, which is ` +
      `${trustedProxies}, so it is not believed. Let each proxy add its entry, or set ${setting} ` +
      'to how many there are.'
    return { about: 'fewer', message }
  }
  if ('forwarded' in sent && !('x-forwarded-proto' in sent)) {
    const message =
      `Forwarded comes from ${peer}, which this server does not read: let the proxy send ` +
      'X-Forwarded-For and X-Forwarded-Proto.'
    return { about: 'unread', message }
  }
  return undefined
}

function ofPublicUrl(
  sent: Sent,
  { scheme, host }: Arrived,
  { publicOrigin }: Place,
): Noticed | undefined {
  const own = `${scheme}://${host}`
  if (publicOrigin === undefined || own === publicOrigin) return undefined
  if (sent.origin === publicOrigin) {
    const message =
      `A page of PLINTH_URL (${publicOrigin}) calls, but the request names ${own}: its cookies ` +
      'are refused. Let the proxy in front pass Host on and send X-Forwarded-Proto, and set ' +
      `${setting} to how many proxies stand in front.`
    return { about: 'name', message }
  }
  const visited = sent['sec-fetch-mode'] === 'navigate' && sent['sec-fetch-dest'] === 'document'
  if (!visited || isLoopback(host.replace(/:\d+$/, ''))) return undefined
  const message =
    `Somebody opens ${own}, but PLINTH_URL is ${publicOrigin}: mails lead there, passkeys and ` +
    'programs of others work there alone. Set PLINTH_URL to the address that people open, or ' +
    'lead them from the one to the other.'
  return { about: 'visited', message }
}

/** As people write it: `X-Forwarded-Proto`. */
function named(header: string): string {
  return header.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())
}
