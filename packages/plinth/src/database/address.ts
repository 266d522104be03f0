/** Owns reading DATABASE_URL. The password never appears in a message. */

import { Failure } from '../base/failure.ts'
import type { DatabaseAddress } from './database.ts'

/** How a connection is encrypted. */
export interface Tls {
  /** What is checked: nothing, the issuer, or the issuer and the host's name. */
  readonly verify: 'none' | 'authority' | 'full'
  /** File with the issuer's certificate. Default: those that Node knows. */
  readonly authorityFile?: string
}

const pattern = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/
const known = new Set(['host', 'port', 'sslmode', 'sslrootcert', 'user', 'password', 'dbname'])
const ignored = new Set(['application_name', 'connect_timeout', 'channel_binding'])
const modes = ['disable', 'require', 'verify-ca', 'verify-full']

/**
 * Reads a connection URL: `postgres://user:password@host:5432/database?sslmode=verify-full`. A
 * socket's directory is given as `?host=/var/run/postgresql`, or percent-encoded as the host.
 * Fails with `configuration_invalid`.
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  const match = pattern.exec(url.trim())
  if (!match) throw wrong('it does not look like postgres://user:password@host:5432/database')
  const options = new URLSearchParams(match[4] ?? '')
  for (const name of options.keys()) {
    if (!known.has(name) && !ignored.has(name)) throw wrong(`it has an unknown option "${name}"`)
  }
  checkMode(options.get('sslmode'))
  const [user, password] = splitOnce(match[1] ?? '', ':')
  const { host, port } = parsePlace(match[2] ?? '')
  const role = options.get('user') ?? decode(user)
  if (role === '') throw wrong('it names no user')
  const secret = options.get('password') ?? (password === undefined ? undefined : decode(password))
  const address = {
    host: options.get('host') ?? (host === '' ? 'localhost' : host),
    port: parsePort(options.get('port') ?? port),
    user: role,
    database: options.get('dbname') ?? (decode(match[3] ?? '') || role),
    ...(secret === undefined || secret === '' ? {} : { password: secret }),
  }
  // Not enumerable: an address that is printed or logged does not show its password twice.
  Object.defineProperty(address, 'url', { value: url, enumerable: false })
  return Object.freeze(address)
}

/** How the connections to an address are encrypted; undefined: not at all. */
export function tlsOf(address: DatabaseAddress): Tls | undefined {
  const match = address.url === undefined ? null : pattern.exec(address.url.trim())
  const options = new URLSearchParams(match?.[4] ?? '')
  const mode = options.get('sslmode')
  const file = options.get('sslrootcert')
  if (mode === null || mode === 'disable') return undefined
  const authority = file === null || file === 'system' ? {} : { authorityFile: file }
  if (mode === 'verify-full') return { verify: 'full', ...authority }
  // As in libpq: with an issuer at hand, `require` checks it.
  return { verify: mode === 'verify-ca' || file !== null ? 'authority' : 'none', ...authority }
}

function checkMode(mode: string | null): void {
  if (mode === null || modes.includes(mode)) return
  throw wrong(`sslmode is none of ${modes.join(', ')}`)
}

function parsePlace(text: string): { host: string; port: string | undefined } {
  if (text.includes(',')) throw wrong('it names several hosts; name the primary only')
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(text)
  if (bracketed) return { host: bracketed[1] ?? '', port: bracketed[2] }
  const [host, port] = splitOnce(text, ':')
  return { host: decode(host), port }
}

function parsePort(text: string | undefined): number {
  const port = text === undefined || text === '' ? 5432 : Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw wrong('its port is not a number from 1 to 65535')
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const place = text.indexOf(separator)
  return place < 0 ? [text, undefined] : [text.slice(0, place), text.slice(place + 1)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('a % in it is not followed by two hexadecimal digits; write % as %25')
  }
}

function wrong(what: string): Failure {
  return new Failure('configuration_invalid', { detail: `The address cannot be used: ${what}.` })
}
