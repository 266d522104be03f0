/** Owns signatures of webhooks as Standard Webhooks 1.0 has them: HMAC-SHA256, several secrets. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { Failure } from '../base/failure.ts'
import { randomBytes } from '../base/ids.ts'

/** A message is refused that is older, or newer, than this. */
export const toleranceMs = 300_000

const prefix = 'whsec_'
const secretBytesMin = 24

/** What is signed. */
export interface SignedMessage {
  /** The same for every delivery of one message. */
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: Uint8Array
}

/** Makes a secret: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return `${prefix}${randomBytes(32).toBase64()}`
}

/** The three headers of a message, with a signature for each secret. */
export function signMessage(
  message: SignedMessage,
  secrets: readonly string[],
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
    'webhook-signature': secrets
      .map((secret) => `v1,${digest(message, secretBytes(secret)).toString('base64')}`)
      .join(' '),
  }
}

/**
 * Checks a message against any of the secrets, and its age. Returns its id. Fails with
 * `invalid_credentials` where no signature fits.
 */
export function verifyMessage(
  body: Uint8Array,
  headers: Readonly<Record<string, string | undefined>>,
  { secrets, nowMs }: { readonly secrets: readonly string[]; readonly nowMs: number },
): string {
  const id = headers['webhook-id'] ?? ''
  const stamp = headers['webhook-timestamp'] ?? ''
  // What is signed is put together with dots: an id with one could mean two messages.
  if (!/^[\w-]{1,200}$/.test(id) || !/^\d{1,12}$/.test(stamp)) throw refused('has no valid headers')
  const timestamp = Number(stamp)
  if (Math.abs(nowMs - timestamp * 1000) > toleranceMs) throw refused('is too old, or too new')
  const given = (headers['webhook-signature'] ?? '').split(' ').slice(0, 20)
  const signatures = given
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'))
  const fits = secrets
    .map((secret) => digest({ id, timestamp, body }, secretBytes(secret)))
    .some((wanted) =>
      signatures.some((one) => one.length === wanted.length && timingSafeEqual(one, wanted)),
    )
  if (!fits) throw refused('is not signed with our secret')
  return id
}

function digest({ id, timestamp, body }: SignedMessage, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

function secretBytes(secret: string): Uint8Array {
  const bytes = secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : new Uint8Array()
  if (bytes.length >= secretBytesMin) return bytes
  throw new Failure('configuration_invalid', {
    detail: 'A webhook secret is whsec_ and at least 24 bytes in base64: copy it again.',
  })
}

function refused(why: string): Failure {
  return new Failure('invalid_credentials', { detail: `The webhook ${why}.` })
}
