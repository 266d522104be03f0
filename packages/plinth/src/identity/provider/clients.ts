/** Owns what is demanded of programs that ask for access: above all where they send people. */

import type { ClientSpec } from '../../define/app/provider.ts'

/** A program as it is kept: its secret as a hash. */
export interface KnownClient {
  readonly clientId: string
  readonly name: string
  readonly secretHash: string | null
  /** The secret before the last change, and until when it is taken (RFC 3339). */
  readonly formerSecretHash: string | null
  readonly formerUntil: string | null
  readonly native: boolean
  readonly redirects: readonly string[]
  readonly signedOutRedirects: readonly string[]
  /** Public keys that it proves itself by instead of a secret. */
  readonly keys: readonly object[] | null
  /** Null: all that the app offers. */
  readonly scopes: readonly string[] | null
}

/** What a registered program may call itself with. */
export const idForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const secretCharactersMin = 32
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** What is wrong with a program, in sentences that say the cure. */
export function clientProblems(client: ClientSpec): readonly string[] {
  const { id, name, redirects, signedOutRedirects = [], native = false, secret } = client
  const problems: string[] = []
  if (!idForm.test(id)) {
    problems.push('Its id must be of letters, digits, `.`, `_` and `-`, at most 100.')
  }
  if (name.trim() === '' || name.length > 100) problems.push('Its name must have 1 to 100 letters.')
  if (redirects.length === 0) problems.push('Name at least one address to send people back to.')
  for (const address of [...redirects, ...signedOutRedirects]) {
    const problem = redirectProblem(address, native)
    if (problem !== undefined) problems.push(`${address}: ${problem}`)
  }
  if (secret !== undefined && secret.length < secretCharactersMin) {
    problems.push(`Its secret must have at least ${secretCharactersMin} random characters.`)
  }
  if (secret !== undefined && native) {
    problems.push('A native program cannot keep a secret: leave it out.')
  }
  return [...problems, ...keyProblems(client)]
}

const privateParts = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi']

const publicParts: Readonly<Record<string, readonly string[]>> = Object.freeze({
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
})

function lacksPart(key: Readonly<Record<string, unknown>>): boolean {
  const parts = publicParts[String(key.kty)] ?? []
  return parts.some((part) => typeof key[part] !== 'string' || key[part] === '')
}

function keyProblems({ keys, secret, native = false }: ClientSpec): readonly string[] {
  if (keys === undefined) return []
  const problems: string[] = []
  if (secret !== undefined) problems.push('It has keys and a secret: leave one of them out.')
  if (native) problems.push('A native program cannot keep a private key: leave its keys out.')
  if (keys.length === 0) problems.push('Give at least one of its public keys.')
  if (keys.some((key) => privateParts.some((part) => part in key))) {
    problems.push('One of its keys is private: give the public ones alone, and make another pair.')
  }
  if (keys.some(({ kty }) => !Object.hasOwn(publicParts, String(kty)))) {
    problems.push('Its keys are of RSA, EC or Ed25519 (OKP), written as JWK.')
  } else if (keys.some(lacksPart)) {
    problems.push('One of its keys lacks a part of its public half: write it whole, as JWK.')
  }
  return problems
}

/**
 * What is wrong with an address that people are sent back to; undefined: nothing. It is compared as
 * a string, so it has to be written as a browser would write it.
 */
export function redirectProblem(address: string, native: boolean): string | undefined {
  const url = URL.parse(address)
  if (!url) return 'It is no address.'
  if (url.hash !== '' || address.includes('#')) return 'It may have no part behind `#`.'
  if (url.username !== '' || url.password !== '') return 'It may hold no user name or password.'
  if (address.includes('*')) return 'It must be exact: `*` stands for nothing.'
  if (url.protocol === 'https:') {
    return url.href === address ? undefined : `Write it as browsers do: ${url.href}`
  }
  if (!native) {
    const own = 'on the device of its user (http://127.0.0.1, a scheme of its own)'
    return `It must begin with https://, or the program is native: it runs ${own}.`
  }
  if (url.protocol === 'http:') {
    return loopback.has(url.hostname)
      ? undefined
      : 'With http:// only 127.0.0.1, [::1] and localhost are taken.'
  }
  // A scheme that its maker owns is the name of a domain turned around (RFC 8252).
  const owned = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/.test(url.protocol)
  return owned ? undefined : 'A scheme of its own holds a dot, such as com.example.app:/back.'
}

/** The host that people are sent back to, as they read it. */
export function hostOf(address: string): string {
  const url = URL.parse(address)
  if (!url) return address
  // Of any other scheme what stands where a host would be is a name that its maker has chosen.
  if (!/^https?:$/.test(url.protocol)) return `an app on this device (${url.protocol})`
  return loopback.has(url.hostname) ? 'this device' : url.host
}
