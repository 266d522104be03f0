/** Owns what the OAuth library keeps: in our tables, secrets as hashes, each thing used once. */

import { limits } from '../../../base/limits.ts'
import { dayMs, instantText } from '../../../base/time.ts'
import {
  endGrant,
  endKept,
  endOldGrants,
  endTokens,
  findKept,
  type GrantedKind,
  type OnceKind,
  useOnce,
} from '../../../engine/identify/oauth/kept.ts'
import { mayPoll } from '../../../engine/identify/oauth/polling.ts'
import type { PlainRecord, RecordAccess, Runtime } from '../../../engine/runtime.ts'
import type { Tokens } from '../../../identity/tokens.ts'
import type { Adapter, Library, Payload } from '../library/library.ts'
import { askedFor } from '../library/policy.ts'
import { takeDevice, takeRefresh, takeRequest } from './allowances.ts'
import { boundFor, grantPayload, grantValues } from './grants.ts'
import { type Graces, lostReply } from './refresh.ts'
import { sessionPayload } from './session.ts'

/** What storage stands on. */
export interface StorageParts {
  readonly runtime: Pick<Runtime, 'database' | 'clock'>
  readonly records: RecordAccess
  readonly tokens: Tokens
  readonly library: Library
  /** The API as a resource. */
  readonly resource: string
  readonly graces: Graces
  readonly findClient: (id: string) => Promise<Payload | undefined>
}

/** Makes the library's storage: an adapter for each sort of thing. */
export function storageOf(parts: StorageParts): (name: string) => Adapter {
  const kinds: Readonly<Record<string, () => Partial<Adapter>>> = {
    Client: () => ({ find: parts.findClient }),
    Session: () => sessions(parts),
    Grant: () => grants(parts),
    AuthorizationCode: () => granted(parts, 'oauthCode', 'oauth_code'),
    AccessToken: () => granted(parts, 'oauthAccessToken', 'oauth_access_token'),
    RefreshToken: () => granted(parts, 'oauthRefreshToken', 'oauth_refresh_token'),
    DeviceCode: () => devices(parts),
    Interaction: () => interactions(parts),
    PushedAuthorizationRequest: () => requests(parts, 'pushed'),
    ReplayDetection: () => requests(parts, 'replay'),
  }
  return (name) => ({ ...nothing, ...kinds[name]?.() })
}

/** What is not kept at all: nothing is found of it, and keeping it is a mistake. */
const nothing: Adapter = Object.freeze({
  upsert: () => Promise.reject(new Error('This is not kept.')),
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  destroy: async () => undefined,
  consume: () => Promise.reject(new Error('This is not used once.')),
  revokeByGrantId: async () => undefined,
})

/** Ours, in the library's form. It changes none of it, and keeps nothing of its own beside it. */
function sessions({ records }: StorageParts): Partial<Adapter> {
  const find = (id: string): Promise<Payload | undefined> => sessionPayload(records, id)
  return { find, findByUid: find, upsert: async () => undefined }
}

function grants(parts: StorageParts): Partial<Adapter> {
  const { records, library, resource, runtime } = parts
  return {
    async upsert(key, payload) {
      const known = await grantOf(parts, key)
      if (known) return
      const context = library.Provider.ctx
      const values = grantValues(payload, context)
      const [accountId, clientId] = [String(payload.accountId), String(payload.clientId)]
      const bound = await boundFor({ records, accountId, clientId, context })
      if (!bound) throw new library.InvalidGrant('no member of the organisation any more')
      const expiresAt = instantText(runtime.clock.now() + limits.oauthGrantDays * dayMs)
      await records.create('oauthGrant', { ...values, ...bound, grantKey: key, expiresAt })
      await endOldGrants(runtime.database, key)
    },
    async find(key) {
      const grant = await grantOf(parts, key)
      return grant && grantPayload(grant, resource)
    },
    destroy: (key) => endGrant(runtime.database, key),
  }
}

async function grantOf(
  { records, runtime }: StorageParts,
  grantKey: string,
): Promise<PlainRecord | undefined> {
  const filter = { grantKey, expiresAt: { gt: instantText(runtime.clock.now()) } }
  const [grant] = await records.find('oauthGrant', { filter, limit: 1 })
  return grant
}

/** What belongs to a grant: kept under the hash of its secret, and gone with the grant. */
function granted(parts: StorageParts, model: string, kind: GrantedKind): Partial<Adapter> {
  const { records, tokens, library, runtime, graces, resource } = parts
  const { database, clock } = runtime
  return {
    async upsert(secret, payload, expiresInSeconds) {
      const grant = await grantOf(parts, String(payload.grantId))
      // It was revoked while this was made.
      if (!grant) throw new library.InvalidGrant('grant not found')
      const expiresMs = clock.now() + expiresInSeconds * 1_000
      const expiresAt = [instantText(expiresMs), String(grant.expiresAt)].sort(earlier)[0]
      const made = records.create(model, {
        ...{ grantId: grant.id, tokenHash: tokens.hash(secret), expiresAt },
        payload: kept(payload),
        ...(kind === 'oauth_access_token' ? audienceOf(payload) : {}),
      })
      await made.catch((error: unknown) => blameGrant(parts, payload, error))
    },
    async find(secret) {
      const hash = tokens.hash(secret)
      const found = await findKept(database, { kind, hash, nowMs: clock.now() })
      if (!found) return undefined
      const { usedAtMs, grantKey } = found
      if (usedAtMs !== undefined && kind === 'oauth_refresh_token') {
        const replayed = { ...found, secret, agoMs: clock.now() - usedAtMs }
        if (lostReply(graces, library.Provider.ctx, replayed)) {
          throw new library.InvalidGrant('refresh token already used')
        }
      }
      const consumed = usedAtMs === undefined ? {} : { consumed: Math.floor(usedAtMs / 1_000) }
      const payload = { ...opened(found.payload, secret), grantId: grantKey, ...consumed }
      return forUserInfo(payload, { resource, route: library.Provider.ctx?.oidc?.route })
    },
    async consume(secret) {
      const hash = tokens.hash(secret)
      if (kind === 'oauth_refresh_token') {
        const held = await findKept(database, { kind, hash, nowMs: clock.now() })
        if (held) await takeRefresh(parts, held.grantKey)
      }
      if (await useOnce(database, { kind, hash, nowMs: clock.now() })) return
      const found = await findKept(database, { kind, hash, nowMs: clock.now() })
      if (found && kind === 'oauth_refresh_token') {
        lostReply(graces, library.Provider.ctx, { ...found, secret, agoMs: 0 })
      } else if (found) {
        // Two came with one code: one of them has stolen it.
        await endGrant(database, found.grantKey)
      }
      throw new library.InvalidGrant('already used')
    },
    destroy: (secret) => endKept(database, { kind, hash: tokens.hash(secret) }),
    revokeByGrantId: (grantKey) => endTokens(database, { kind, grantKey }),
  }
}

/** Whoever comes twice with one code ends the grant, also while something of it is being made. */
async function blameGrant(parts: StorageParts, payload: Payload, error: unknown): Promise<never> {
  if (await grantOf(parts, String(payload.grantId))) throw error
  throw new parts.library.InvalidGrant('grant not found')
}

/** A token for the API is good for its user’s facts too, where their scopes were given. */
function forUserInfo(
  { aud, ...payload }: Payload,
  { route, resource }: { readonly route: string | undefined; readonly resource: string },
): Payload {
  const ours = route === 'userinfo' && aud === resource
  return ours || aud === undefined ? payload : { ...payload, aud }
}

function earlier(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other)
}

function audienceOf({ aud, scope }: Payload): object {
  const scopes = typeof scope === 'string' && scope !== '' ? scope.split(' ') : []
  return { resource: typeof aud === 'string' ? aud : null, scopes }
}

function devices(parts: StorageParts): Partial<Adapter> {
  const { records, tokens, runtime, resource, library } = parts
  const { clock, database } = runtime
  const find = async (secret: string): Promise<Payload | undefined> => {
    const hash = tokens.hash(secret)
    const question = { filter: { tokenHash: hash }, limit: 1, include: { grant: true } }
    const [found] = await records.find('oauthDeviceCode', question)
    if (!found) return undefined
    const grant = found.grant as PlainRecord | null
    const payload = opened(String(found.payload), secret)
    // Told as too old, where it is so by the app's own clock.
    const old = Date.parse(String(found.expiresAt)) <= clock.now()
    const refused = found.answeredAt !== null && grant === null
    const waits = !old && found.answeredAt === null
    if (waits && !(await mayPoll(database, { hash, nowMs: clock.now() }))) {
      throw new library.SlowDown()
    }
    return {
      ...payload,
      ...(old ? { exp: 1 } : {}),
      ...(refused ? { error: 'access_denied', errorDescription: 'the user said no' } : {}),
      ...(grant ? deviceAnswer(grant, resource) : {}),
      ...(found.usedAt === null ? {} : { consumed: Date.parse(String(found.usedAt)) / 1_000 }),
    }
  }
  return {
    async upsert(secret, payload, expiresInSeconds) {
      await takeDevice(parts)
      const { userCode, clientId } = payload
      const expiresAt = instantText(clock.now() + expiresInSeconds * 1_000)
      const { id: deviceId } = await records.create('oauthDeviceCode', {
        ...{ tokenHash: tokens.hash(secret), clientId, expiresAt },
        payload: kept(
          { ...payload, asked: askedFor(library.Provider.ctx, clock.now()) },
          'userCode',
        ),
      })
      const tokenHash = tokens.hash(String(userCode))
      await records.create('oauthUserCode', { deviceId, tokenHash })
    },
    find,
    async consume(secret) {
      const hash = tokens.hash(secret)
      const nowMs = clock.now()
      if (await useOnce(database, { kind: 'oauth_device_code', hash, nowMs })) return
      throw new library.InvalidGrant('device code already used')
    },
  }
}

function deviceAnswer(grant: PlainRecord, resource: string): Payload {
  const { grantKey, userId, scopes, createdAt } = grant
  return {
    ...{ grantId: grantKey, accountId: userId, scope: (scopes as readonly string[]).join(' ') },
    ...(grant.resource === null ? {} : { resource }),
    authTime: Math.floor(Date.parse(String(createdAt)) / 1_000),
  }
}

function interactions(parts: StorageParts): Partial<Adapter> {
  const { records, tokens, runtime } = parts
  const model = 'oauthInteraction'
  const row = async (id: string): Promise<PlainRecord | undefined> => {
    const now = instantText(runtime.clock.now())
    const filter = { tokenHash: tokens.hash(id), expiresAt: { gt: now } }
    return (await records.find(model, { filter, limit: 1 }))[0]
  }
  return {
    async upsert(id, payload, expiresInSeconds) {
      const expiresAt = instantText(runtime.clock.now() + expiresInSeconds * 1_000)
      const known = await row(id)
      if (known) await records.update(model, String(known.id), { payload: kept(payload) })
      else {
        await takeRequest(parts, false)
        const tokenHash = tokens.hash(id)
        await records.create(model, { tokenHash, payload: kept(payload), expiresAt })
      }
    },
    async find(id) {
      const found = await row(id)
      if (!found) return undefined
      const { result } = found
      const decided = typeof result === 'string' ? { result: JSON.parse(result) as unknown } : {}
      return { ...opened(String(found.payload), id), ...decided }
    },
    async destroy(id) {
      const found = await row(id)
      if (found) await records.delete(model, String(found.id))
    },
  }
}

function requests(parts: StorageParts, kind: 'pushed' | 'replay'): Partial<Adapter> {
  const { records, tokens, runtime, library } = parts
  const model = kind === 'pushed' ? 'oauthPushedRequest' : 'oauthAssertion'
  const { clock, database } = runtime
  const table: OnceKind = 'oauth_pushed_request'
  const hashOf = (id: string): string => tokens.hash(`${kind} ${id}`)
  return {
    async upsert(id, payload, expiresInSeconds) {
      await takeRequest(parts, true)
      const expiresAt = instantText(clock.now() + expiresInSeconds * 1_000)
      // A second one of the same name is refused by the table.
      await records.create(model, {
        ...{ tokenHash: hashOf(id), payload: kept(payload), expiresAt },
      })
    },
    async find(id) {
      // What must not come twice counts as long as it is there.
      const living = kind === 'pushed' ? { expiresAt: { gt: instantText(clock.now()) } } : {}
      const filter = { tokenHash: hashOf(id), ...living }
      const [found] = await records.find(model, { filter, limit: 1 })
      if (!found) return undefined
      const used = typeof found.usedAt === 'string' ? { consumed: true } : {}
      return { ...opened(String(found.payload), id), ...used }
    },
    async consume(id) {
      const used = await useOnce(database, { kind: table, hash: hashOf(id), nowMs: clock.now() })
      if (!used) throw new library.InvalidGrant('the request was already used')
    },
    async destroy(id) {
      const [found] = await records.find(model, { filter: { tokenHash: hashOf(id) }, limit: 1 })
      if (found) await records.delete(model, String(found.id))
    },
  }
}

/** A thing as it is kept: without the secret that it goes by. */
function kept(payload: Payload, ...more: readonly string[]): string {
  const left = new Set(['jti', 'grantId', ...more])
  return JSON.stringify(Object.fromEntries(Object.entries(payload).filter(([n]) => !left.has(n))))
}

function opened(text: string, secret: string | undefined): Payload {
  const payload = JSON.parse(text) as Payload
  return secret === undefined ? payload : { ...payload, jti: secret }
}
