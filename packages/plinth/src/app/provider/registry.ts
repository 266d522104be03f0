/** Owns the programs that operators register: added, listed, given a new secret, taken away. */

import { Failure } from '../../base/failure.ts'
import { base64url, randomBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { type Clock, hourMs, instantText } from '../../base/time.ts'
import type { ClientSpec, Provider } from '../../define/app/provider.ts'
import type { PlainRecord, RecordAccess } from '../../engine/runtime.ts'
import { clientProblems, type KnownClient } from '../../identity/provider/clients.ts'
import { prefixes, type Tokens } from '../../identity/tokens.ts'

/** What registering works with. */
export interface Registry {
  readonly records: RecordAccess
  readonly tokens: Tokens
  readonly clock: Pick<Clock, 'now'>
  /** What the app declares: its programs are known already, and changed there alone. */
  readonly provider: Pick<Provider, 'clients' | 'scopes'>
}

/** A program that an operator has made, with its secret, which is shown this once. */
export interface MadeClient {
  readonly id: string
  readonly secret: string | undefined
}

/** By what a program proves itself beside a secret, and to what it is held. */
export interface Held {
  /** Public keys (JWK). Default: none. */
  readonly keys?: readonly Readonly<Record<string, unknown>>[] | undefined
  /** Of those that the app offers. Default: all of them. */
  readonly scopes?: readonly string[] | undefined
}

/** What an operator says of a program. */
export interface NewClient extends Omit<ClientSpec, 'id' | 'secret' | 'keys' | 'scopes'>, Held {
  /** Default: a random one. */
  readonly id?: string | undefined
  /** True: it keeps a secret, which is made. */
  readonly confidential: boolean
}

/** Makes a program. Failures: `invalid_input`, `conflict` where the id is taken. */
export async function addClient(
  registry: Registry,
  { confidential, ...client }: NewClient,
): Promise<MadeClient> {
  const { records, tokens, provider } = registry
  const { name, redirects, signedOutRedirects = [], native = false, keys, scopes } = client
  const id = client.id ?? base64url(randomBytes(12)).replace(/^[^A-Za-z0-9]/, 'a')
  const made = confidential ? tokens.make(prefixes['oauth-client']) : undefined
  const spec = { id, name, redirects, signedOutRedirects, native }
  demandSound(registry, { ...spec, secret: made?.token, keys, scopes })
  const taken =
    provider.clients.some((one) => one.id === id) || (await kept(records, id)) !== undefined
  if (taken) {
    throw new Failure('conflict', { detail: `There is a client ${id} already: take another id.` })
  }
  const secretHash = made?.hash ?? null
  await records.create('oauthClient', {
    ...{ clientId: id, name, redirects, signedOutRedirects, native, secretHash },
    ...{ keys: keys ?? null, scopes: scopes ?? null },
  })
  return { id, secret: made?.token }
}

interface Sounding extends Omit<ClientSpec, 'secret' | 'keys' | 'scopes'>, Held {
  readonly secret: string | undefined
}

function demandSound({ provider }: Pick<Registry, 'provider'>, client: Sounding): void {
  const { secret, keys, scopes = [], ...spec } = client
  const held = { ...(secret === undefined ? {} : { secret }), ...(keys ? { keys } : {}) }
  const unknown = scopes.filter((scope) => !Object.hasOwn(provider.scopes, scope))
  const offered = Object.keys(provider.scopes).join(', ') || 'none'
  const problems = [
    ...clientProblems({ ...spec, ...held }),
    ...unknown.map((scope) => `The app offers no scope "${scope}". It offers: ${offered}.`),
  ]
  if (problems.length > 0) throw new Failure('invalid_input', { detail: problems.join('\n') })
}

/**
 * Changes the keys or the scopes of a program, from its next request on; what is not given stays.
 * Failures: `not_found`, `invalid_input`, `conflict` where it is one of the declaration.
 */
export async function changeClient(
  registry: Registry,
  { id, keys, scopes }: Held & { readonly id: string },
): Promise<void> {
  const found = await demandKept(registry, id)
  const { name, redirects, native, secretHash } = found as unknown as KnownClient
  // Its hash stands for it: what counts is that there is one.
  const secret = secretHash ?? undefined
  demandSound(registry, { ...{ id, name, redirects, native }, secret, keys, scopes })
  await registry.records.update('oauthClient', String(found.id), {
    ...(keys === undefined ? {} : { keys }),
    ...(scopes === undefined ? {} : { scopes }),
  })
}

/** A program as operators see it. */
export interface ListedClient {
  readonly id: string
  readonly name: string
  readonly kind: 'web' | 'native'
  /** By what it proves itself; `none`: by a proof key for each authorization (PKCE) alone. */
  readonly proof: 'secret' | 'keys' | 'none'
  /** What it may ask for; null: all that the app offers. */
  readonly scopes: readonly string[] | null
  /** Where it is changed. */
  readonly from: 'declaration' | 'database'
  readonly redirects: readonly string[]
}

/** All programs: those of the declaration, then those that operators have made, by id. */
export async function listClients({
  records,
  provider,
}: Pick<Registry, 'records' | 'provider'>): Promise<readonly ListedClient[]> {
  const made: KnownClient[] = []
  for (;;) {
    const last = made.at(-1)
    const filter = last === undefined ? {} : { clientId: { gt: last.clientId } }
    const found = await records.find('oauthClient', { filter, sort: ['clientId'], limit: 200 })
    made.push(...(found as unknown as readonly KnownClient[]))
    if (found.length < 200) break
  }
  return [
    ...provider.clients.map(({ id, secret, keys = null, scopes = null, ...rest }) =>
      listed({ ...rest, id, secret: secret ?? null, keys, scopes, from: 'declaration' }),
    ),
    ...made.map(({ clientId, secretHash, ...rest }) =>
      listed({ ...rest, id: clientId, secret: secretHash, from: 'database' }),
    ),
  ]
}

interface Listing extends Pick<ListedClient, 'id' | 'name' | 'from' | 'redirects' | 'scopes'> {
  readonly native?: boolean
  readonly secret: string | null
  readonly keys: readonly object[] | null
}

function listed({ native = false, secret, keys, ...listing }: Listing): ListedClient {
  const { id, name, from, redirects, scopes } = listing
  const kind = native ? 'native' : 'web'
  const proof = keys !== null ? 'keys' : secret === null ? 'none' : 'secret'
  return { id, name, kind, proof, from, redirects, scopes }
}

/** A new secret, and how long the one before is taken beside it. */
export interface NewSecret {
  readonly secret: string
  /** RFC 3339; undefined: it is dead. */
  readonly formerUntil: string | undefined
}

/**
 * Gives a program another secret. Failures: `not_found`, `invalid_input` where both would be taken
 * for longer than `apiKeyOverlapHoursMax`, `conflict` where it is one of the declaration, or keeps
 * none.
 */
export async function rotateSecret(
  registry: Registry,
  { id, overlapHours }: { readonly id: string; readonly overlapHours: number },
): Promise<NewSecret> {
  const { records, tokens, clock } = registry
  const found = await demandKept(registry, id)
  const most = limits.apiKeyOverlapHoursMax
  if (overlapHours > most) {
    const detail = `Both secrets can be taken for at most ${most} hours.`
    throw new Failure('invalid_input', { detail })
  }
  if (found.secretHash === null) {
    const detail = `The client ${id} keeps no secret: only those added with --secret have one.`
    throw new Failure('conflict', { detail })
  }
  const { token, hash } = tokens.make(prefixes['oauth-client'])
  const untilMs = clock.now() + overlapHours * hourMs
  const formerUntil = overlapHours === 0 ? undefined : instantText(untilMs)
  await records.update('oauthClient', String(found.id), {
    secretHash: hash,
    formerSecretHash: formerUntil === undefined ? null : found.secretHash,
    formerUntil: formerUntil ?? null,
  })
  return { secret: token, formerUntil }
}

/**
 * Takes a program away, and with it all that it was granted. Failures: `not_found`, `conflict`
 * where it is one of the declaration.
 */
export async function removeClient(registry: Registry, clientId: string): Promise<void> {
  const { records } = registry
  const found = await demandKept(registry, clientId)
  // First: nothing new is granted while what it had is taken away.
  await records.delete('oauthClient', String(found.id))
  for (const model of ['oauthGrant', 'oauthConsent', 'oauthDeviceCode']) {
    for (;;) {
      const rows = await records.find(model, { filter: { clientId }, limit: 200 })
      for (const { id } of rows) await records.delete(model, String(id))
      if (rows.length < 200) break
    }
  }
}

async function kept(records: RecordAccess, clientId: string): Promise<PlainRecord | undefined> {
  return (await records.find('oauthClient', { filter: { clientId }, limit: 1 }))[0]
}

async function demandKept({ records, provider }: Registry, id: string): Promise<PlainRecord> {
  if (provider.clients.some((one) => one.id === id)) {
    const detail = `The client ${id} is one of the declaration: change it there.`
    throw new Failure('conflict', { detail })
  }
  const found = await kept(records, id)
  if (found) return found
  const detail = `There is no client ${id}. See all of them with: plinth client list`
  throw new Failure('not_found', { detail })
}
