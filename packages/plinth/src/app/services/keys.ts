/** Owns the keys of services: made, shown, changed with an overlap, ended. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { dayMs, hourMs, instantText } from '../../base/time.ts'
import { suggestion } from '../../catalog/mistakes.ts'
import { recordAccess } from '../../engine/records.ts'
import type { PlainRecord, RecordAccess, Runtime } from '../../engine/runtime.ts'
import { deriveKey } from '../config/secret.ts'
import { credentialText } from './credential.ts'

/** What the keys of services stand on. */
export interface ServiceParts {
  readonly runtime: Runtime
  /** The app's. */
  readonly secret: string
  /** What tokens for this installation name. */
  readonly audience: string
}

/** A key as operators see it. */
export interface ListedKey {
  readonly id: string
  readonly service: string
  /** `service`: a process has its other half. `installation`: it comes of the app's secret. */
  readonly holder: string
  readonly expiresAt: string
  readonly lastUsedAt: string | null
}

/** A key whose other half is shown this once. */
export interface MadeKey {
  readonly id: string
  readonly credential: string
  readonly expiresAt: string
}

/** Fails with `not_found` for a service that the app does not declare. */
export function demandService({ runtime }: Pick<ServiceParts, 'runtime'>, name: string): void {
  const { services } = runtime.catalog
  if (services.has(name)) return
  const declare = `: declare it in app({ services: { ${name}: { scopes: […] } } })`
  const detail = `The app has no service "${name}"${suggestion(name, services.keys()) || declare}`
  throw new Failure('not_found', { detail })
}

/** Makes a key for a process that signs by itself. Fails with `not_found` and `invalid_input`. */
export async function makeServiceKey(
  parts: ServiceParts,
  {
    service,
    days = limits.serviceKeyHeldDays,
  }: { readonly service: string; readonly days?: number },
): Promise<MadeKey> {
  demandService(parts, service)
  if (!Number.isInteger(days) || days < 1 || days > limits.serviceKeyHeldDaysMax) {
    const detail = `A key of a service lives for 1 to ${limits.serviceKeyHeldDaysMax} days.`
    throw new Failure('invalid_input', { detail })
  }
  const { runtime } = parts
  return runtime.database.transaction((session) =>
    storeHeld(parts, recordAccess(runtime, session), { service, lifeMs: days * dayMs }),
  )
}

async function storeHeld(
  { runtime, audience }: ServiceParts,
  records: RecordAccess,
  { service, lifeMs }: { readonly service: string; readonly lifeMs: number },
): Promise<MadeKey> {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const expiresAt = instantText(runtime.clock.now() + lifeMs)
  const made = await records.create('serviceKey', {
    ...{ serviceId: await serviceId(records, service), publicKey: x, holder: 'service', expiresAt },
  })
  const id = String(made.id)
  const halves = { publicKey: x, privateKey: d }
  return { id, expiresAt, credential: credentialText({ service, keyId: id, audience, ...halves }) }
}

/** The record of a service; made when its first key is. */
async function serviceId(records: RecordAccess, name: string): Promise<string> {
  const [found] = await records.find('serviceIdentity', { filter: { name }, limit: 1 })
  return String((found ?? (await records.create('serviceIdentity', { name }))).id)
}

/** The keys that count, by service; the newest first. */
export async function listServiceKeys({ runtime }: ServiceParts): Promise<readonly ListedKey[]> {
  const records = recordAccess(runtime, runtime.database)
  const services = await records.find('serviceIdentity', { sort: ['name'], limit: 200 })
  const names = new Map(services.map(({ id, name }) => [id, String(name)]))
  const keys = await records.find('serviceKey', {
    ...{ filter: { expiresAt: { gt: now(runtime) } }, sort: ['-createdAt', '-id'], limit: 200 },
  })
  const listed = keys.map(({ id, serviceId: of, holder, expiresAt, lastUsedAt }) => ({
    ...{ id: String(id), service: names.get(of) ?? '', holder: String(holder) },
    expiresAt: String(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : String(lastUsedAt),
  }))
  return listed.sort((one, other) => one.service.localeCompare(other.service))
}

/**
 * Makes a key in the place of one that a process holds; the old one is good for so many hours more.
 * Fails with `not_found` and `conflict`.
 */
export async function rotateServiceKey(
  parts: ServiceParts,
  { id, overlapHours }: { readonly id: string; readonly overlapHours: number },
): Promise<MadeKey> {
  const { runtime } = parts
  return runtime.database.transaction(async (session) => {
    const records = recordAccess(runtime, session)
    const old = await livingKey(records, runtime, id)
    if (old.holder !== 'service') {
      const detail =
        'This installation changes its own keys by itself; one that is lost: revoke it.'
      throw new Failure('conflict', { detail })
    }
    const service = await records.find('serviceIdentity', { filter: { id: old.serviceId } })
    const name = String(present(service[0], 'the service of a key').name)
    demandService(parts, name)
    const endsAtMs = Date.parse(String(old.expiresAt))
    const overlapMs = Math.min(overlapHours, limits.apiKeyOverlapHoursMax) * hourMs
    const deadAtMs = Math.min(endsAtMs, runtime.clock.now() + overlapMs)
    await records.update('serviceKey', id, { expiresAt: instantText(deadAtMs) })
    const lifeMs = endsAtMs - Date.parse(String(old.createdAt))
    return storeHeld(parts, records, { service: name, lifeMs })
  })
}

/** Ends a key. Other nodes know it within `serviceKeyKnownMs`. Fails with `not_found`. */
export async function revokeServiceKey({ runtime }: ServiceParts, id: string): Promise<void> {
  await runtime.database.transaction(async (session) => {
    const records = recordAccess(runtime, session)
    await livingKey(records, runtime, id)
    await records.update('serviceKey', id, { expiresAt: now(runtime) })
  })
}

async function livingKey(
  records: RecordAccess,
  runtime: Runtime,
  id: string,
): Promise<PlainRecord> {
  const filter = { id, expiresAt: { gt: now(runtime) } }
  const isId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
  const [found] = isId ? await records.find('serviceKey', { filter, limit: 1 }) : []
  if (found) return found
  throw new Failure('not_found', { detail: `No key ${id} counts: see plinth service list.` })
}

/** A key of the installation itself. */
export interface OwnKey {
  readonly id: string
  readonly privateKey: KeyObject
}

/**
 * The key by which this installation signs for a service: its private half comes of the app's
 * secret, so that every node has it and no database does. A month later there is a new one, and
 * the one before it is good for another day.
 */
export async function ownKey(parts: ServiceParts, service: string): Promise<OwnKey> {
  demandService(parts, service)
  const { runtime } = parts
  const nowMs = runtime.clock.now()
  const since = { gt: instantText(nowMs - limits.serviceKeyDays * dayMs) }
  return runtime.database.transaction(async (session) => {
    const records = recordAccess(runtime, session)
    const whose = await serviceId(records, service)
    const living = { holder: 'installation', serviceId: whose, expiresAt: { gt: now(runtime) } }
    const found = await records.find('serviceKey', {
      ...{ filter: { ...living, createdAt: since }, sort: ['-createdAt', '-id'], limit: 10 },
    })
    for (const { id, publicKey, derivation: from } of found) {
      const privateKey = derived(parts.secret, String(from))
      // Of another secret, before this one: nothing here could sign with it.
      if (publicHalf(privateKey) === publicKey) return { id: String(id), privateKey }
    }
    const derivation = runtime.newId()
    const privateKey = derived(parts.secret, derivation)
    const expiresAt = instantText(nowMs + (limits.serviceKeyDays + 1) * dayMs)
    const made = await records.create('serviceKey', {
      ...{ serviceId: whose, publicKey: publicHalf(privateKey), derivation },
      ...{ holder: 'installation', expiresAt },
    })
    return { id: String(made.id), privateKey }
  })
}

function derived(secret: string, derivation: string): KeyObject {
  const seed = deriveKey(secret, `service-key ${derivation}`)
  return createPrivateKey({
    ...{ key: Buffer.from(seed), format: 'raw-private', asymmetricKeyType: 'ed25519' },
  })
}

function publicHalf(key: KeyObject): string {
  return String(createPublicKey(key).export({ format: 'jwk' }).x)
}

function now({ clock }: Runtime): string {
  return instantText(clock.now())
}
