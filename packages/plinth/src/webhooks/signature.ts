/** Owns the signatures of Standard Webhooks 1.0: HMAC and Ed25519, several at once. */

import { Failure } from '../base/failure.ts'
import { randomBytes } from '../base/ids.ts'

/** How a message is signed: `v1` with a shared secret, or `v1a` with a key pair. */
export type SigningScheme = 'hmac' | 'ed25519'

/** What is signed. */
export interface SignedContent {
  /** The same for every delivery of one message; holds no dot. */
  readonly id: string
  /** Of the attempt: whole seconds since 1970. */
  readonly timestamp: number
  readonly body: Uint8Array
}

/** The headers of a signed message. */
export interface SignatureHeaders {
  readonly 'webhook-id': string
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

/** A secret, and for a key pair what the receiver verifies with. */
export interface NewSecret {
  /** `whsec_…`, or `whsk_…`. */
  readonly secret: string
  /** `whpk_…`; undefined for a shared secret. */
  readonly publicKey: string | undefined
}

const hmacBytes = 32
const seedBytes = 32
// The only bytes of PKCS #8 (RFC 8410) in front of the seed of an Ed25519 key.
const privateHead = Uint8Array.fromHex('302e020100300506032b657004220420')
const signaturesMax = 20

/** Makes a secret: 32 random bytes. */
export async function newSecret(scheme: SigningScheme): Promise<NewSecret> {
  if (scheme === 'hmac') {
    return { secret: `whsec_${randomBytes(hmacBytes).toBase64()}`, publicKey: undefined }
  }
  const seed = randomBytes(seedBytes)
  const publicKey = await publicBytes(seed)
  // Seed and public key together: the form in which Ed25519 secret keys are usually passed on.
  const both = new Uint8Array([...seed, ...publicKey])
  return { secret: `whsk_${both.toBase64()}`, publicKey: `whpk_${publicKey.toBase64()}` }
}

/** Signs a message with every secret, whatever its scheme, the first one first. */
export async function signatureHeaders(
  content: SignedContent,
  secrets: readonly string[],
): Promise<SignatureHeaders> {
  const signed = signedBytes(content)
  const signatures = await Promise.all(secrets.map((secret) => signatureOf(secret, signed)))
  return {
    'webhook-id': content.id,
    'webhook-timestamp': String(content.timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

async function signatureOf(secret: string, signed: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = keyOf(secret)
  if (key.is === 'hmac') {
    const usable = await hmacKey(key.bytes, 'sign')
    return `v1,${encoded(await crypto.subtle.sign('HMAC', usable, signed))}`
  }
  if (key.is === 'private') {
    const usable = await privateKey(key.bytes.slice(0, seedBytes))
    return `v1a,${encoded(await crypto.subtle.sign('Ed25519', usable, signed))}`
  }
  throw badKey()
}

/**
 * Whether one of the signatures in a `webhook-signature` header was made with one of the keys:
 * `whsec_…` for `v1`, `whpk_…` for `v1a`. Compares in constant time.
 */
export async function isSigned(
  content: SignedContent,
  header: string,
  keys: readonly string[],
): Promise<boolean> {
  const signed = signedBytes(content)
  const given = header.split(' ').slice(0, signaturesMax)
  let fits = false
  for (const text of keys) {
    const key = keyOf(text)
    const version = key.is === 'hmac' ? 'v1,' : 'v1a,'
    const usable = await verifyingKey(key)
    const name = key.is === 'hmac' ? 'HMAC' : 'Ed25519'
    for (const signature of given.filter((one) => one.startsWith(version))) {
      const bytes = decoded(signature.slice(version.length))
      if (bytes && (await crypto.subtle.verify(name, usable, bytes, signed))) fits = true
    }
  }
  return fits
}

/**
 * Checks a key when it is given, so that a mistake shows at the start and not with the first
 * message. Fails with `configuration_invalid`.
 */
export function demandKey(text: string): void {
  keyOf(text)
}

/** What is signed: id, timestamp and body, joined by dots. */
function signedBytes({ id, timestamp, body }: SignedContent): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${id}.${timestamp}.`)
  const all = new Uint8Array(head.length + body.length)
  all.set(head)
  all.set(body, head.length)
  return all
}

interface Key {
  readonly is: 'hmac' | 'private' | 'public'
  readonly bytes: Uint8Array<ArrayBuffer>
}

function keyOf(text: string): Key {
  const [, prefix = '', rest = ''] = /^(whsec|whsk|whpk)_(.+)$/s.exec(text) ?? []
  const bytes = decoded(rest)
  if (!bytes) throw badKey()
  const { length } = bytes
  if (prefix === 'whsec' && length >= 24 && length <= 64) return { is: 'hmac', bytes }
  if (prefix === 'whsk' && (length === 32 || length === 64)) return { is: 'private', bytes }
  if (prefix === 'whpk' && length === 32) return { is: 'public', bytes }
  throw badKey()
}

function badKey(): Failure {
  return new Failure('configuration_invalid', {
    detail:
      'A webhook secret is whsec_ and 24 to 64 bytes in base64, a key whsk_ or whpk_ and an ' +
      'Ed25519 key: copy it again from where it was shown.',
  })
}

function verifyingKey(key: Key): Promise<CryptoKey> {
  if (key.is === 'hmac') return hmacKey(key.bytes, 'verify')
  if (key.is === 'public') {
    return crypto.subtle.importKey('raw', key.bytes, 'Ed25519', false, ['verify'])
  }
  throw badKey()
}

function hmacKey(bytes: Uint8Array<ArrayBuffer>, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  return crypto.subtle.importKey('raw', bytes, algorithm, false, [use])
}

function privateKey(seed: Uint8Array): Promise<CryptoKey> {
  const form = new Uint8Array([...privateHead, ...seed])
  return crypto.subtle.importKey('pkcs8', form, 'Ed25519', true, ['sign'])
}

async function publicBytes(seed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const { x = '' } = await crypto.subtle.exportKey('jwk', await privateKey(seed))
  return Uint8Array.fromBase64(x, { alphabet: 'base64url' })
}

function encoded(bytes: ArrayBuffer): string {
  return new Uint8Array(bytes).toBase64()
}

function decoded(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text === '' || text.length > 200) return undefined
  try {
    return Uint8Array.fromBase64(text)
  } catch {
    return undefined
  }
}
