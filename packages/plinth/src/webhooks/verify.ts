/** Owns the usual ways in which incoming webhooks are verified: helpers for `kit.webhook`. */

import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { WebhookMessage, WebhookRequest } from '../define/logic/specs.ts'
import { demandKey, isSigned } from './signature.ts'

/** A `verify` of a webhook: the message, or undefined where the request is not genuine. */
export type VerifyWebhook = (request: WebhookRequest) => Promise<WebhookMessage | undefined>

/** One secret, or several while one replaces another. Empty texts are left out. */
export type Secrets = string | readonly string[]

/** What is taken out of a message, beside its id and data. */
export interface MessageOptions {
  /** Messages of one key are processed in their order. Default: none. */
  readonly key?: (data: unknown) => string | undefined
}

/**
 * Verifies Standard Webhooks 1.0: `whsec_…` for HMAC, `whpk_…` for Ed25519; at most 5 minutes
 * old.
 *
 * @example
 * kit.webhook('supplier', {
 *   verify: standardWebhook({ secret: process.env.SUPPLIER_SECRET ?? '' }),
 *   async run({ message, data }) { … },
 * })
 */
export function standardWebhook(
  options: { readonly secret: Secrets } & MessageOptions,
): VerifyWebhook {
  const keys = listOf(options.secret)
  for (const key of keys) demandKey(key)
  return async ({ body, headers, receivedAt }) => {
    const id = headers['webhook-id'] ?? ''
    const stamp = headers['webhook-timestamp'] ?? ''
    // What is signed is put together with dots: an id with one could mean two messages.
    if (!/^[\w-]{1,200}$/.test(id) || !isRecent(stamp, receivedAt)) return undefined
    const content = { id, timestamp: Number(stamp), body }
    const fits = await isSigned(content, headers['webhook-signature'] ?? '', keys)
    return fits ? messageOf(id, body, options) : undefined
  }
}

/** Verifies the webhooks of Stripe (`stripe-signature`); at most 5 minutes old. */
export function stripeWebhook(
  options: { readonly secret: Secrets } & MessageOptions,
): VerifyWebhook {
  const secrets = listOf(options.secret)
  return async ({ body, headers, receivedAt }) => {
    const parts = (headers['stripe-signature'] ?? '').slice(0, 4_096).split(',')
    const of = (name: string): readonly string[] =>
      parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1))
    const [stamp = ''] = of('t')
    if (!isRecent(stamp, receivedAt)) return undefined
    const signed = joined(new TextEncoder().encode(`${stamp}.`), body)
    const wanted = { hash: 'SHA-256', secrets, signed } as const
    if (!(await isKeyed(wanted, of('v1').slice(0, 20).map(fromHex)))) return undefined
    const data = parsed(body)
    const id = textAt(data, 'id')
    return id === undefined ? undefined : messageOf(id, body, options)
  }
}

/** How a provider signs that follows no standard. */
export interface HmacOptions extends MessageOptions {
  readonly secret: Secrets
  /** The header with the signature, e.g. `x-hub-signature-256`. */
  readonly header: string
  /** What stands before the signature, e.g. `sha256=`. Default: nothing. */
  readonly prefix?: string
  /** Default `hex`. */
  readonly encoding?: 'hex' | 'base64'
  /** Default `SHA-256`. */
  readonly hash?: 'SHA-256' | 'SHA-384' | 'SHA-512'
  /**
   * Where the message's id stands: a header, or a member of the JSON body. It must be unique for
   * each message, and the same when the provider sends that message again. Take a member where
   * there is one: nothing signs a header, so whoever has recorded one request can send it again
   * under other ids, and each is processed. Then `run` must go by what the body says.
   */
  readonly id: { readonly header: string } | { readonly member: string }
  /**
   * The header with the time of sending in seconds since 1970, where the provider signs it in front
   * of the body, followed by a dot. Without it a recorded request stays genuine: once its message
   * is forgotten (`webhookMessageDays`), it is processed again.
   */
  readonly timestamp?: string
}

/**
 * Verifies an HMAC over the raw body.
 *
 * @example
 * hmacWebhook({
 *   ...{ secret, header: 'x-hub-signature-256', prefix: 'sha256=' },
 *   id: { header: 'x-github-delivery' },
 * })
 */
export function hmacWebhook(options: HmacOptions): VerifyWebhook {
  const secrets = listOf(options.secret)
  const { prefix = '', encoding = 'hex', hash = 'SHA-256' } = options
  const decode = encoding === 'hex' ? fromHex : fromBase64
  return async ({ body, headers, receivedAt }) => {
    const given = headers[options.header.toLowerCase()] ?? ''
    if (!given.startsWith(prefix) || given.length > 1_000) return undefined
    const stamp = options.timestamp && (headers[options.timestamp.toLowerCase()] ?? '')
    if (stamp !== undefined && !isRecent(stamp, receivedAt)) return undefined
    const signed =
      stamp === undefined
        ? joined(new Uint8Array(), body)
        : joined(new TextEncoder().encode(`${stamp}.`), body)
    const signature = decode(given.slice(prefix.length))
    if (!(await isKeyed({ hash, secrets, signed }, [signature]))) return undefined
    const id =
      'header' in options.id
        ? headers[options.id.header.toLowerCase()]
        : textAt(parsed(body), options.id.member)
    return id === undefined || id === '' ? undefined : messageOf(id, body, options)
  }
}

interface Keyed {
  readonly hash: string
  readonly secrets: readonly string[]
  readonly signed: Uint8Array<ArrayBuffer>
}

/** Whether one of the signatures is the HMAC under one of the secrets. In constant time. */
async function isKeyed(
  { hash, secrets, signed }: Keyed,
  signatures: readonly (Uint8Array<ArrayBuffer> | undefined)[],
): Promise<boolean> {
  let fits = false
  for (const secret of secrets) {
    const bytes = new TextEncoder().encode(secret)
    const algorithm = { name: 'HMAC', hash }
    const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify'])
    for (const signature of signatures) {
      if (signature && (await crypto.subtle.verify('HMAC', key, signature, signed))) fits = true
    }
  }
  return fits
}

function messageOf(
  id: string,
  body: Uint8Array,
  { key }: MessageOptions,
): WebhookMessage | undefined {
  const data = parsed(body)
  if (data === undefined) return undefined
  const order = key?.(data)
  return order === undefined ? { id, data } : { id, data, key: order }
}

/** True for seconds since 1970 that lie within the tolerance around a moment. */
function isRecent(stamp: string, receivedAt: string): boolean {
  if (!/^\d{1,12}$/.test(stamp)) return false
  const apartMs = Math.abs(Date.parse(receivedAt) - Number(stamp) * 1_000)
  return apartMs <= limits.webhookToleranceMs
}

/** JSON; undefined where it is none. */
function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}

function textAt(data: unknown, name: string): string | undefined {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, name)) return undefined
  const value = (data as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function listOf(secret: Secrets): readonly string[] {
  const list = (typeof secret === 'string' ? [secret] : secret).filter((one) => one !== '')
  if (list.length > 0) return Object.freeze(list)
  throw new Failure('configuration_invalid', {
    detail: 'A webhook is declared without a secret: give the one that its sender showed.',
  })
}

function joined(head: Uint8Array, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(head.length + body.length)
  all.set(head)
  all.set(body, head.length)
  return all
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^(?:[0-9a-f]{2}){1,64}$/i.test(text) ? Uint8Array.fromHex(text) : undefined
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^[A-Za-z0-9+/]{1,88}={0,2}$/.test(text) && text.length % 4 === 0
    ? Uint8Array.fromBase64(text)
    : undefined
}
